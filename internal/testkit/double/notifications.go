// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package double

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"
	"time"
)

// Inbox keeps the JSON bodies that a vendor's API accepted.
type Inbox struct {
	URL string

	mu      sync.Mutex
	bodies  []map[string]any
	answers []Answer
}

// Answer is what a vendor says instead of accepting.
type Answer struct {
	Status     int
	RetryAfter string
	Body       string
}

// Refuse makes the inbox give these answers, one each, to the next requests.
func (i *Inbox) Refuse(answers ...Answer) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.answers = append(i.answers, answers...)
}

// refuses gives the next answer that Refuse asked for, if there is one.
func (i *Inbox) refuses(w http.ResponseWriter) bool {
	i.mu.Lock()
	defer i.mu.Unlock()
	if len(i.answers) == 0 {
		return false
	}
	answer := i.answers[0]
	i.answers = i.answers[1:]
	if answer.RetryAfter != "" {
		w.Header().Set("Retry-After", answer.RetryAfter)
	}
	w.WriteHeader(answer.Status)
	fmt.Fprint(w, answer.Body)
	return true
}

// Bodies are all that were accepted so far.
func (i *Inbox) Bodies() []map[string]any {
	i.mu.Lock()
	defer i.mu.Unlock()
	return slices.Clone(i.bodies)
}

func (i *Inbox) accept(body map[string]any) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.bodies = append(i.bodies, body)
}

// NewSlack is an incoming webhook. Its URL has a path like that of a real one.
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
		var body map[string]any
		if err := json.NewDecoder(r.Body).Decode(&body); err != nil {
			http.Error(w, "invalid_payload", http.StatusBadRequest)
			return
		}
		if body["text"] == nil && body["attachments"] == nil && body["blocks"] == nil {
			http.Error(w, "no_text", http.StatusBadRequest)
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

// NewPagerDuty is the Events API v2, which takes events for routingKey alone.
// https://developer.pagerduty.com/docs/events-api-v2-overview
func NewPagerDuty(tb testing.TB, routingKey string) *Inbox {
	tb.Helper()
	inbox := &Inbox{}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /v2/enqueue", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		if inbox.refuses(w) {
			return
		}
		content, err := io.ReadAll(r.Body)
		if err == nil {
			err = CheckEvent(content, routingKey)
		}
		var body map[string]any
		if err == nil {
			err = json.Unmarshal(content, &body)
		}
		if err != nil {
			w.WriteHeader(http.StatusBadRequest)
			fmt.Fprintf(w, `{"status":"invalid event","message":"Event object is invalid","errors":[%q]}`, err)
			return
		}
		inbox.accept(body)
		w.WriteHeader(http.StatusAccepted)
		fmt.Fprintf(w, `{"status":"success","message":"Event processed","dedup_key":%q}`, body["dedup_key"])
	})
	server := httptest.NewServer(mux)
	tb.Cleanup(server.Close)
	inbox.URL = server.URL
	return inbox
}

// CheckEvent applies the documented rules for an event.
// https://developer.pagerduty.com/docs/send-alert-event
func CheckEvent(content []byte, routingKey string) error {
	var body map[string]any
	if err := json.Unmarshal(content, &body); err != nil {
		return err
	}
	if body["routing_key"] != routingKey {
		return errors.New("routing_key is invalid")
	}
	dedupKey, _ := body["dedup_key"].(string)
	if len(dedupKey) > 255 {
		return errors.New("dedup_key is longer than 255")
	}
	switch body["event_action"] {
	case "acknowledge", "resolve":
		if dedupKey == "" {
			return errors.New("dedup_key is missing")
		}
		return nil
	case "trigger":
	default:
		return fmt.Errorf("event_action is %v", body["event_action"])
	}
	payload, _ := body["payload"].(map[string]any)
	for _, key := range []string{"summary", "source"} {
		if text, _ := payload[key].(string); text == "" || len([]rune(text)) > 1024 {
			return fmt.Errorf("payload.%s is missing or too long", key)
		}
	}
	severity, _ := payload["severity"].(string)
	if !slices.Contains([]string{"critical", "error", "warning", "info"}, severity) {
		return fmt.Errorf("payload.severity is %q", severity)
	}
	if timestamp, ok := payload["timestamp"].(string); ok {
		if _, err := time.Parse(time.RFC3339, timestamp); err != nil {
			return fmt.Errorf("payload.timestamp: %w", err)
		}
	}
	return nil
}
