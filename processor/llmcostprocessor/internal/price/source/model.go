// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package source

import (
	"math/big"
	"slices"
	"strings"
	"time"
)

// Standard is the tier of calls that ask for none.
const Standard = "standard"

// Tiers are the tiers that may have prices of their own, in the order of files.
var Tiers = []string{Standard, "batch", "flex", "priority", "fast", "ultrafast"}

// Model is a model as one seller offers it.
type Model struct {
	Seller string
	// Names are in lower case; the first is the canonical one.
	Names []string
	// Prices are in the order of their days.
	Prices []Price
	// Source is the web page of the newest price.
	Source string
	// Uplifts are what prices are multiplied by where a region is asked for.
	Uplifts map[string]*big.Rat
}

// Refusal is an entry that was rejected, and why.
type Refusal struct{ Seller, Name, Reason string }

// Price is what a model costs from a day on.
type Price struct {
	From  time.Time // midnight UTC; zero: ever since
	Tiers map[string]Tariff
	Hours []Hours
	// Fees are dollars each, by key: request, web_search, image, second …
	Fees Rates
}

// Tariff is the prices of tokens, by the length of the call.
type Tariff struct {
	Rates Rates
	Steps map[int64]Rates // by the number of input tokens above which they hold
}

// Hours are the times of a week at which other prices hold.
type Hours struct {
	Days     []int // 1 for Monday to 7 for Sunday; none: all
	From, To int   // minutes of the day, UTC; To is at most 1440
	Tariff   Tariff
}

// Rates are dollars per million tokens, by key.
type Rates map[string]*big.Rat

// Name is the canonical name.
func (m *Model) Name() string { return m.Names[0] }

// OfGoogle reports whether Google made a model that it sells: such models are sold by the
// Gemini API and by Vertex, others by Vertex alone.
func (m *Model) OfGoogle() bool {
	for _, family := range [...]string{"gemini", "gemma", "text-", "textembedding", "multimodalembedding", "learnlm", "imagen", "veo", "lyria", "deep-research"} {
		if strings.HasPrefix(m.Name(), family) {
			return true
		}
	}
	return false
}

// At returns the price that holds at that time, or nil.
func (m *Model) At(at time.Time) *Price {
	for i := len(m.Prices) - 1; i >= 0; i-- {
		if !at.Before(m.Prices[i].From) {
			return &m.Prices[i]
		}
	}
	return nil
}

// Unknown reports whether the list has no price of the model: a price of nothing is
// taken for an unknown one, unless the name has it.
func (m *Model) Unknown() bool {
	for i := range m.Prices {
		if !m.Prices[i].Free() {
			return false
		}
	}
	return !strings.HasSuffix(m.Name(), ":free") && !strings.HasSuffix(m.Name(), "-free")
}

// Free reports whether everything is free.
func (p *Price) Free() bool {
	for _, tariff := range p.Tiers {
		for _, rate := range tariff.Rates {
			if rate.Sign() != 0 {
				return false
			}
		}
	}
	for _, fee := range p.Fees {
		if fee.Sign() != 0 {
			return false
		}
	}
	return true
}

// setStep sets the price of one key above a number of input tokens.
func (t *Tariff) setStep(above int64, key string, rate *big.Rat) {
	if t.Steps == nil {
		t.Steps = map[int64]Rates{}
	}
	if t.Steps[above] == nil {
		t.Steps[above] = Rates{}
	}
	t.Steps[above][key] = rate
}

// times returns the tariff multiplied by a factor.
func (t *Tariff) times(factor *big.Rat) Tariff {
	out := Tariff{Rates: t.Rates.times(factor)}
	for above, rates := range t.Steps {
		for key, rate := range rates.times(factor) {
			out.setStep(above, key, rate)
		}
	}
	return out
}

func (r Rates) times(factor *big.Rat) Rates {
	out := make(Rates, len(r))
	for key, rate := range r {
		out[key] = new(big.Rat).Mul(rate, factor)
	}
	return out
}

// addName adds a name that is not there yet, in lower case.
func (m *Model) addName(name string) {
	name = strings.ToLower(strings.TrimSpace(name))
	if name != "" && len(name) <= maxNameLength && !strings.ContainsAny(name, "|\t\n=") && !slices.Contains(m.Names, name) {
		m.Names = append(m.Names, name)
	}
}

// maxNameLength bounds names, in bytes, as the price table does.
const maxNameLength = 256

// decimals is how many decimals of a price per million tokens are kept: a token
// then has a whole number of picodollars.
const decimals = 6

// Decimal writes a price with at most six decimals.
func Decimal(rate *big.Rat) string { return trim(rate.FloatString(decimals)) }

// Fee writes an amount of dollars with at most twelve decimals.
func Fee(amount *big.Rat) string { return trim(amount.FloatString(2 * decimals)) }

func trim(text string) string {
	if strings.Contains(text, ".") {
		text = strings.TrimRight(strings.TrimRight(text, "0"), ".")
	}
	return text
}
