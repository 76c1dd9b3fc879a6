// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package slackexporter

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/slack-go/slack"
	"go.opentelemetry.io/collector/consumer/consumererror"
	"go.uber.org/zap"

	"github.com/otelcol-arc/otelcol-arc/internal/alertevent"
	"github.com/otelcol-arc/otelcol-arc/internal/notify"
)

// The methods of the Web API that are called.
const (
	methodPost   = "chat.postMessage"
	methodUpdate = "chat.update"
)

// bot tells by the Web API, which, other than a webhook, says where a message
// is: it is brought up to date, and what happens after it is told below it.
type bot struct {
	cfg     *Config
	renderer  renderer
	threads *threads
	logger  *zap.Logger
	wait    func(context.Context) error
}

// call is the body of a call to either method.
// https://docs.slack.dev/reference/methods/chat.postMessage
// https://docs.slack.dev/reference/methods/chat.update
type call struct {
	Channel string `json:"channel"`
	TS      string `json:"ts,omitempty"` // of the message to update
	Text    string `json:"text"`
	// Attachments that are not there leave those of the message as they are.
	Attachments []slack.Attachment `json:"attachments,omitempty"`
	ThreadTS    string             `json:"thread_ts,omitempty"`
	Broadcast   bool               `json:"reply_broadcast,omitempty"` // show the reply in the channel too
	Parse       string             `json:"parse"`
	UnfurlLinks *bool              `json:"unfurl_links,omitempty"`
	UnfurlMedia *bool              `json:"unfurl_media,omitempty"`
}

// reply is what either method answers.
type reply struct {
	OK      bool   `json:"ok"`
	Error   string `json:"error"`
	Channel string `json:"channel"`
	TS      string `json:"ts"`
}

// tell posts a message, or goes on with the one that told of the alerts before.
func (b *bot) tell(ctx context.Context, client *http.Client, alerts []alertevent.Alert) error {
	if in := b.threads.ofAll(alerts); in != nil {
		err := b.follow(ctx, client, in, alerts)
		if !hasCode(err, isGone) {
			return err
		}
		b.threads.forget(in)
	}
	said := b.render(alerts, alerts)
	answer, err := b.post(ctx, client, call{Channel: b.cfg.Channel, Text: said.text, Attachments: said.attachments})
	if err != nil {
		return err
	}
	b.threads.settle(ctx, &thread{Channel: answer.Channel, TS: answer.TS, Total: len(alerts)}, alerts)
	return nil
}

// follow brings a message up to date, and says below it what is new. When it is
// tried again, the first changes nothing.
func (b *bot) follow(ctx context.Context, client *http.Client, in *thread, alerts []alertevent.Alert) error {
	update := call{Channel: in.Channel, TS: in.TS, Parse: parseNone}
	if alerts[0].Group != nil || in.Total == 1 {
		// They are all that the message tells of.
		now := b.render(alerts, nil)
		update.Text, update.Attachments = now.text, now.attachments
	} else {
		update.Text = b.rest(in, alerts)
	}
	_, err := b.do(ctx, client, methodUpdate, update)
	switch {
	case err == nil:
	case consumererror.IsPermanent(err) && !hasCode(err, isGone):
		// It cannot be edited any more, for one; what is new can be told still.
		b.logger.Warn("A message was not brought up to date", zap.String("error", err.Error()))
	default:
		return err
	}

	news := slices.DeleteFunc(slices.Clone(alerts), func(a alertevent.Alert) bool {
		return a.State == alertevent.Firing && b.threads.has(in, a)
	})
	var began []alertevent.Alert
	for _, alert := range news {
		if alert.State == alertevent.Firing {
			began = append(began, alert)
		}
	}
	if len(news) == 0 {
		news = alerts // a reminder
	}
	said := b.render(news, began)
	_, err = b.post(ctx, client, call{
		Channel: in.Channel, Text: said.text, Attachments: said.attachments, ThreadTS: in.TS, Broadcast: len(began) > 0,
	})
	if err != nil {
		return err
	}
	b.threads.settle(ctx, in, alerts)
	return nil
}

// rest is the headline of a message that told of several alerts without a group,
// once some of them are over.
func (b *bot) rest(in *thread, alerts []alertevent.Alert) string {
	firing := b.threads.firing(in)
	for _, alert := range alerts {
		if alert.State == alertevent.Resolved {
			firing--
		}
	}
	if firing <= 0 {
		return fmt.Sprintf("[RESOLVED] %d alerts", in.Total)
	}
	return fmt.Sprintf("%d alerts, %d of them over", in.Total, max(0, in.Total-firing))
}

// render makes a message, which mentions those who are to look at some of the alerts.
func (b *bot) render(alerts, mention []alertevent.Alert) message {
	m, err := b.renderer.render(alerts)
	if err != nil {
		b.logger.Error("A template failed; the alerts are told without it", zap.Error(err))
	}
	return m.mentioning(b.cfg.Mentions, mention)
}

func (b *bot) post(ctx context.Context, client *http.Client, c call) (reply, error) {
	no := false
	c.Parse, c.UnfurlLinks, c.UnfurlMedia = parseNone, &no, &no
	return b.do(ctx, client, methodPost, c)
}

// do calls a method, as soon as its turn has come.
func (b *bot) do(ctx context.Context, client *http.Client, method string, c call) (reply, error) {
	var answer reply
	body, err := json.Marshal(c)
	if err != nil {
		return answer, consumererror.NewPermanent(fmt.Errorf("encode message: %w", err))
	}
	if err := b.wait(ctx); err != nil {
		return answer, err
	}
	text, err := notify.PostAs(ctx, client, strings.TrimSuffix(b.cfg.Endpoint, "/")+"/"+method, string(b.cfg.BotToken), body)
	if err != nil {
		return answer, err
	}
	if err := json.Unmarshal([]byte(text), &answer); err != nil {
		// What answered is not the API.
		return answer, refused(method, text)
	}
	if !answer.OK {
		return answer, refused(method, answer.Error)
	}
	return answer, nil
}

// hasCode says whether Slack refused with one of the codes.
func hasCode(err error, codes []string) bool {
	var r *refusal
	return errors.As(err, &r) && slices.Contains(codes, r.code)
}

// place says in which thread an alert is told: those without a group may be in
// different ones, and what is told in one message is in one.
func (b *bot) place(alert alertevent.Alert) string {
	if alert.Group != nil {
		return ""
	}
	if in := b.threads.of(alert); in != nil {
		return in.TS
	}
	return ""
}
