// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

// Package pricelist opens the price table that llm_cost prices calls by, for
// those who want to look into it or to check files of their own.
package pricelist

import (
	"time"

	"github.com/otelcol-arc/otelcol-arc/processor/llmcostprocessor/internal/price"
)

// List is the built-in table with files laid over it.
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

// Version is the day of the built-in prices, with a hash of the files.
func (l *List) Version() string { return l.table.Version() }

// Len is the number of models.
func (l *List) Len() int { return l.table.Len() }

// Entry is what a model costs.
type Entry struct {
	// Provider and Name are those of the entry; Name is empty where the whole
	// provider is free.
	Provider, Name string
	// Names are all that mean the entry.
	Names []string
	// Source is the page or file that the newest price is from.
	Source string
	// Prices are lines as price files write them, in dollars per million tokens;
	// fees are in dollars. Empty: no price was valid at the time.
	Prices []string
}

// Lookup finds a model as telemetry writes its provider, which may be empty,
// and its name, with the prices at that time.
func (l *List) Lookup(provider, name string, at time.Time) (Entry, bool) {
	m, ok := l.table.Find(provider, name)
	if !ok {
		return Entry{}, false
	}
	return Entry{Provider: m.Provider, Name: m.Name, Names: m.Names(), Source: m.Source(), Prices: m.Describe(at)}, true
}
