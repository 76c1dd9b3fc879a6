// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package convention

import (
	"time"

	"github.com/otelcol-arc/otelcol-arc/internal/usage"
	"github.com/otelcol-arc/otelcol-arc/processor/llmcostprocessor/internal/price"
)

// Status is how a call ended.
type Status uint8

// How a call may have ended.
const (
	Success Status = iota
	Error
	Timeout
)

// Outcome is what a record is.
type Outcome uint8

// What a record may be.
const (
	// NotACall is a record that has nothing to do with models.
	NotACall Outcome = iota
	// IsCall is a call of a model.
	IsCall
	// Aggregate is a record that is known not to be a call: the span of an agent,
	// a chain or a tool. What it reports of usage is that of the calls below it. Its
	// Attribution holds for them, and its Model for those that name none.
	Aggregate
	// Invalid is a call whose values make no sense; the reason comes with it.
	Invalid
)

// Why a call is Invalid.
const (
	// ReasonBadTokens is a count that is negative, fractional, no number, or more
	// than a call can use.
	ReasonBadTokens = "bad_tokens"
	// ReasonEmptyModel is a call that does not name its model.
	ReasonEmptyModel = "empty_model"
	// ReasonModelTooLong is a model of more than MaxModelLength bytes.
	ReasonModelTooLong = "model_too_long"
)

// MaxModelLength is how long the name of a model may be, in bytes.
const MaxModelLength = 256

// UnknownModel is the model of calls that failed before they had one.
const UnknownModel = "unknown"

// Attribution is who a call was made for. Each is empty when unknown.
type Attribution struct {
	Agent   string
	User    string
	Session string
}

// Inherit takes what is unknown from the record around the call.
func (a *Attribution) Inherit(outer *Attribution) {
	for _, of := range [...]struct{ to, from *string }{
		{&a.Agent, &outer.Agent},
		{&a.User, &outer.User},
		{&a.Session, &outer.Session},
	} {
		if *of.to == "" {
			*of.to = *of.from
		}
	}
}

// Totals are the counts of tokens as the record has them, whatever they include.
// Zero: it has none.
type Totals struct{ Input, Output, All int64 }

// Call is one call of a model.
type Call struct {
	// Convention is the name of the convention the record follows.
	Convention string
	// Provider is as written, empty when the record does not name it.
	Provider string
	// Model is as written, without blanks around it. It is UnknownModel if
	// ModelUnknown.
	Model string
	// RequestModel is the model that was asked for, where it is another: a response
	// may name the deployment of a gateway.
	RequestModel string
	// Operation is what the record calls the operation, as written.
	Operation string
	// ResponseID is the provider's ID of the response. Records with the same one
	// are of the same call.
	ResponseID string
	// Attribution is for whom the call was made, as the record itself reports it.
	Attribution Attribution
	// Usage is what the call consumed, in the reading that Rule decided for.
	Usage usage.Amounts
	// Stated are the kinds that the record reports, be it as zero. Of others
	// nothing is known: they may be part of what is stated.
	Stated usage.Set
	// Totals are as written.
	Totals Totals
	// Compacted is the part of Usage by which the provider summarized the context. Most
	// records of a call leave it out.
	Compacted Totals
	// Region is where the call was served, as the provider reports it; "" for anywhere.
	Region string
	// Reported is the cost in dollars that the application reported, if HasReported.
	Reported float64
	// Currency is that of Reported where it is not dollars yet: an ISO 4217 code.
	Currency string
	// ErrorType is what kind of error the call ended in, as written; "" for none.
	ErrorType string
	// FirstToken is the time to the first token or chunk, zero when it has none.
	FirstToken time.Duration
	// Duration is that in a log record, zero when it has none; zero for spans,
	// which have times.
	Duration time.Duration
	// ServiceTier is how the provider served the call, as written; Tier is what
	// prices make of it.
	ServiceTier string
	Tier        price.Tier
	// Problem is the reason, one of the Reason constants, why something of the call
	// had to be left out: its usage, or a part of its name.
	Problem string
	// Rule is the evidence that decided the reading.
	Rule   Rule
	Status Status
	// HasUsage: the record reports what the call used. A success without is one
	// whose cost is unknown, not one that cost nothing.
	HasUsage    bool
	HasReported bool
	// ModelUnknown: the call failed before its record had a model.
	ModelUnknown bool
	// Free: the response came from a cache of the application, and cost nothing.
	Free bool
	// Shared: the span that a log record belongs to is the one around it, which may
	// have other calls, and not the call's own.
	Shared bool

	// OfFailures: the record is an event of which there are only those of failed calls.
	OfFailures bool
	// Inferred: it is a call because of its usage alone.
	Inferred bool
	// Instant: the span is of the end of the call, and does not have its time.
	Instant bool
	// ByService: the call may be reported under another resource of the service, too.
	ByService bool

	// AddsStart: the output may have a few tokens too many, since the instrumentation
	// adds what a stream began with to what it ended with.
	AddsStart bool

	// readings are what the cost has to decide. Mostly there is nothing.
	readings *readings
}
