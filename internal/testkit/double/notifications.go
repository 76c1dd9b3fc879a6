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

	mu      sync.Mutex
	bodies  []map[string]any
	answers []Answer
}

// Answer is what a vendor sends instead of accepting.
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
