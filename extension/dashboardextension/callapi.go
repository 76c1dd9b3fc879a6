// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package dashboardextension

import (
	"net/http"
	"time"

	"github.com/otelcol-arc/otelcol-arc/internal/dashboard"
)

// oneCallJSON is a call with its price.
type oneCallJSON struct {
	callJSON
	Price *callPriceJSON `json:"price"`
}

type callPriceJSON struct {
	Entry       string          `json:"entry"`
	Provider    string          `json:"provider"`
	List        string          `json:"list"`
	Source      string          `json:"source"`
	Checked     *time.Time      `json:"checked"`
	Region      string          `json:"region"`
	Tier        string          `json:"tier"`
	Lines       []priceLineJSON `json:"lines"`
	Adjustments []string        `json:"adjustments"`
	Changed     bool            `json:"changed"`
}

type priceLineJSON struct {
	Kind   string  `json:"kind"`
	Amount float64 `json:"amount"`
	Cost   dollars `json:"cost_dollars"`
}

func (b *dashboardServer) getCall(r *http.Request) (response, error) {
	usage, _, call, err := b.oneCall(r)
	if err != nil {
		return response{}, err
	}
	out := oneCallJSON{callJSON: b.newCallJSON(usage.Dimensions(), &call)}
	if source, ok := usage.(dashboard.CallSource); ok {
		if price, known := source.CallPrice(call.ID); known {
			out.Price = newCallPriceJSON(&price)
		}
	}
	return response{data: out}, nil
}

func newCallPriceJSON(p *dashboard.CallPrice) *callPriceJSON {
	out := &callPriceJSON{
		Entry: p.Entry, Provider: p.Provider, List: p.List, Source: p.Source, Checked: knownTime(p.Checked), Region: p.Region, Tier: p.Tier,
		Lines: []priceLineJSON{}, Adjustments: append([]string{}, p.Adjustments...), Changed: p.Changed,
	}
	for _, line := range p.Lines {
		out.Lines = append(out.Lines, priceLineJSON{line.Kind.String(), float64(line.Amount) / float64(line.Kind.Scale()), dollars(line.Dollars)})
	}
	return out
}
