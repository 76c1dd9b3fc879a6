// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package double

import (
	"encoding/json"
	"errors"
	"fmt"
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

	mu     sync.Mutex
	bodies []map[string]any
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
		var body map[string]any
		err := json.NewDecoder(r.Body).Decode(&body)
		if err == nil {
			err = checkEvent(body, routingKey)
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

// checkEvent applies the documented rules for the fields of an event.
func checkEvent(body map[string]any, routingKey string) error {
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
