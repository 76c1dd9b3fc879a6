// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

// Package pricelist opens the price table that llm_cost prices calls by, for
// those who want to look into it, to compare it or to check files of their own.
package pricelist

import (
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/otelcol-arc/otelcol-arc/processor/llmcostprocessor/internal/price"
)

// List is the built-in table, overridden by files.
type List struct {
	table *price.Table
}

// Open reads the files as prices::files of llm_cost does. Its error names the
// file, line and key of everything that is wrong.
func Open(files []string) (*List, error) {
	table, err := price.Load(files)
	if err != nil {
		return nil, err
	}
	return &List{table: table}, nil
}

// OpenAlone reads files without the built-in table below them.
func OpenAlone(files []string) (*List, error) {
	table, err := price.LoadAlone(files)
	if err != nil {
		return nil, err
	}
	return &List{table: table}, nil
}

// Version is the day of the built-in prices, with a hash of the files.
func (l *List) Version() string { return l.table.Version() }

// Date is the day on which the built-in prices were read.
func (l *List) Date() time.Time { return l.table.Date() }

// Len is the number of models.
func (l *List) Len() int { return l.table.Len() }

// Query is what telemetry reports about a call.
type Query = price.Query

// Entry is what a model costs.
type Entry struct {
	// Provider and Name are those of the entry; Name is empty where the whole
	// provider is free.
	Provider, Name string
	// Names are all that mean the entry.
	Names []string
	// Source is the web page or file that the newest price is from.
	Source string
	// List is the list that the entry is from: built-in, or a file.
	List string
	// Checked is when the newest price was compared with its source; zero: unknown.
	Checked time.Time
	// Prices are lines as price files write them, in dollars per million tokens;
	// fees are in dollars. Empty: no price was valid at the time.
	Prices []string
}

// Resolution is how a query was resolved.
type Resolution struct {
	// Seller is who is taken to have sold the call, and By what it is known from.
	Seller, By string
	// Name is the name of the entry that matched.
	Name string
	// Region is the region whose surcharge is in the prices, if any.
	Region string
	// Doubt is why the price may be another, if it may.
	Doubt string
	// Provisioned reports that calls cost nothing each: the capacity is paid by the hour.
	Provisioned bool
}

// Names are the names of the models, in order.
func (l *List) Names() []string {
	set := map[string]bool{}
	for m := range l.table.Models() {
		set[m.Name] = true
	}
	return slices.Sorted(maps.Keys(set))
}

// Resolve finds the entry that a query means, and reports how.
func (l *List) Resolve(q Query, at time.Time) (Entry, Resolution, bool) {
	m := l.table.Resolve(q)
	how := Resolution{Seller: m.Seller, By: m.By, Name: m.Name, Region: m.Region, Doubt: m.Doubt, Provisioned: m.Provisioned}
	if m.Model == nil {
		return Entry{}, how, false
	}
	return entryOf(m.Model, at), how, true
}

func entryOf(m *price.Model, at time.Time) Entry {
	entry := Entry{Provider: m.Provider, Name: m.Name, Names: m.Names(), Source: m.Source(), Checked: m.Checked(), Prices: m.Describe(at)}
	if list := m.List(); list != nil {
		entry.List = list.Name
	}
	return entry
}

// Difference is a model whose prices two lists do not agree on.
type Difference struct {
	Provider, Name string
	// Lines are the prices that only one list has: "- " those of the first, "+ " those
	// of the second.
	Lines []string
}

// Diff compares the prices of two lists at a time, by provider and canonical name.
func Diff(a, b *List, at time.Time) []Difference {
	before, after := a.entries(at), b.entries(at)
	ids := map[[2]string]bool{}
	for id := range before {
		ids[id] = true
	}
	for id := range after {
		ids[id] = true
	}
	var out []Difference
	for id := range ids {
		d := Difference{Provider: id[0], Name: id[1]}
		for _, line := range before[id] {
			if !slices.Contains(after[id], line) {
				d.Lines = append(d.Lines, "- "+line)
			}
		}
		for _, line := range after[id] {
			if !slices.Contains(before[id], line) {
				d.Lines = append(d.Lines, "+ "+line)
			}
		}
		if len(d.Lines) > 0 {
			out = append(out, d)
		}
	}
	slices.SortFunc(out, func(x, y Difference) int {
		return strings.Compare(x.Provider+"\x00"+x.Name, y.Provider+"\x00"+y.Name)
	})
	return out
}

func (l *List) entries(at time.Time) map[[2]string][]string {
	entries := map[[2]string][]string{}
	for m := range l.table.Models() {
		lines := m.Describe(at)
		if len(lines) > 0 && strings.HasPrefix(lines[0], "valid_from: ") {
			lines = lines[1:] // since when is not what it costs
		}
		entries[[2]string{m.Provider, m.Names()[0]}] = lines
	}
	return entries
}
