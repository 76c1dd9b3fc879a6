// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package convention

import "github.com/otelcol-arc/otelcol-arc/internal/usage"

// field is what a key of a record reports. The kinds of usage come first, each
// under its own number: as written, where a count may include others.
type field uint8

const (
	input      = field(usage.Input)
	output     = field(usage.Output)
	cacheRead  = field(usage.CacheRead)
	cacheWrite = field(usage.CacheWrite) // all that was written, for however long
	reasoning  = field(usage.Reasoning)
)

// Counts that are not kinds of their own.
const (
	total        = field(usage.Count) + iota
	cacheWrite5m // of what was written
	textInput
	textOutput
	thoughts        // reasoning tokens that are in addition to the output tokens
	toolPrompt      // input tokens that are in addition to the input tokens
	compactedInput  // all tokens of requests by which the provider summarized the context,
	compactedOutput // which the other counts leave out
	counts          // how many fields are counts
)

// What is not a count.
const (
	usageObject   = counts + iota // an object of counts
	usageDisjoint                 // an object of counts that do not include each other: Langfuse's
	inputDetails                  // an object of counts within the input
	outputDetails                 // an object of counts within the output
	response                      // what the model returned, with an object of counts
	returned                      // the response of the API, of which the tier is read
	metadata                      // an object of what the provider reports besides
	parameters                    // an object of what was requested
	cost
	costInput    // one part of the cost, where the whole is not reported
	costOutput   // the other part
	costRead     // a part of the cost of the input: that of reading from a cache
	costWrite    // the same of writing to one
	costJSON     // an object of costs
	costAmount   // in the currency of the record
	costCurrency // of costAmount
	provider
	model        // of the response, or else of the request
	requestModel // of the request
	operation
	responseID
	requestID // of the request, which its response has, too
	agent
	node     // of a graph of agents
	spanKind // what the span is, where node depends on it
	user
	session
	custom // an object of what the application adds to the call
	tier
	speed
	errorType
	status
	level
	success
	cacheHit // whether the response is from a cache of the application, and nobody was billed
	seconds
	milliseconds
	firstToken       // seconds until the first token or chunk arrived
	firstTokenMillis // the same in milliseconds
	fields
)

// row is where a field is found: the first of the keys that has a value counts.
type row struct {
	field field
	keys  []string
}

// kind is the field of a kind of usage.
func kind(k usage.Kind) field { return field(k) }

// scales are how many of a count make a unit of its kind.
var scales = func() (scales [counts]int64) {
	for _, k := range usage.Kinds() {
		scales[k] = k.Scale()
	}
	return scales
}()
