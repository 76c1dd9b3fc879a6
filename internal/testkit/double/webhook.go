// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package double

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"
)

// Webhook is a server that accepts any JSON object, and keeps whole requests, too.
type Webhook struct {
	*Inbox

	mu       sync.Mutex
	requests []WebhookRequest
}

// WebhookRequest is one that was accepted.
type WebhookRequest struct {
	Path   string // with the query
	Header http.Header
	Body   []byte
}

// NewWebhook serves until the test ends. It responds with 400 to bodies that are
// not a JSON object or that check, if it is not nil, returns an error for.
func NewWebhook(tb testing.TB, check func(WebhookRequest) error) *Webhook {
	tb.Helper()
	w := &Webhook{Inbox: &Inbox{}}
	server := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		if w.refuses(rw) {
			return
		}
		content, err := io.ReadAll(r.Body)
		request := WebhookRequest{Path: r.URL.RequestURI(), Header: r.Header.Clone(), Body: content}
		var body map[string]any
		if err == nil {
			err = json.Unmarshal(content, &body)
		}
		if err == nil && check != nil {
			err = check(request)
		}
		if err != nil {
			http.Error(rw, err.Error(), http.StatusBadRequest)
			return
		}
		w.mu.Lock()
		w.requests = append(w.requests, request)
		w.mu.Unlock()
		w.accept(body)
		rw.WriteHeader(http.StatusAccepted)
	}))
	tb.Cleanup(server.Close)
	w.URL = server.URL
	return w
}

// Requests are all that were accepted so far.
func (w *Webhook) Requests() []WebhookRequest {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.requests)
}
