// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package ledger

import (
	"bytes"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-arc/otelcol-arc/internal/usage"
)

var whole = Call{
	Model: "gpt-4o", Listed: true, Dimensions: Dimensions{"shop", "", "ada\x00"},
	Hour: 493_000, Status: Timeout, Many: true, Count: 3,
	Usage: Usage{usage.Input: 399, usage.CacheRead: 600, usage.CacheWrite: 1, usage.Output: 493, usage.Reasoning: 7, usage.Images: 2},
	Cost:  7_500_000_000, Unpriced: true, Saved: -3, Reported: 9, HasReported: true,
	Duration: 1500 * time.Millisecond, Timed: true, NoPrice: true, End: 5, Trace: [16]byte{1}, Span: [8]byte{2},
	Computed: 8, HasComputed: true, CostReported: true,
	Provider: "openai", Convention: "otel", Reading: "total",
	Adjustments: []Adjustment{{Factor: 900_000, Conditions: []Condition{{2, "ada"}, {0, ""}}}, {Factor: 1}},
}

func TestCallsAreReadAsTheyAreWritten(t *testing.T) {
	content := AppendCall(AppendCall(nil, &whole), &Call{})
	first, rest, err := ParseCall(content, nil)
	require.NoError(t, err)
	assert.Equal(t, whole, first)
	second, rest, err := ParseCall(rest, nil)
	require.NoError(t, err)
	assert.Equal(t, Call{}, second)
	assert.Empty(t, rest)
	for n := range len(AppendCall(nil, &whole)) {
		_, _, err := ParseCall(content[:n], nil)
		require.Error(t, err, n)
	}
}

func FuzzParseCall(f *testing.F) {
	f.Add(AppendCall(nil, &whole))
	f.Add(AppendCall(nil, &Call{}))
	f.Fuzz(func(t *testing.T, content []byte) {
		c, rest, err := ParseCall(content, nil)
		if err != nil {
			return
		}
		assert.Less(t, len(rest), len(content))
		again, _, err := ParseCall(AppendCall(nil, &c), nil)
		require.NoError(t, err)
		assert.Equal(t, c, again)
	})
}

// Kinds have other numbers in a build that has more of them: their names count.
func TestKindsAreWrittenByName(t *testing.T) {
	kinds, rest, err := ParseKinds(append(AppendKinds(nil), 'x'))
	require.NoError(t, err)
	assert.Equal(t, []byte("x"), rest)
	swapped := slices.Clone(kinds)
	swapped[usage.Input], swapped[usage.Output] = kinds[usage.Output], kinds[usage.Input]
	c, _, err := ParseCall(AppendCall(nil, &whole), swapped)
	require.NoError(t, err)
	assert.EqualValues(t, 399, c.Usage[usage.Output])
	assert.EqualValues(t, 493, c.Usage[usage.Input])
	swapped[usage.Images] = usage.None // as a kind that this build does not have
	_, _, err = ParseCall(AppendCall(nil, &whole), swapped)
	require.ErrorContains(t, err, "unknown kind")
	for n := range len(AppendKinds(nil)) {
		_, _, err := ParseKinds(AppendKinds(nil)[:n])
		require.Error(t, err, n)
	}
}

// Until version 0.2 there were six dimensions, whose number was not written.
func TestCallsOfSixDimensionsAreRead(t *testing.T) {
	now := AppendCall(nil, &whole)
	at := bytes.Index(now, []byte("\x03\x04shop\x00\x04ada\x00"))
	require.Positive(t, at)
	before := slices.Concat(now[:at], []byte("\x04shop\x00\x04ada\x00\x00\x00\x00"), now[at+len("\x03\x04shop\x00\x04ada\x00"):])
	before[1] &^= countedDimensions
	c, rest, err := ParseCall(before, nil)
	require.NoError(t, err)
	assert.Empty(t, rest)
	assert.Equal(t, whole, c)
	_, _, err = ParseCall(slices.Concat(now[:at], []byte{MaxDimensions + 1}, now[at+1:]), nil)
	require.Error(t, err)
}
