// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package ledger

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var whole = Call{
	Model: "gpt-4o", Listed: true, Dimensions: Dimensions{"shop", "", "ada\x00"},
	Figures: Figures{
		Hour: 493_000, Status: Timeout, Many: true, Count: 3,
		Prompt: 1000, Completion: 500, CacheRead: 600, CacheWrite: 1, Reasoning: 7,
		Cost: 7_500_000_000, Unpriced: true, Saved: -3, Reported: 9, HasReported: true,
		Duration: 1500 * time.Millisecond, Timed: true,
	},
}

func TestCallsAreReadAsTheyAreWritten(t *testing.T) {
	content := AppendCall(AppendCall(nil, &whole), &Call{})
	first, rest, err := ParseCall(content)
	require.NoError(t, err)
	assert.Equal(t, whole, first)
	second, rest, err := ParseCall(rest)
	require.NoError(t, err)
	assert.Equal(t, Call{}, second)
	assert.Empty(t, rest)
	for n := range len(AppendCall(nil, &whole)) {
		_, _, err := ParseCall(content[:n])
		require.Error(t, err, n)
	}
}

func FuzzParseCall(f *testing.F) {
	f.Add(AppendCall(nil, &whole))
	f.Add(AppendCall(nil, &Call{}))
	f.Fuzz(func(t *testing.T, content []byte) {
		c, rest, err := ParseCall(content)
		if err != nil {
			return
		}
		assert.Less(t, len(rest), len(content))
		again, _, err := ParseCall(AppendCall(nil, &c))
		require.NoError(t, err)
		assert.Equal(t, c, again)
	})
}
