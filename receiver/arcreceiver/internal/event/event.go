// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package event

import (
	"slices"
	"time"

	"github.com/otelcol-arc/otelcol-arc/internal/usage"
)

// Kind is the kind of an event.
type Kind uint8

// The kinds of events.
const (
	KindLog Kind = iota
	KindLLMCall
	KindAgentRun
	KindRequest
	KindCache
	KindGauge
	KindAppInfo
	Kinds // how many there are
)

var kindNames = [Kinds]string{
	KindLog:      "log",
	KindLLMCall:  "llm_call",
	KindAgentRun: "agent_run",
	KindRequest:  "request",
	KindCache:    "cache",
	KindGauge:    "gauge",
	KindAppInfo:  "app_info",
}

// String returns what the field `kind` holds.
func (k Kind) String() string { return kindNames[k] }

// kindOf returns the kind of that name, if there is one.
func kindOf(name string) (k Kind, ok bool) {
	i := slices.Index(kindNames[:], name)
	return Kind(max(i, 0)), i >= 0
}

// Event is one event. What the event did not say is the zero value.
type Event struct {
	// Detail is what is special to the kind.
	Detail Detail
	// ID is the sender's own name for the event, the same when it is sent again.
	ID string
	// Time is when it happened; an LLM call, agent run or request ended then.
	Time time.Time
	// Level is how it was logged.
	Level Level
	// Message is the body: mostly a text.
	Message Value
	// Logger is the name of the logger, such as arc.agents.
	Logger string
	// Code is the place in the source code.
	Code Code
	// Exception is what went wrong, where the line has an exception.
	Exception Exception
	// Trace is the place in a trace.
	Trace Trace
	// User and Session are the IDs of the user and of the conversation.
	User, Session string
	// Resource is who sent it.
	Resource Resource

	fields *fields // of the decoder
}

// Fields yields everything else by its own name, each once. No value is null.
func (e *Event) Fields(yield func(name string, value Value) bool) {
	if e.fields.contextBound() > maxMembers && e.fields.contextLen() > maxMembers {
		yield(tooMany, valueOf(jsonText(e.fields.tree())))
		return
	}
	e.fields.context(yield)
}

// FieldsLen returns how many fields there are at most.
func (e *Event) FieldsLen() int { return min(e.fields.contextBound(), maxMembers) }

// tooMany is the field that holds the fields of an event that has too many.
const tooMany = "arc.fields"

// Kind returns the kind of the event.
func (e *Event) Kind() Kind { return e.Detail.kind() }

// Code is a place in source code.
type Code struct {
	Function string // qualified by its module where that is known
	File     string
	Line     int64 // from 1; 0 when unknown
}

// Resource is who sent an event.
type Resource struct {
	Service     string
	Version     string
	Environment string
}

// Detail is what an event has by its kind: [Log], or a pointer to [LLMCall],
// [AgentRun], [Request], [Cache], [Gauge] or [AppInfo].
type Detail interface{ kind() Kind }

// Log is an event that is a log line and no more.
type Log struct{}

// Outcome is how a call or run ended.
type Outcome string

// The outcomes of an LLM call. An agent run may have others.
const (
	Success Outcome = "success"
	Failure Outcome = "error"
	Timeout Outcome = "timeout"
)

// Failed reports whether the outcome is an error or a time-out.
func (o Outcome) Failed() bool { return o == Failure || o == Timeout }

// Duration is a length of time as the event gave it.
type Duration struct {
	Seconds float64 // from 0 to a year
	Known   bool
}

// Nanoseconds returns the duration rounded to the nanosecond, 0 if not known.
func (d Duration) Nanoseconds() time.Duration {
	return time.Duration(d.Seconds*float64(time.Second) + 0.5)
}

// LLMCall is one call of a language model.
type LLMCall struct {
	Model            string
	Provider         string
	PromptTokens     int64
	CompletionTokens int64
	// Usage is what else was used, by kind: the tokens are parts of those above.
	Usage        []Used
	Duration     Duration
	Outcome      Outcome
	ErrorType    string
	ErrorMessage string
	Cost         Cost
	Agent        string
}

// Used is an amount of a kind, in units of the kind.
type Used struct {
	Kind   usage.Kind
	Amount float64
}

// Cost is an amount of money as the application worked it out.
type Cost struct {
	Dollars float64
	Known   bool
}

// AgentRun is one run of an agent.
type AgentRun struct {
	Agent        string
	Outcome      Outcome
	Duration     Duration
	ErrorType    string
	ErrorMessage string
}

// Request is one request that the application served.
type Request struct {
	Method   string
	Endpoint string
	Status   int64 // HTTP status code
	Duration Duration
	Active   Measure // requests being served
}

// Cache is one lookup in a cache.
type Cache struct {
	Type string
	Hit  bool
	Size Measure // of the cache, in bytes
}

// Gauge holds values of the moment.
type Gauge struct {
	ActiveAgents   Measure
	ActiveRequests Measure
	MemoryUsage    Measure // bytes
}

// Measure is a value that may be absent.
type Measure struct {
	Value float64
	Known bool
}

// AppInfo describes an application.
type AppInfo struct {
	Labels map[string]string // at most maxAppLabels
}

func (Log) kind() Kind       { return KindLog }
func (*LLMCall) kind() Kind  { return KindLLMCall }
func (*AgentRun) kind() Kind { return KindAgentRun }
func (*Request) kind() Kind  { return KindRequest }
func (*Cache) kind() Kind    { return KindCache }
func (*Gauge) kind() Kind    { return KindGauge }
func (*AppInfo) kind() Kind  { return KindAppInfo }
