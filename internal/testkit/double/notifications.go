// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package double

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"
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
