// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package double

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode/utf16"
)

// Limits of a message, in characters where no other unit is named.
// https://docs.slack.dev/reference/block-kit/blocks
// https://docs.slack.dev/reference/methods/chat.postMessage
const (
	slackMaxText        = 40_000
	slackMaxAttachments = 100
	slackMaxBlocks      = 50
	slackMaxSection     = 3000
	slackMaxFields      = 10
	slackMaxField       = 2000
	slackMaxContext     = 10
	slackMaxActions     = 25
	slackMaxButton      = 75
	slackMaxURL         = 3000
	slackMaxID          = 255
)

// slackBody is all that is accepted in a message, or in a call to a method.
type slackBody struct {
	Channel         string            `json:"channel"`
	TS              string            `json:"ts"`
	ThreadTS        string            `json:"thread_ts"`
	Text            string            `json:"text"`
	Attachments     []slackAttachment `json:"attachments"`
	Parse           string            `json:"parse"`
	Broadcast       bool              `json:"reply_broadcast"`
	UnfurlLinks     *bool             `json:"unfurl_links"`
	UnfurlMedia     *bool             `json:"unfurl_media"`
	ReplaceOriginal bool              `json:"replace_original"`
	DeleteOriginal  bool              `json:"delete_original"`
}

// slackAttachment is one with blocks; with these, no other field is accepted.
type slackAttachment struct {
	Color    string       `json:"color"`
	Fallback string       `json:"fallback"`
	Blocks   []slackBlock `json:"blocks"`
}

type slackBlock struct {
	Type     string         `json:"type"`
	BlockID  string         `json:"block_id"`
	Text     *slackText     `json:"text"`
	Fields   []slackText    `json:"fields"`
	Elements []slackElement `json:"elements"`
}

type slackText struct {
	Type     string `json:"type"`
	Text     string `json:"text"`
	Verbatim bool   `json:"verbatim"`
}

// slackElement is a text of a context, or a button.
type slackElement struct {
	Type     string          `json:"type"`
	Text     json.RawMessage `json:"text"` // a string, or a text object
	Verbatim bool            `json:"verbatim"`
	ActionID string          `json:"action_id"`
	URL      string          `json:"url"`
}

// CheckSlackMessage applies the documented rules for a message of blocks in
// attachments. What is not documented is refused.
func CheckSlackMessage(content []byte) error {
	decoder := json.NewDecoder(bytes.NewReader(content))
	decoder.DisallowUnknownFields()
	var m slackBody
	if err := decoder.Decode(&m); err != nil {
		return err
	}
	if m.Text == "" && len(m.Attachments) == 0 {
		return errors.New("no_text")
	}
	errs := []error{
		atMost("text", m.Text, slackMaxText),
		few("attachments", len(m.Attachments), slackMaxAttachments),
	}
	if m.Parse != "" && m.Parse != "none" && m.Parse != "full" {
		errs = append(errs, fmt.Errorf("parse is %q", m.Parse))
	}
	blocks := 0
	for i, a := range m.Attachments {
		blocks += len(a.Blocks)
		errs = append(errs, a.check(fmt.Sprintf("attachments.%d", i)))
	}
	return errors.Join(append(errs, few("blocks", blocks, slackMaxBlocks))...)
}

var slackColor = regexp.MustCompile(`^(#[0-9a-f]{6}|good|warning|danger)$`)

func (a slackAttachment) check(at string) error {
	var errs []error
	if a.Color != "" && !slackColor.MatchString(a.Color) {
		errs = append(errs, fmt.Errorf("%s.color is %q", at, a.Color))
	}
	if len(a.Blocks) == 0 {
		errs = append(errs, fmt.Errorf("%s has no blocks", at))
	}
	for i, b := range a.Blocks {
		errs = append(errs, b.check(fmt.Sprintf("%s.blocks.%d", at, i)))
	}
	return errors.Join(errs...)
}

func (b slackBlock) check(at string) error {
	errs := []error{atMost(at+".block_id", b.BlockID, slackMaxID)}
	switch b.Type {
	case "section":
		errs = append(errs, b.checkSection(at))
	case "context":
		errs = append(errs, some(at+".elements", len(b.Elements), slackMaxContext))
		for i, e := range b.Elements {
			errs = append(errs, e.checkText(fmt.Sprintf("%s.elements.%d", at, i)))
		}
	case "actions":
		errs = append(errs, some(at+".elements", len(b.Elements), slackMaxActions))
		var ids []string
		for i, e := range b.Elements {
			errs = append(errs, e.checkButton(fmt.Sprintf("%s.elements.%d", at, i)))
			if slices.Contains(ids, e.ActionID) {
				errs = append(errs, fmt.Errorf("%s.elements.%d.action_id is there twice", at, i))
			}
			ids = append(ids, e.ActionID)
		}
	default:
		errs = append(errs, fmt.Errorf("%s.type is %q", at, b.Type))
	}
	return errors.Join(errs...)
}

func (b slackBlock) checkSection(at string) error {
	if b.Text == nil && len(b.Fields) == 0 {
		return fmt.Errorf("%s has neither text nor fields", at)
	}
	var errs []error
	if b.Text != nil {
		errs = append(errs, b.Text.check(at+".text", slackMaxSection))
	}
	errs = append(errs, few(at+".fields", len(b.Fields), slackMaxFields))
	for i, f := range b.Fields {
		errs = append(errs, f.check(fmt.Sprintf("%s.fields.%d", at, i), slackMaxField))
	}
	return errors.Join(errs...)
}

func (t slackText) check(at string, limit int) error {
	switch {
	case t.Type != "mrkdwn" && t.Type != "plain_text":
		return fmt.Errorf("%s.type is %q", at, t.Type)
	case t.Type == "plain_text" && t.Verbatim:
		return fmt.Errorf("%s.verbatim is for mrkdwn alone", at)
	case strings.TrimSpace(t.Text) == "":
		return fmt.Errorf("%s.text is empty", at)
	}
	return atMost(at+".text", t.Text, limit)
}

func (e slackElement) checkText(at string) error {
	var text string
	if err := json.Unmarshal(e.Text, &text); err != nil {
		return fmt.Errorf("%s.text: %w", at, err)
	}
	return slackText{Type: e.Type, Text: text, Verbatim: e.Verbatim}.check(at, slackMaxSection)
}

func (e slackElement) checkButton(at string) error {
	var text slackText
	if err := json.Unmarshal(e.Text, &text); err != nil {
		return fmt.Errorf("%s.text: %w", at, err)
	}
	switch {
	case e.Type != "button":
		return fmt.Errorf("%s.type is %q", at, e.Type)
	case text.Type != "plain_text":
		return fmt.Errorf("%s.text.type is %q", at, text.Type)
	case e.ActionID == "":
		return fmt.Errorf("%s.action_id is missing", at)
	case !isURL(e.URL, "http", "https"):
		return fmt.Errorf("%s.url is %q", at, e.URL)
	}
	return errors.Join(
		text.check(at+".text", slackMaxButton), atMost(at+".url", e.URL, slackMaxURL), atMost(at+".action_id", e.ActionID, slackMaxID),
	)
}

// texts are those of a block that are shown as markup, by their position.
func (b slackBlock) texts(at string) map[string]string {
	texts := map[string]string{}
	if b.Text != nil && b.Text.Type == "mrkdwn" {
		texts[at+".text"] = b.Text.Text
	}
	for i, f := range b.Fields {
		texts[fmt.Sprintf("%s.fields.%d", at, i)] = f.Text
	}
	for i, e := range b.Elements {
		var text string
		if e.Type == "mrkdwn" && json.Unmarshal(e.Text, &text) == nil {
			texts[fmt.Sprintf("%s.elements.%d", at, i)] = text
		}
	}
	return texts
}

// atMost counts UTF-16 code units, which is the strictest way to read "characters".
func atMost(at, text string, limit int) error {
	if n := len(utf16.Encode([]rune(text))); n > limit {
		return fmt.Errorf("%s has %d characters, more than %d", at, n, limit)
	}
	return nil
}

func few(at string, n, limit int) error {
	if n > limit {
		return fmt.Errorf("%s are %d, more than %d", at, n, limit)
	}
	return nil
}

func some(at string, n, limit int) error {
	if n == 0 {
		return fmt.Errorf("%s are missing", at)
	}
	return few(at, n, limit)
}
