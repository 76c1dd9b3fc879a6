// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package arcreceiver

import (
	"encoding/json"
	"net/http"

	"github.com/otelcol-arc/otelcol-arc/receiver/arcreceiver/internal/event"
)

const (
	// maxItemErrors bounds the errors that a response lists.
	maxItemErrors = 100
	// maxErrorBytes bounds the text of each.
	maxErrorBytes = 512
)

// response is the body of every response.
type response struct {
	// Accepted is how many events every pipeline took, Rejected how many could
	// not be read.
	Accepted int `json:"accepted"`
	Rejected int `json:"rejected"`
	// Error reports why none was accepted, where it is not the events' fault.
	Error string `json:"error,omitempty"`
	// Errors names the first maxItemErrors events that could not be read.
	Errors []itemError `json:"errors,omitempty"`
}

// itemError names an event by the number of its line, or of its element in an
// array, from 1.
type itemError struct {
	Line  int    `json:"line"`
	Error string `json:"error"`
}

func (a *response) reject(item event.Item, err error) {
	a.Rejected++
	if len(a.Errors) == maxItemErrors {
		return
	}
	text := err.Error()
	if len(text) > maxErrorBytes {
		text = text[:maxErrorBytes] + "..."
	}
	a.Errors = append(a.Errors, itemError{Line: item.Line, Error: text})
}

func writeResponse(w http.ResponseWriter, status int, a response) {
	body, err := json.Marshal(a)
	if err != nil { // cannot happen: the response is numbers and texts
		status, body = http.StatusInternalServerError, []byte(`{}`)
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = w.Write(body) // a sender that has gone cannot be notified
}

// writeRefusedBody answers for confighttp when a body cannot be decompressed.
func writeRefusedBody(w http.ResponseWriter, _ *http.Request, text string, status int) {
	writeResponse(w, status, response{Error: text})
}
