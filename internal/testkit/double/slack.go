// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package double

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"
)

// NewSlack is an incoming webhook. Its URL has a path like that of a real one.
// It accepts what the documented rules for a message allow.
// https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks
func NewSlack(tb testing.TB) *Inbox {
	tb.Helper()
	const path = "/services/T00000000/B00000000/XXXXXXXXXXXXXXXXXXXXXXXX"
	inbox := &Inbox{}
	mux := http.NewServeMux()
	mux.HandleFunc("POST "+path, func(w http.ResponseWriter, r *http.Request) {
		if inbox.refuses(w) {
			return
		}
		content, err := io.ReadAll(r.Body)
		if err == nil {
			err = CheckSlackMessage(content)
		}
		var body map[string]any
		if err == nil {
			err = json.Unmarshal(content, &body)
		}
		if err != nil {
			http.Error(w, "invalid_blocks: "+err.Error(), http.StatusBadRequest)
			return
		}
		inbox.accept(body)
		fmt.Fprint(w, "ok")
	})
	server := httptest.NewServer(mux)
	tb.Cleanup(server.Close)
	inbox.URL = server.URL + path
	return inbox
}

// SlackAPI is the Web API, with one channel and one bot. The bodies of the calls
// that it accepted are in the inbox; Messages are what the channel shows.
// https://docs.slack.dev/apis/web-api
type SlackAPI struct {
	*Inbox
	token, channel string

	mu       sync.Mutex
	messages []SlackMessage
}

// SlackMessage is a message, or a reply, as it appears in the channel.
type SlackMessage struct {
	// TS names the message, ThreadTS that which it is a reply to.
	TS, ThreadTS string
	// Broadcast is set for a reply that is shown in the channel too.
	Broadcast bool
	Text      string
	// Colors are those of the attachments.
	Colors []string
	// Edits is how often it was changed.
	Edits int
}

// SlackChannelID is the ID of the channel, whatever its name is.
const SlackChannelID = "C0123456789"

// NewSlackAPI serves until the test ends. It knows one token, and one channel by
// its name. Its Inbox has the address that methods are called at.
func NewSlackAPI(tb testing.TB, token, channel string) *SlackAPI {
	tb.Helper()
	api := NewSlackHandler(token, channel)
	server := httptest.NewServer(api)
	tb.Cleanup(server.Close)
	api.URL = server.URL + "/api"
	return api
}

// NewSlackHandler is the Web API without a server.
func NewSlackHandler(token, channel string) *SlackAPI {
	return &SlackAPI{Inbox: &Inbox{}, token: token, channel: channel}
}

// Messages are those in the channel and its threads, the oldest first.
func (s *SlackAPI) Messages() []SlackMessage {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.messages)
}

// Delete removes a message, as a user of Slack can.
func (s *SlackAPI) Delete(ts string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.messages = slices.DeleteFunc(s.messages, func(m SlackMessage) bool { return m.TS == ts })
}

// ServeHTTP executes a call.
func (s *SlackAPI) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if s.refuses(w) {
		return
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	body, ts, err := s.do(r)
	if err != nil {
		_ = json.NewEncoder(w).Encode(map[string]any{"ok": false, "error": err.Error()})
		return
	}
	s.accept(body)
	_ = json.NewEncoder(w).Encode(map[string]any{"ok": true, "channel": SlackChannelID, "ts": ts})
}

// do executes a call. Its error is one of Slack's error codes.
func (s *SlackAPI) do(r *http.Request) (body map[string]any, ts string, err error) {
	content, err := io.ReadAll(r.Body)
	switch {
	case err != nil:
		return nil, "", errors.New("request_timeout")
	case r.Method != http.MethodPost || r.Header.Get("Content-Type") != "application/json; charset=utf-8":
		return nil, "", errors.New("invalid_post_type")
	case r.Header.Get("Authorization") == "":
		return nil, "", errors.New("not_authed")
	case r.Header.Get("Authorization") != "Bearer "+s.token:
		return nil, "", errors.New("invalid_auth")
	}
	if err := CheckSlackMessage(content); err != nil {
		return nil, "", fmt.Errorf("invalid_blocks: %w", err)
	}
	var message slackBody
	if err := errors.Join(json.Unmarshal(content, &message), json.Unmarshal(content, &body)); err != nil {
		return nil, "", errors.New("invalid_json")
	}
	switch r.URL.Path {
	case "/api/chat.postMessage":
		ts, err = s.post(message)
	case "/api/chat.update":
		ts, err = s.update(message)
	default:
		err = errors.New("unknown_method")
	}
	return body, ts, err
}

func (s *SlackAPI) post(m slackBody) (ts string, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case m.Channel != SlackChannelID && m.Channel != s.channel:
		return "", errors.New("channel_not_found")
	case m.ThreadTS != "" && s.find(m.ThreadTS) < 0:
		return "", errors.New("thread_not_found")
	case m.Broadcast && m.ThreadTS == "":
		return "", errors.New("invalid_arguments")
	}
	ts = fmt.Sprintf("1700000000.%06d", len(s.messages)+1)
	s.messages = append(s.messages, SlackMessage{
		TS: ts, ThreadTS: m.ThreadTS, Broadcast: m.Broadcast, Text: m.Text, Colors: m.colors(),
	})
	return ts, nil
}

func (s *SlackAPI) update(m slackBody) (ts string, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	i := s.find(m.TS)
	switch {
	case m.Channel != SlackChannelID:
		// It takes no names.
		return "", errors.New("channel_not_found")
	case i < 0:
		return "", errors.New("message_not_found")
	}
	s.messages[i].Text = m.Text
	s.messages[i].Edits++
	if m.Attachments != nil {
		s.messages[i].Colors = m.colors()
	}
	return m.TS, nil
}

func (s *SlackAPI) find(ts string) int {
	return slices.IndexFunc(s.messages, func(m SlackMessage) bool { return m.TS == ts })
}

func (b *slackBody) colors() []string {
	var all []string
	for _, a := range b.Attachments {
		all = append(all, a.Color)
	}
	return all
}

// SlackTexts are all the texts that a message shows as markup, by their position.
func SlackTexts(content []byte) (map[string]string, error) {
	var m slackBody
	if err := json.Unmarshal(content, &m); err != nil {
		return nil, err
	}
	texts := map[string]string{"text": m.Text}
	for i, a := range m.Attachments {
		for j, b := range a.Blocks {
			maps.Copy(texts, b.texts(fmt.Sprintf("attachments.%d.blocks.%d", i, j)))
		}
	}
	return texts, nil
}
