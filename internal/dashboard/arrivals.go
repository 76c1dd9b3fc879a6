// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package dashboard

import "time"

// Why a record is not a call.
const (
	NoKeys       = "no_llm_keys"
	NoMatch      = "incomplete"
	Aggregate    = "aggregate"
	BadTokens    = "bad_tokens"
	EmptyModel   = "empty_model"
	ModelTooLong = "model_too_long"
	DataPoint    = "data_point"
)

// Reason is why records are not calls.
type Reason struct {
	Name string
	// Text completes "the record is not a call: …".
	Text string
	// Advice is what to do about it; "" where nothing is wrong.
	Advice string
}

// reasons are in the order in which they are listed.
var reasons = []Reason{
	{BadTokens, "a count of tokens is negative or no number", "Correct what the application reports."},
	{EmptyModel, "no model is named", "Set the model in what the application reports."},
	{ModelTooLong, "the name of the model is too long", "Set a name of at most 256 bytes."},
	{NoMatch, "it has keys of a convention, but not those of a call", "A call has a model and usage: gen_ai.request.model and gen_ai.usage.input_tokens, for example."},
	{NoKeys, "no convention knows its keys", "Add an instrumentation of the LLM client to the application: docs/compatibility.md lists those that were tried."},
	{Aggregate, "an aggregate, or one of several records of a call", "The span of an agent, a chain or a tool sums up the calls within it. The calls themselves have to be reported, too."},
	{DataPoint, "data points do not report single calls", "Send spans or log records. metric_sources names gateways whose metrics are counted."},
}

// Reasons are all reasons, those first that somebody has to act upon.
func Reasons() []Reason { return append([]Reason(nil), reasons...) }

// ReasonOf is the reason of a name.
func ReasonOf(name string) Reason {
	for _, r := range reasons {
		if r.Name == name {
			return r
		}
	}
	return Reason{Name: name, Text: name}
}

// Arrivals are the senders of the telemetry that passed since the start.
type Arrivals struct {
	// Senders are in no order. The overflow entry is there once it has records.
	Senders []Sender
	// Limit is how many senders have an entry of their own.
	Limit int
	// ServiceIn are the dimensions that are read from the name of the service.
	ServiceIn []string
}

// Sender is an instrumentation of a service.
type Sender struct {
	Service, Scope, Version string
	// Overflow: these are all senders beyond the limit.
	Overflow bool

	Spans, LogRecords, DataPoints int64
	// Calls are the records that report calls, of which several may report the same one.
	Calls int64
	// NotCalls counts the other records, by the name of the reason.
	NotCalls  map[string]int64
	PerMinute float64 // records, in the last 15 minutes
	Last      time.Time
}

// Records are all that arrived.
func (s *Sender) Records() int64 { return s.Spans + s.LogRecords + s.DataPoints }
