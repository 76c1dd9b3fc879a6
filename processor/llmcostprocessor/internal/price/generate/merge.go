// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"cmp"
	"fmt"
	"maps"
	"math/big"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/otelcol-arc/otelcol-arc/processor/llmcostprocessor/internal/price/source"
)

// merger makes one table of the lists.
//
//   - An entry is one name at one seller. What a seller's own API and a cloud sell
//     under one name are two entries, at their own prices.
//   - Where both lists know a model, its history is that of genai-prices, and today's
//     price takes from litellm what genai-prices leaves out: tiers, lengths,
//     hours, kinds, fees. Tomorrow's prices keep their own.
//   - models.dev adds what neither has.
//   - A name without a date has all kinds that its dated entries have.
//   - Where both have a price of today and differ, decide chooses one and records why.
//   - Prices that are impossible for their unit are rejected: see units.go.
//   - A price of zero counts as unknown, unless the model's name contains "free".
type merger struct {
	now                   time.Time
	genai, litellm, third []source.Model
	byName                map[[2]string]*source.Model // by seller and name
	opinions              map[[2]string]*source.Model // of models.dev
	models                []*source.Model
	fromLitellm           map[*source.Model]bool
	repaired              map[[2]string]bool // what prices.yaml has, by seller and name
	listed                []difference
	refused               []source.Refusal
}

// difference is a price that the lists do not agree on.
type difference struct {
	seller, model, tier, key string
	genai, litellm, third    string
	decision, reason         string
}

func newMerger(now time.Time) *merger {
	return &merger{
		now: now, byName: map[[2]string]*source.Model{}, opinions: map[[2]string]*source.Model{},
		fromLitellm: map[*source.Model]bool{}, repaired: map[[2]string]bool{},
	}
}

func (m *merger) refuse(seller, name, reason string) {
	m.refused = append(m.refused, source.Refusal{Seller: seller, Name: name, Reason: reason})
}

func (m *merger) merge() []*source.Model {
	for i := range m.third {
		for _, name := range m.third[i].Names {
			m.opinions[[2]string{m.third[i].Seller, name}] = &m.third[i]
		}
	}
	m.genai = m.plausible(perCloud(m.genai), m.litellm)
	m.litellm = m.plausible(m.litellm, m.genai)
	for i := range m.genai {
		m.add(&m.genai[i])
	}
	// A name comes before those with a date behind it, which may be its aliases.
	slices.SortStableFunc(m.litellm, func(a, b source.Model) int {
		return cmp.Or(cmp.Compare(len(a.Name()), len(b.Name())), cmp.Compare(a.Name(), b.Name()))
	})
	for i := range m.litellm {
		m.join(&m.litellm[i])
	}
	m.dropUnknown()
	m.third = m.plausible(m.third, m.genai)
	for i := range m.third {
		// What neither of the two has.
		if model := &m.third[i]; m.counterpart(model) == nil && !m.repaired[[2]string{model.Seller, model.Name()}] && (model.Seller != "bedrock" || ofBedrock(model.Name())) {
			m.add(model)
		}
	}
	m.dropUnknown()
	for _, model := range m.models {
		hourWrites(model)
		imagesAlone(model)
	}
	m.completeUndated()
	m.compareThird()
	m.shortNames()
	slices.SortFunc(m.models, func(a, b *source.Model) int {
		return cmp.Or(cmp.Compare(rank(a.Seller), rank(b.Seller)), cmp.Compare(a.Seller, b.Seller), cmp.Compare(a.Name(), b.Name()))
	})
	return m.models
}

// dropUnknown removes entries without a price, so that a list that has one can add it.
func (m *merger) dropUnknown() {
	maps.DeleteFunc(m.byName, func(_ [2]string, model *source.Model) bool { return model.Unknown() })
	m.models = slices.DeleteFunc(m.models, (*source.Model).Unknown)
}

// perCloud gives Vertex entries of its own: genai-prices has one provider for it and
// for the Gemini API, whose models Google made itself.
func perCloud(models []source.Model) []source.Model {
	var out []source.Model
	for _, model := range models {
		if model.Seller == "openai" && strings.HasPrefix(model.Name(), "gpt-oss") {
			continue // open models, which OpenAI does not serve
		}
		if model.Seller == "google" {
			vertex := model
			vertex.Seller, vertex.Names = "vertex", slices.Clone(model.Names)
			vertex.Prices = slices.Clone(model.Prices)
			for i := range vertex.Prices {
				vertex.Prices[i] = clonePrice(vertex.Prices[i])
			}
			out = append(out, vertex)
			if !model.OfGoogle() {
				continue
			}
		}
		out = append(out, model)
	}
	return out
}

func clonePrice(p source.Price) source.Price {
	tiers := map[string]source.Tariff{}
	for tier, tariff := range p.Tiers {
		tiers[tier] = cloneTariff(tariff)
	}
	p.Tiers = tiers
	p.Fees = maps.Clone(p.Fees)
	p.Hours = slices.Clone(p.Hours)
	return p
}

func cloneTariff(t source.Tariff) source.Tariff {
	out := source.Tariff{Rates: maps.Clone(t.Rates), Steps: map[int64]source.Rates{}}
	for above, rates := range t.Steps {
		out.Steps[above] = maps.Clone(rates)
	}
	return out
}

// add takes up an entry, under those of its names that no entry has yet.
func (m *merger) add(model *source.Model) {
	var free []string
	for _, name := range model.Names {
		if m.byName[[2]string{model.Seller, name}] == nil {
			free = append(free, name)
		}
	}
	if len(free) == 0 {
		return
	}
	model.Names = free
	m.models = append(m.models, model)
	for _, name := range free {
		m.byName[[2]string{model.Seller, name}] = model
	}
}

var date = regexp.MustCompile(`[-@](20\d{6}|20\d\d-\d\d-\d\d)$`)

// join adds what litellm knows to the entry that means the same, or an entry.
func (m *merger) join(theirs *source.Model) {
	if theirs.Seller == "bedrock" && !ofBedrock(theirs.Name()) {
		return // a name with neither the maker nor the region
	}
	ours := m.counterpart(theirs)
	if ours != nil && theirs.Seller == "bedrock" && strings.HasPrefix(theirs.Name(), "us-gov") && !m.costTheSame(ours, theirs) {
		m.detach(ours, theirs)
		ours = nil
	}
	if ours == nil {
		m.fromLitellm[theirs] = true
		m.add(theirs)
		return
	}
	for _, name := range theirs.Names {
		if key := [2]string{ours.Seller, name}; m.byName[key] == nil {
			ours.Names = append(ours.Names, name)
			m.byName[key] = ours
		}
	}
	a, b := ours.At(m.now), theirs.At(m.now)
	if a == nil || b == nil {
		return
	}
	if !m.complete(pair{ours, theirs}, a, b) {
		m.split(ours, theirs)
	}
}

// split gives the names that litellm has for a price that counts an entry of their
// own, where ours has other names too: mistral-large-2411 keeps its price when
// mistral-large means another model.
func (m *merger) split(ours, theirs *source.Model) {
	rest := slices.DeleteFunc(slices.Clone(ours.Names), func(name string) bool { return slices.Contains(theirs.Names, name) })
	if len(rest) == 0 {
		ours.At(m.now).Tiers = theirs.At(m.now).Tiers
		return
	}
	ours.Names = rest
	for _, name := range theirs.Names {
		delete(m.byName, [2]string{theirs.Seller, name})
	}
	m.fromLitellm[theirs] = true
	m.add(theirs)
}

// counterpart is the entry that means the same as one of litellm, or nil.
func (m *merger) counterpart(theirs *source.Model) *source.Model {
	if known := m.byName[[2]string{theirs.Seller, theirs.Name()}]; known != nil {
		return known
	}
	if theirs.Seller == "bedrock" {
		// genai-prices has the names of Bedrock without their versions.
		if known := m.byName[[2]string{theirs.Seller, version.ReplaceAllString(theirs.Name(), "")}]; known != nil {
			return known
		}
	}
	// A date behind a known name is another name of it, if it costs the same.
	plain := date.ReplaceAllString(theirs.Name(), "")
	if known := m.byName[[2]string{theirs.Seller, plain}]; known != nil && plain != theirs.Name() && m.costTheSame(known, theirs) {
		return known
	}
	return nil
}

// detach takes GovCloud's names off an entry of genai-prices, which counts it as any
// other region.
func (m *merger) detach(ours, theirs *source.Model) {
	for _, key := range [...]string{"input", "output"} {
		x, y := ours.At(m.now).Tiers[source.Standard].Rates[key], theirs.At(m.now).Tiers[source.Standard].Rates[key]
		if x != nil && y != nil && !near(x, y) {
			m.list(difference{
				seller: ours.Seller, model: theirs.Name(), tier: source.Standard, key: key,
				genai: source.Decimal(x), litellm: source.Decimal(y), decision: "litellm",
				reason: "GovCloud costs 20 % more than the global price; genai-prices counts it as any other region",
			})
		}
	}
	plain := version.ReplaceAllString(theirs.Name(), "")
	for _, name := range ours.Names {
		if name == theirs.Name() || version.ReplaceAllString(name, "") == plain {
			delete(m.byName, [2]string{ours.Seller, name})
		}
	}
	ours.Names = slices.DeleteFunc(ours.Names, func(name string) bool {
		return name == theirs.Name() || version.ReplaceAllString(name, "") == plain
	})
}

func (m *merger) costTheSame(a, b *source.Model) bool {
	x, y := a.At(m.now), b.At(m.now)
	if x == nil || y == nil {
		return false
	}
	s, t := x.Tiers[source.Standard], y.Tiers[source.Standard]
	for key, rate := range t.Rates {
		if known := s.Rates[key]; known == nil || known.Cmp(rate) != 0 {
			return false
		}
	}
	return len(t.Rates) > 0
}

// complete adds to today's price what the other list has, and decides where they
// differ. It is false where the other's price counts.
func (m *merger) complete(of pair, a, b *source.Price) (one bool) {
	switch {
	case len(a.Tiers) == 0:
		a.Tiers = b.Tiers
	case len(b.Tiers) > 0:
		if !m.completeTiers(of, a, b) {
			return false
		}
	}
	if a.Fees == nil {
		a.Fees = source.Rates{}
	}
	for key, fee := range b.Fees {
		if known := a.Fees[key]; known == nil {
			a.Fees[key] = fee
		} else if !near(known, fee) {
			a.Fees[key] = m.decide(of, "fees", key, known, fee)
		}
	}
	for region, factor := range of.theirs.Uplifts {
		if of.ours.Uplifts == nil {
			of.ours.Uplifts = map[string]*big.Rat{}
		}
		of.ours.Uplifts[region] = factor
	}
	return true
}

func (m *merger) completeTiers(of pair, a, b *source.Price) (one bool) {
	if len(b.Hours) > 0 && !m.fromLitellm[of.ours] {
		// Both know other prices at some hours; litellm knows the days of the week too.
		m.list(difference{
			seller: of.ours.Seller, model: of.ours.Name(), tier: "hours", key: "input",
			genai: rateOf(a.Tiers[source.Standard], "input"), litellm: rateOf(b.Tiers[source.Standard], "input"),
			decision: "litellm", reason: "hours of the day: only litellm has the days of the week, and both agree on the prices at each hour",
		})
		a.Tiers[source.Standard], a.Hours = b.Tiers[source.Standard], b.Hours
	}
	x, y := a.Tiers[source.Standard], b.Tiers[source.Standard]
	if winner := m.decideBase(of, x, y); winner == ofLitellm {
		return false
	} else if winner != "" {
		return true // their tiers are of another price
	}
	for tier, tariff := range b.Tiers {
		known, ok := a.Tiers[tier]
		if !ok {
			a.Tiers[tier] = tariff
			continue
		}
		// A dated price without steps has given them up; one that was always there lacks them.
		m.completeTariff(of, tier, &known, tariff, a.From.IsZero() || tier != source.Standard)
		a.Tiers[tier] = known
	}
	return true
}

func (m *merger) completeTariff(of pair, tier string, x *source.Tariff, y source.Tariff, takeSteps bool) {
	m.completeRates(of, tier, x.Rates, y.Rates)
	if len(x.Steps) == 0 {
		if takeSteps {
			x.Steps = y.Steps
		}
		return
	}
	for above, rates := range y.Steps {
		if x.Steps[above] != nil {
			m.completeRates(of, fmt.Sprintf("%s above %d", tier, above), x.Steps[above], rates)
		}
	}
}

func (m *merger) completeRates(of pair, tier string, x, y source.Rates) {
	if y["output"] == nil && y["image_output"] != nil && x["output"] != nil && x["image_output"] == nil && near(x["output"], y["image_output"]) {
		delete(x, "output") // all output of such a model is images
	}
	for key, rate := range y {
		if known := x[key]; known == nil {
			x[key] = rate
		} else if !near(known, rate) {
			x[key] = m.decide(of, tier, key, known, rate)
		}
	}
}

func rateOf(t source.Tariff, key string) string {
	if t.Rates[key] == nil {
		return ""
	}
	return source.Decimal(t.Rates[key])
}

// near reports whether two prices differ only by rounding: by less than two in a
// thousand.
func near(a, b *big.Rat) bool {
	difference := new(big.Rat).Sub(a, b)
	return difference.Abs(difference).Cmp(new(big.Rat).Mul(maxOf(a, b), big.NewRat(2, 1000))) <= 0
}

func maxOf(a, b *big.Rat) *big.Rat {
	if a.Cmp(b) > 0 {
		return a
	}
	return b
}

func (m *merger) list(d difference) {
	if m.repaired[[2]string{d.seller, d.model}] {
		d.decision, d.reason = "prices.yaml", "repaired there, with the reason"
	}
	m.listed = append(m.listed, d)
}

// differences writes what differs, and what was refused.
func (m *merger) differences() []byte {
	var out bytes.Buffer
	out.WriteString("seller\tmodel\ttier\tkey\tgenai-prices\tlitellm\tmodels.dev\tdecision\treason\n")
	lines := make([]string, 0, len(m.listed)+len(m.refused))
	for _, d := range m.listed {
		lines = append(lines, strings.Join([]string{d.seller, d.model, d.tier, d.key, d.genai, d.litellm, d.third, d.decision, d.reason}, "\t"))
	}
	for _, r := range m.refused {
		lines = append(lines, strings.Join([]string{r.Seller, r.Name, "", "", "", "", "", "refused", r.Reason}, "\t"))
	}
	slices.Sort(lines)
	for _, line := range slices.Compact(lines) {
		out.WriteString(line + "\n")
	}
	return out.Bytes()
}
