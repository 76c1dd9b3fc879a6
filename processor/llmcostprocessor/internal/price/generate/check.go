// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bufio"
	"fmt"
	"io"
	"maps"
	"math/big"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/otelcol-arc/otelcol-arc/internal/usage"
	"github.com/otelcol-arc/otelcol-arc/processor/llmcostprocessor/internal/price"
	"github.com/otelcol-arc/otelcol-arc/processor/llmcostprocessor/internal/price/source"
)

// comparison is how the built-in table and one list agree about one seller.
type comparison struct{ pairs, equal, listed, missing, different, another int }

func (c *comparison) add(o comparison) {
	c.pairs += o.pairs
	c.equal += o.equal
	c.listed += o.listed
	c.missing += o.missing
	c.different += o.different
	c.another += o.another
}

// check compares the built-in table with a list, seller by seller: what a call of a
// million tokens of input and of output costs. A difference that differences.tsv
// lists is printed with its reason, others as such.
func check(out io.Writer, table *price.Table, name string, models []source.Model, reasons map[[2]string]string, at time.Time) comparison {
	bySeller := map[string]*comparison{}
	var notes []string
	for i := range models {
		model := &models[i]
		p := model.At(at)
		if p == nil || model.Unknown() || len(p.Tiers) == 0 {
			continue
		}
		c := bySeller[model.Seller]
		if c == nil {
			c = &comparison{}
			bySeller[model.Seller] = c
		}
		c.pairs++
		want := fmt.Sprintf("%s/%s", rateOf(tariffAt(p, at), "input"), rateOf(tariffAt(p, at), "output"))
		got, seller := cost(table, model, at)
		reason := reasonOf(model, reasons)
		switch {
		case seller != "" && seller != model.Seller:
			c.another++
			notes = append(notes, fmt.Sprintf("  %s %s: ANOTHER SELLER, %s", model.Seller, model.Name(), seller))
		case same(got, tariffAt(p, at)):
			c.equal++
		case reason != "":
			c.listed++
			notes = append(notes, fmt.Sprintf("  %s %s: %s, here %s: %s", model.Seller, model.Name(), want, text(got), reason))
		case seller == "":
			c.missing++
			notes = append(notes, fmt.Sprintf("  %s %s: %s, missing here", model.Seller, model.Name(), want))
		default:
			c.different++
			notes = append(notes, fmt.Sprintf("  %s %s: %s, here %s: NOT LISTED", model.Seller, model.Name(), want, text(got)))
		}
	}
	var all comparison
	fmt.Fprintf(out, "%-24s %6s %6s %7s %8s %10s %8s\n", name, "pairs", "equal", "listed", "missing", "different", "another")
	for _, seller := range slices.Sorted(maps.Keys(bySeller)) {
		c := bySeller[seller]
		all.add(*c)
		fmt.Fprintf(out, "%-24s %6d %6d %7d %8d %10d %8d\n", seller, c.pairs, c.equal, c.listed, c.missing, c.different, c.another)
	}
	fmt.Fprintf(out, "%-24s %6d %6d %7d %8d %10d %8d  %.1f %% equal\n", "all", all.pairs, all.equal, all.listed, all.missing, all.different, all.another, 100*float64(all.equal)/float64(max(all.pairs, 1)))
	slices.Sort(notes)
	fmt.Fprintln(out, strings.Join(notes, "\n"))
	return all
}

func tariffAt(p *source.Price, at time.Time) source.Tariff {
	at = at.UTC()
	minute, day := at.Hour()*60+at.Minute(), (int(at.Weekday())+6)%7+1
	for _, h := range p.Hours {
		if h.From <= minute && minute < h.To && (len(h.Days) == 0 || slices.Contains(h.Days, day)) {
			return h.Tariff
		}
	}
	return p.Tiers[source.Standard]
}

// amounts are what a million tokens cost here, by key.
type amounts map[string]*big.Rat

// cost is what the table has, and whose entry it is.
func cost(table *price.Table, model *source.Model, at time.Time) (amounts, string) {
	m, found := table.Find(model.Seller, model.Name())
	if !found {
		return nil, ""
	}
	got := amounts{}
	for key, kind := range map[string]usage.Kind{"input": usage.Input, "output": usage.Output} {
		var of usage.Amounts
		of[kind] = 1000
		if quote, ok := m.Quote(price.Ask{Usage: &of, At: at, Sum: true}); ok {
			got[key] = new(big.Rat).SetFrac64(int64(quote.Cost), 1_000_000_000)
		}
	}
	return got, m.Provider
}

// same compares what both have, but for rounding.
func same(got amounts, want source.Tariff) bool {
	for key, rate := range want.Rates {
		if key != "input" && key != "output" {
			continue
		}
		if got[key] == nil || !near(got[key], rate) {
			return false
		}
	}
	return got != nil
}

func text(got amounts) string {
	write := func(key string) string {
		if got[key] == nil {
			return "none"
		}
		return source.Decimal(got[key])
	}
	return write("input") + "/" + write("output")
}

func reasonOf(model *source.Model, reasons map[[2]string]string) string {
	for _, name := range model.Names {
		if reason := reasons[[2]string{model.Seller, name}]; reason != "" {
			return reason
		}
	}
	return ""
}

// readReasons reads differences.tsv: the decision and reason, by seller and each name
// that the table has for the entry.
func readReasons(file string, table *price.Table) (map[[2]string]string, error) {
	in, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer in.Close()
	reasons := map[[2]string]string{}
	lines := bufio.NewScanner(in)
	for lines.Scan() {
		fields := strings.Split(lines.Text(), "\t")
		if len(fields) < 9 || fields[0] == "seller" {
			continue
		}
		reason := fields[7] + ": " + fields[8]
		reasons[[2]string{fields[0], fields[1]}] = reason
		if m, found := table.Find(fields[0], fields[1]); found {
			for _, name := range m.Names() {
				reasons[[2]string{fields[0], name}] = reason
			}
		}
	}
	repaired, err := price.Repaired()
	for id := range repaired {
		reasons[id] = "prices.yaml: repaired there, with the reason"
	}
	return reasons, err
}
