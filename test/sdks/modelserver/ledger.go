// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package modelserver

import (
	"fmt"
	"sync"
)

// Tokens are what a call used. Input counts everything that was read: cached
// tokens and those written to a cache are part of it, as reasoning is of Output.
type Tokens struct {
	Input        int64 `json:"input"`
	CacheRead    int64 `json:"cache_read"`
	CacheWrite   int64 `json:"cache_write"`    // for five minutes
	CacheWrite1h int64 `json:"cache_write_1h"` // for an hour
	Output       int64 `json:"output"`
	Reasoning    int64 `json:"reasoning"`
}

// Call is one HTTP request to a model.
type Call struct {
	N        int64  `json:"n"` // from 1, the number that the counts are derived from
	API      string `json:"api"`
	Provider string `json:"provider"`
	Model    string `json:"model"` // as the response names it
	Stream   bool   `json:"stream"`
	// Status is the HTTP status of the response.
	Status int `json:"status"`
	// ID is what the response is called.
	ID string `json:"id"`
	// ByAgent and ByUser are calls of an agent, and for a user in a session, that
	// the driver gave the names of to the framework: AS-AGENT and AS-USER.
	ByAgent bool `json:"by_agent"`
	ByUser  bool `json:"by_user"`
	// Retried is a failure that the client is expected to try again, which an
	// instrumentation of calls need not report.
	Retried bool   `json:"retried"`
	Tokens  Tokens `json:"tokens"`
	Images  int64  `json:"images"`
	// UsageInResponse is false where the client did not ask for the usage of a
	// stream, so that nobody but the vendor knows it.
	UsageInResponse bool `json:"usage_in_response"`
	// Reported are the counts as the response has them, by kind: Anthropic's
	// input, for example, without what a cache had.
	Reported map[string][]int64 `json:"reported"`
	// Implied are counts that decide a kind's together: Gemini's thoughts are what
	// the total has in addition to the prompt and the candidates.
	Implied map[string][]int64 `json:"implied,omitempty"`
	// Alike are counts of the response that name the call, and are not what is
	// billed: Cohere's with its own instructions.
	Alike []int64 `json:"alike,omitempty"`
}

// Failed reports whether the vendor refused the call.
func (c *Call) Failed() bool { return c.Status >= 400 }

// ledger keeps calls in the order of their arrival.
type ledger struct {
	mu    sync.Mutex
	calls []*Call
	flaky bool // whether FLAKY has failed
}

// add numbers a call, and keeps it with the ID and the usage that are derived
// from its number.
func (l *ledger) add(c *Call, id string, use func(n int64) Tokens) {
	l.mu.Lock()
	defer l.mu.Unlock()
	c.N = int64(len(l.calls) + 1)
	if id != "" {
		c.ID = fmt.Sprintf(id, c.N)
	}
	if use != nil {
		c.Tokens = use(c.N)
	}
	l.calls = append(l.calls, c)
}

// failFlaky reports whether this is the first time that FLAKY is asked for.
func (l *ledger) failFlaky() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	first := !l.flaky
	l.flaky = true
	return first
}

func (l *ledger) list() []Call {
	l.mu.Lock()
	defer l.mu.Unlock()
	calls := make([]Call, len(l.calls))
	for i, c := range l.calls {
		calls[i] = *c
	}
	return calls
}
