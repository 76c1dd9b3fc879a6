// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

// Package report reads the cost and usage reports of providers.
package report

import (
	"context"
	"errors"
	"fmt"
	"math/big"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

// Cost is an amount that a provider billed for a day (UTC).
type Cost struct {
	Day     string   `json:"day"`               // 2026-11-28
	Project string   `json:"project,omitempty"` // its ID; "" for none
	Item    string   `json:"item"`              // the model as the provider names it, or another item of the bill
	Dollars *big.Rat `json:"dollars"`
}

// Usage is how much of a kind was billed for a day. Kinds are those of the usage table,
// disjoint, and requests.
type Usage struct {
	Day     string `json:"day"`
	Project string `json:"project,omitempty"`
	Model   string `json:"model"`
	Kind    string `json:"kind"`
	Tier    string `json:"tier,omitempty"` // standard, batch, flex, priority; "" where it is not reported
	Amount  int64  `json:"amount"`
}

// Kinds of usage, by their names in the usage table.
const (
	input        = "input"
	cacheRead    = "cache_read"
	cacheWrite   = "cache_write"
	cacheWrite1h = "cache_write_1h"
	audioInput   = "audio_input"
	output       = "output"
	audioOutput  = "audio_output"
	reasoning    = "reasoning"
	webSearches  = "web_searches"
	requests     = "requests"
)

// Client sends a request to a provider and decodes the response. Its errors say what to do.
type Client interface {
	Do(ctx context.Context, request *http.Request, into any) error
}

// API is what reports are read from.
type API struct {
	Client   Client
	Endpoint string
}

// Days are whole days (UTC), from the first one until before another.
type Days struct{ From, To time.Time }

// Provider asks one provider.
type Provider struct {
	// Name is the value of the label provider.
	Name string
	// Endpoint is where it is asked by default.
	Endpoint string
	// MaxDays is how far back it reports.
	MaxDays int
	// Key is what the key of the account is called there, and Scope what it needs.
	Key, Scope string
	// Authorize adds the key to a request. It is nil where an extension signs requests.
	Authorize func(request *http.Request, key string)
	// Costs and Usage ask for days. Usage is nil where there is no report of it.
	Costs func(ctx context.Context, api API, of Days) ([]Cost, error)
	Usage func(ctx context.Context, api API, of Days) ([]Usage, error)
}

// Providers are all that can be asked, by their names in configurations.
var Providers = map[string]*Provider{
	"openai":     &openAI,
	"anthropic":  &anthropic,
	"openrouter": &openRouter,
	"bedrock":    &bedrock,
}

// maxPages bounds the pages of one report: a server that never ends a report must not
// be asked forever.
const maxPages = 200

// ErrPages means that a report did not end.
var ErrPages = fmt.Errorf("the report has more than %d pages", maxPages)

var errSamePage = errors.New("the report names the same next page twice")

// get asks for a path, and decodes the response into a value.
func (a API) get(ctx context.Context, path string, query url.Values, into any) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, strings.TrimSuffix(a.Endpoint, "/")+path+"?"+query.Encode(), http.NoBody)
	if err != nil {
		return err
	}
	return a.Client.Do(ctx, request, into)
}

// pages calls read with each page, from the first one, which is "".
func pages(read func(page string) (next string, err error)) error {
	page := ""
	for range maxPages {
		next, err := read(page)
		switch {
		case err != nil || next == "":
			return err
		case next == page:
			return errSamePage
		}
		page = next
	}
	return ErrPages
}

// bucket is a day of a report, and its results.
type bucket[T any] interface {
	results() (day string, all []T)
}

// readBuckets asks for all pages of a report of OpenAI or of Anthropic, and adds each result.
func readBuckets[B bucket[T], T any](ctx context.Context, api API, path string, query url.Values, add func(day string, result *T) error) error {
	return pages(func(page string) (next string, err error) {
		if page != "" {
			query.Set("page", page)
		}
		var body struct {
			Data     []B    `json:"data"`
			HasMore  bool   `json:"has_more"`
			NextPage string `json:"next_page"`
		}
		if err := api.get(ctx, path, query, &body); err != nil {
			return "", err
		}
		for _, each := range body.Data {
			day, all := each.results()
			for i := range all {
				if err := add(day, &all[i]); err != nil {
					return "", err
				}
			}
		}
		if !body.HasMore {
			return "", nil
		}
		return body.NextPage, nil
	})
}

// DayOf is the day of a time, in UTC.
func DayOf(t time.Time) string { return t.UTC().Format(time.DateOnly) }

// parseAmount reads an amount of a currency, which must be USD.
func parseAmount(text, currency string) (*big.Rat, error) {
	if !strings.EqualFold(currency, "USD") {
		return nil, fmt.Errorf("an amount is in %q, only US dollars are supported", currency)
	}
	if len(text) > 64 || strings.ContainsAny(text, "/xXpP_") {
		return nil, fmt.Errorf("%.64q is not an amount", text)
	}
	amount, ok := new(big.Rat).SetString(text)
	if _, exponent, has := strings.Cut(strings.ToLower(text), "e"); !ok || has && len(exponent) > 3 {
		return nil, fmt.Errorf("%.64q is not an amount", text)
	}
	return amount, nil
}

// Merge adds up costs of the same item, project and day, in order.
func Merge(costs []Cost) []Cost {
	type key struct{ day, project, item string }
	sums := map[key]*big.Rat{}
	var out []Cost
	for _, c := range costs {
		id := key{c.Day, c.Project, c.Item}
		if sum, known := sums[id]; known {
			sum.Add(sum, c.Dollars)
			continue
		}
		c.Dollars = new(big.Rat).Set(c.Dollars)
		sums[id] = c.Dollars
		out = append(out, c)
	}
	slices.SortFunc(out, func(a, b Cost) int {
		return strings.Compare(a.Day+"\x00"+a.Project+"\x00"+a.Item, b.Day+"\x00"+b.Project+"\x00"+b.Item)
	})
	return out
}
