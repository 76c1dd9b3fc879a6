// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package usage

import (
	"math"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestTable checks the properties of the table that other packages rely on.
func TestTable(t *testing.T) {
	names, prices := map[string]bool{}, map[string]bool{}
	for _, kind := range Kinds() {
		info := kind.Info()
		require.Regexp(t, `^[a-z][a-z0-9_]*$`, info.Name, "kind %d", kind)
		require.Regexp(t, `^[a-z][a-z0-9_]*$`, info.Price, info.Name)
		assert.False(t, names[info.Name] || prices[info.Price], "%s comes twice", info.Name)
		names[info.Name], prices[info.Price] = true, true
		assert.NotEmpty(t, info.Unit, info.Name)
		assert.Equal(t, info.Unit == Token, info.Side != Other, "%s: tokens, and nothing else, are on a side", info.Name)
		assert.Less(t, info.PriceFrom, kind, "%s: each follows the one that its price is from", info.Name)
		if info.PriceFrom != None {
			assert.Equal(t, info.Unit, info.PriceFrom.Info().Unit, info.Name)
			assert.Equal(t, info.Side, info.PriceFrom.Info().Side, info.Name)
		}
		if info.PartOf != None {
			assert.Equal(t, info.Side, info.PartOf.Info().Side, info.Name)
		}
		named, ok := Named(info.Name)
		assert.True(t, ok && named == kind, info.Name)
		priced, ok := Priced(info.Price)
		assert.True(t, ok && priced == kind, info.Name)
	}
	_, ok := Named("")
	assert.False(t, ok)
}

func TestSidesHoldEveryTokenOnce(t *testing.T) {
	var a Amounts
	var in, out int64
	for _, kind := range Kinds() {
		a[kind] = 1 << kind
		switch kind.Info().Side {
		case In:
			in += 1 << kind
		case Out:
			out += 1 << kind
		case Other:
		}
	}
	assert.Equal(t, in, a.Prompt())
	assert.Equal(t, out, a.Completion())
	assert.Equal(t, in+out, a.Tokens())
	assert.Equal(t, int64(1<<CacheWrite|1<<CacheWrite1h|1<<CacheWriteLong), a.CacheWrites())
	assert.Equal(t, int64(1<<CacheRead|1<<CachedAudio|1<<CachedImage), a.CacheReads())
}

func TestSumsSaturate(t *testing.T) {
	a := Amounts{Input: math.MaxInt64, CacheRead: math.MaxInt64, AudioInput: math.MaxInt64}
	assert.Equal(t, int64(math.MaxInt64), a.Prompt())
	a.Add(&Amounts{Input: 1, Output: 5})
	assert.Equal(t, int64(math.MaxInt64), a[Input])
	assert.Equal(t, int64(5), a[Output])
	assert.Equal(t, int64(math.MaxInt64), a.Tokens())
	b := Amounts{Input: 3, CacheRead: -5}
	assert.Equal(t, int64(3), b.Prompt(), "what is negative counts as none")
}

func TestStated(t *testing.T) {
	a := Amounts{Output: 1, CodeSessions: 2}
	set := a.Stated()
	assert.True(t, set.Has(Output) && set.Has(CodeSessions))
	assert.False(t, set.Has(Input))
	assert.True(t, (&Amounts{}).IsZero())
}
