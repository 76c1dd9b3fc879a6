// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package money

import (
	"math"
	"math/big"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestAddProduct(t *testing.T) {
	for _, tt := range []struct {
		name  string
		start Pico
		count int64
		rate  Pico
		want  Pico
		fits  bool
	}{
		{"a call", 7, 1000, 2_500_000, 2_500_000_007, true},
		{"nothing", 0, 0, 0, 0, true},
		{"the most", 0, math.MaxInt64, 1, Max, true},
		{"one too many", 1, math.MaxInt64, 1, Max, false},
		{"a product of more than 64 bits", 0, math.MaxInt64, math.MaxInt64, Max, false},
		{"a product that ends in zeros", 0, 1 << 32, 1 << 32, Max, false},
		{"negative count", 5, -1, 1, 5, false},
		{"negative rate", 5, 1, -1, 5, false},
		{"negative start", -5, 1, 1, -5, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, fits := tt.start.AddProduct(tt.count, tt.rate)
			assert.Equal(t, tt.want, got)
			assert.Equal(t, tt.fits, fits)
		})
	}
}

func TestDollars(t *testing.T) {
	for _, tt := range []struct {
		pico Pico
		want float64
	}{
		{0, 0},
		{1, 1e-12},
		{-1, -1e-12},
		{4_500_000_000, 0.0045},
		{PerDollar, 1},
		{1<<53 + 1, 9007.199254740993},
		{Max, 9223372.036854775807},
	} {
		assert.Equal(t, tt.want, tt.pico.Dollars())
	}
}

func TestFromDollars(t *testing.T) {
	for _, tt := range []struct {
		dollars float64
		want    Pico
		fits    bool
	}{
		{0, 0, true},
		{math.Copysign(0, -1), 0, true},
		{0.0045, 4_500_000_000, true},
		{1e-12, 1, true},
		{4e-13, 0, true}, // to the nearest
		{6e-13, 1, true},
		{9_223_372, 9_223_372 * PerDollar, true},
		{9_223_372.1, 0, false},
		{math.MaxInt64 / float64(PerDollar), 0, false}, // rounded up, it is one too many
		{-1e-12, 0, false},
		{math.NaN(), 0, false},
		{math.Inf(1), 0, false},
		{math.Inf(-1), 0, false},
	} {
		got, fits := FromDollars(tt.dollars)
		assert.Equal(t, tt.want, got, tt.dollars)
		assert.Equal(t, tt.fits, fits, tt.dollars)
	}
}

// Sums of more than 64 bits are still converted to the nearest double.
func TestDollarsOfLargeSums(t *testing.T) {
	for text, want := range map[string]float64{
		"18446744073709551616":  18446744.073709551616, // the low word is zero
		"-18446744073709551616": -18446744.073709551616,
		"18446744073709551617":  18446744.073709551617,
		"9223372036854775808":   9223372.036854775808, // negative, were it one word
	} {
		s, err := ParseSum(text)
		require.NoError(t, err)
		assert.Equal(t, want, s.Dollars(), text)
	}
}

// A borrow goes from the low word to the high one, as a carry does.
func TestSubtractBorrows(t *testing.T) {
	s, err := ParseSum("18446744073709551616")
	require.NoError(t, err)
	s.Subtract(SumOf(1))
	assert.Equal(t, "18446744073709551615", s.String())
	s.AddSum(SumOf(1))
	assert.Equal(t, "18446744073709551616", s.String())
	s.Subtract(s)
	assert.True(t, s.IsZero())
}

func TestSumIsExactWhateverTheOrder(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	amounts := make([]Pico, 1000)
	want := new(big.Int)
	for i := range amounts {
		amounts[i] = Pico(random.Int64())
		want.Add(want, big.NewInt(int64(amounts[i])))
	}
	var forward, backward, halves, second Sum
	for i := range amounts {
		forward.Add(amounts[i])
		backward.Add(amounts[len(amounts)-1-i])
		if i%2 == 0 {
			halves.Add(amounts[i])
		} else {
			second.Add(amounts[i])
		}
	}
	halves.AddSum(second)
	assert.Equal(t, want.String(), forward.String())
	assert.Equal(t, forward, backward)
	assert.Equal(t, forward, halves)
	dollars, _ := new(big.Rat).SetFrac(want, big.NewInt(PerDollar)).Float64()
	assert.Equal(t, dollars, forward.Dollars())
}

func TestSumTakesBack(t *testing.T) {
	var s Sum
	s.Add(3)
	s.Add(-5)
	assert.Equal(t, "-2", s.String())
	assert.Equal(t, -2e-12, s.Dollars())
	s.Add(2)
	assert.True(t, s.IsZero())
}

func TestSumText(t *testing.T) {
	for _, text := range []string{
		"0", "1", "-1", "9223372036854775808", "-9223372036854775809", "18446744073709551616",
		"170141183460469231731687303715884105727", "-170141183460469231731687303715884105728",
	} {
		s, err := ParseSum(text)
		require.NoError(t, err, text)
		assert.Equal(t, text, s.String())
		marshalled, err := s.MarshalText()
		require.NoError(t, err)
		var back Sum
		require.NoError(t, back.UnmarshalText(marshalled))
		assert.Equal(t, s, back)
	}
	for _, text := range []string{
		"", "one", "1.5", "0x10", "1_000", "170141183460469231731687303715884105728",
		"-170141183460469231731687303715884105729", "0000000000000000000000000000000000000000000000000",
	} {
		_, err := ParseSum(text)
		require.ErrorIs(t, err, errNotASum, text)
		var s Sum
		assert.Error(t, s.UnmarshalText([]byte(text)))
	}
}

func TestSumInBinary(t *testing.T) {
	for _, text := range []string{
		"0", "1", "-1", "63", "64", "-64", "-65", "7500000000", "9223372036854775807", "-9223372036854775808", "18446744073709551616",
		"170141183460469231731687303715884105727", "-170141183460469231731687303715884105728",
	} {
		want, err := ParseSum(text)
		require.NoError(t, err)
		content := AppendSum(nil, want)
		got, size := ReadSum(string(content) + "x")
		assert.Equal(t, want, got, text)
		assert.Equal(t, len(content), size, text)
		for n := range content {
			_, size := ReadSum(string(content[:n]))
			assert.Zero(t, size, text)
		}
	}
	assert.Len(t, AppendSum(nil, SumOf(7_500_000_000)), 5)
	_, size := ReadSum(strings.Repeat("\xff", 18) + "\x04")
	assert.Zero(t, size, "129 bits")
	random := rand.New(rand.NewPCG(3, 4))
	for range 10_000 {
		want := Sum{hi: random.Int64() >> random.IntN(64), lo: random.Uint64() >> random.IntN(64)}
		got, _ := ReadSum(string(AppendSum(nil, want)))
		require.Equal(t, want, got)
	}
}

func FuzzParseSum(f *testing.F) {
	f.Add("0")
	f.Add("-170141183460469231731687303715884105728")
	f.Fuzz(func(t *testing.T, text string) {
		s, err := ParseSum(text)
		if err != nil {
			return
		}
		again, err := ParseSum(s.String())
		require.NoError(t, err)
		assert.Equal(t, s, again)
		assert.False(t, math.IsNaN(s.Dollars()))
	})
}

func BenchmarkSumAdd(b *testing.B) {
	var s Sum
	b.ReportAllocs()
	for b.Loop() {
		s.Add(4_500_000_000)
	}
}
