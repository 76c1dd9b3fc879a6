// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package dashboardextension

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"time"

	"go.uber.org/zap"

	"github.com/otelcol-arc/otelcol-arc/extension/dashboardextension/internal/prometheussource"
	"github.com/otelcol-arc/otelcol-arc/internal/dashboard"
)

// response is what a request gets: a body with its type, or JSON data.
type response struct {
	status      int    // 0: 200
	contentType string // "": JSON
	body        []byte
	stream      func(io.Writer) error // instead of a body
	data        any
	headers     map[string]string
}

// failure is an error response. Its kinds have the names of Prometheus' HTTP API.
type failure struct {
	kind kind
	err  error
}

type kind struct {
	name   string
	status int
}

var (
	badData     = kind{"bad_data", http.StatusBadRequest}
	forbidden   = kind{"forbidden", http.StatusForbidden}
	notFound    = kind{"not_found", http.StatusNotFound}
	notAllowed  = kind{"not_allowed", http.StatusMethodNotAllowed}
	misdirected = kind{"misdirected", http.StatusMisdirectedRequest}
	unavailable = kind{"unavailable", http.StatusServiceUnavailable}
	internal    = kind{"internal", http.StatusInternalServerError}
)

func (f *failure) Error() string { return f.err.Error() }
func (f *failure) Unwrap() error { return f.err }

// failureOf gives any error its kind.
func failureOf(err error) *failure {
	var (
		f      *failure
		remote *prometheussource.Unavailable
	)
	switch {
	case errors.As(err, &f):
		return f
	case errors.As(err, &remote):
		return &failure{unavailable, err} // the source has logged it
	case errors.Is(err, dashboard.ErrReadOnly):
		return &failure{forbidden, err}
	default:
		return &failure{internal, err}
	}
}

// envelope is the body of every JSON response, as in the HTTP API of Prometheus.
type envelope struct {
	Status    string `json:"status"`
	Data      any    `json:"data,omitempty"`
	ErrorType string `json:"errorType,omitempty"`
	Error     string `json:"error,omitempty"`
}

// api makes a handler that responds in JSON.
func (b *dashboardServer) api(handle func(*http.Request) (response, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		a, err := handle(r)
		if err != nil {
			b.fail(w, err)
			return
		}
		if a.stream != nil {
			b.serveStream(w, r, a)
			return
		}
		if a.contentType == "" && a.status != http.StatusNoContent {
			a.contentType = "application/json"
			a.body, err = marshal(envelope{Status: "success", Data: a.data})
			if err != nil {
				b.fail(w, err)
				return
			}
		}
		serve(w, r, a)
	}
}

func (b *dashboardServer) fail(w http.ResponseWriter, err error) {
	f := failureOf(err)
	if f.kind == internal {
		b.set.Logger.Error("A request failed", zap.Error(f.err))
	}
	body, _ := marshal(envelope{Status: "error", ErrorType: f.kind.name, Error: f.Error()})
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(f.kind.status)
	_, _ = w.Write(body) // the client has disconnected
}

func marshal(v any) ([]byte, error) {
	var body bytes.Buffer
	encoder := json.NewEncoder(&body)
	encoder.SetEscapeHTML(false) // JSON with nosniff is not interpreted as HTML
	encoder.SetIndent("", "  ")
	err := encoder.Encode(v)
	return body.Bytes(), err
}

// serve writes a response. Responses to GET have an entity tag; a client that has the
// current one gets 304 instead of the body.
func serve(w http.ResponseWriter, r *http.Request, a response) {
	header := w.Header()
	for name, value := range a.headers {
		header.Set(name, value)
	}
	if a.contentType != "" {
		header.Set("Content-Type", a.contentType)
	}
	if r.Method != http.MethodGet && r.Method != http.MethodHead || a.status >= http.StatusBadRequest {
		header.Set("Cache-Control", "no-store")
		if a.status != 0 {
			w.WriteHeader(a.status)
		}
		_, _ = w.Write(a.body) // the client has disconnected
		return
	}
	if header.Get("Cache-Control") == "" {
		header.Set("Cache-Control", "private, no-cache") // cache, but revalidate
	}
	sum := sha256.Sum256(a.body)
	header.Set("ETag", `"`+hex.EncodeToString(sum[:12])+`"`)
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(a.body))
}
