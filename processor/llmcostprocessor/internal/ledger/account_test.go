// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package ledger

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestAccountFollowsItsRow: calls with an account are counted where those without are, in each
// hour, while rows are packed, and beyond the limit.
func TestAccountFollowsItsRow(t *testing.T) {
	now := time.Date(2026, 1, 2, 3, 30, 0, 0, time.UTC)
	limits := Limits{Rows: 4, Models: 10, Hours: 100}
	with, without := New(limits), New(limits)
	accounts := map[string]*Account{}
	for i := range 200 {
		c := Call{
			Provider: "p", Model: string(rune('a' + i%5)), Listed: true, Dimensions: Dimensions{string(rune('x' + i%2))},
			Hour: HourOf(now) - int64(i%3), Cost: 7,
		}
		without.Record([]Call{c}, now)
		key := string(AppendKey(nil, &c, 2))
		if accounts[key] == nil {
			accounts[key] = &Account{Key: key}
		}
		c.Account = accounts[key]
		with.Record([]Call{c}, now)
		if i%17 == 0 {
			for _, l := range []*Ledger{with, without} {
				changes := l.Take(now)
				_, err := changes.Pack()
				require.NoError(t, err)
			}
		}
		query := Query{First: 0, Last: HourOf(now), By: []int{Model, firstDimension}}
		require.ElementsMatch(t, without.Sum(query), with.Sum(query), i)
	}
	assert.Equal(t, without.Rows(), with.Rows())
}

func TestKeysOfDifferentCallsDiffer(t *testing.T) {
	seen := map[string]bool{}
	for _, c := range []Call{
		{Provider: "a", Model: "b"},
		{Provider: "ab"},
		{Model: "ab"},
		{Model: "a", Dimensions: Dimensions{"b"}},
		{Model: "a", Dimensions: Dimensions{"", "b"}},
		{Model: "a\x01b"},
		{},
	} {
		key := string(AppendKey(nil, &c, 2))
		assert.False(t, seen[key], "%q", key)
		seen[key] = true
	}
}
