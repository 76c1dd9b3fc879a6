// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package double

import (
	"fmt"
	"net/http"
	"slices"
	"sync"
)

// Inbox keeps the JSON bodies that a vendor's API accepted.
type Inbox struct {
	URL string

	mu        sync.Mutex
	bodies    []map[string]any
	responses []Response
}

// Response is what a vendor responds with instead of accepting.
type Response struct {
	Status     int
	RetryAfter string
	Body       string
}

// Refuse sets the responses to the next requests, one each.
func (i *Inbox) Refuse(responses ...Response) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.responses = append(i.responses, responses...)
}

// refuses writes the next response that Refuse has set, if there is one.
func (i *Inbox) refuses(w http.ResponseWriter) bool {
	i.mu.Lock()
	defer i.mu.Unlock()
	if len(i.responses) == 0 {
		return false
	}
	response := i.responses[0]
	i.responses = i.responses[1:]
	if response.RetryAfter != "" {
		w.Header().Set("Retry-After", response.RetryAfter)
	}
	w.WriteHeader(response.Status)
	fmt.Fprint(w, response.Body)
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
