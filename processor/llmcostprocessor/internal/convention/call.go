// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package convention

import (
	"time"

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

// Outcome says what a record is.
type Outcome uint8

// What a record may be.
const (
	// NotACall is a record that is no call of a model.
	NotACall Outcome = iota
	// IsCall is a call of a model.
	IsCall
	// Invalid is a call whose values make no sense; the reason comes with it.
	Invalid
)

// Why a call is Invalid.
const (
	// ReasonBadTokens is a count that is negative, fractional, no number, or more
	// than a call can use.
	ReasonBadTokens = "bad_tokens"
	// ReasonEmptyModel is a call that does not say its model.
	ReasonEmptyModel = "empty_model"
	// ReasonModelTooLong is a model of more than MaxModelLength bytes.
	ReasonModelTooLong = "model_too_long"
)

// MaxModelLength is how long the name of a model may be, in bytes.
const MaxModelLength = 256

// CachedRule says how it was decided whether cached tokens are within the input
// tokens, for telemetry that may do either.
type CachedRule uint8

// The rules, in their order.
const (
	// ByNobody: no cached tokens, nothing to decide.
	ByNobody CachedRule = iota
	// ByObject: the counts came as an object whose kinds are beside each other.
	ByObject
	// BySum: there are more cached tokens than input tokens.
	BySum
	// ByTable: the convention says.
	ByTable
	// ByTotal: one reading adds up to the total that is given.
	ByTotal
	// ByProvider: the instrumentation hands on what the provider's API counts.
	ByProvider
)

var cachedRules = [...]string{ByNobody: "", ByObject: "object", BySum: "sum", ByTable: "table", ByTotal: "total", ByProvider: "provider"}

func (r CachedRule) String() string { return cachedRules[r] }

// Call is one call of a model.
type Call struct {
	// Convention is the name of the convention the record follows.
	Convention string
	// Provider is as written, empty when the record does not say.
	Provider string
	// Model is as written, without blanks around it.
	Model string
	// Agent is the name of the agent that called, empty when unknown.
	Agent string
	// Tokens is what the call used.
	Tokens price.Tokens
	// Reported is the cost in dollars that the application reported, if HasReported.
	Reported float64
	// Duration is what a log record says, zero when it does not; zero for spans,
	// which have times.
	Duration time.Duration
	// Tier is how the provider was asked to serve the call.
	Tier price.Tier
	// CachedRule says how the cached tokens were told from the others.
	CachedRule CachedRule
	Status     Status
	// HasTokens tells whether the record says what the call used. A success
	// without is one whose cost is unknown, not one that cost nothing.
	HasTokens   bool
	HasReported bool
	// Free: the answer came from a cache of the application, and cost nothing.
	Free bool
	// Shared tells that the span a log record belongs to is the one it was written
	// in, which may hold other calls, and not the call's own.
	Shared bool
}
