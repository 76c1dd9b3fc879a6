// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package dashboardextension

import (
	"errors"
	"fmt"
	"io"
	"iter"
	"net/http"
	"slices"
	"time"

	"github.com/otelcol-arc/otelcol-arc/extension/dashboardextension/internal/focus"
	"github.com/otelcol-arc/otelcol-arc/internal/dashboard"
	"github.com/otelcol-arc/otelcol-arc/internal/period"
)

// focusFormats are the media types of the formats of an export.
var focusFormats = map[string]string{
	"csv": "text/csv; charset=utf-8; header=present", "parquet": "application/vnd.apache.parquet",
}

// getFocus exports usage as the FinOps Open Cost and Usage Specification has it. Charge
// periods are hours or days in UTC.
func (b *dashboardServer) getFocus(r *http.Request) (response, error) {
	p := newParams(r.URL.Query())
	usage, err := b.usageOf(p)
	if err != nil {
		return response{}, err
	}
	if extent := usage.Extent(); extent.SumsOnly {
		return response{}, &failure{badData, errors.New("parameter source: FOCUS needs the prices of a ledger, which this source does not have")}
	}
	format := p.oneOf("format", "csv", "parquet")
	step := period.Unit(p.oneOf("step", "day", "hour"))
	export := focusExport{usage: usage, step: step, where: p.where(usage.Dimensions()), account: p.text("account"), now: b.now()}
	export.of = p.period(b.now().UTC(), 0)
	if err := p.err(); err != nil {
		return response{}, err
	}
	if export.of.From.IsZero() {
		return response{}, &failure{badData, errors.New("parameter from: is required")}
	}
	if export.of.From = step.Floor(export.of.From); !export.of.From.Before(export.of.To) {
		return response{}, &failure{badData, errors.New("parameter from: must be before to")}
	}
	write := focus.WriteCSV
	if format == "parquet" {
		write = focus.WriteParquet
	}
	return response{
		contentType: focusFormats[format], headers: attachment("focus." + format),
		stream: func(to io.Writer) error { return write(to, export.charges()) },
	}, nil
}

// focusExport is what is exported.
type focusExport struct {
	usage   dashboard.Usage
	of      period.Period
	step    period.Unit
	where   map[string]string
	account string // of the bill; "": the name of the provider
	now     time.Time
}

// charges asks for one charge period after the other, so that the rows of one are in memory.
func (e *focusExport) charges() iter.Seq2[focus.Charge, error] {
	by := e.usage.Dimensions()
	model, provider := slices.Index(by, dashboard.Model), slices.Index(by, dashboard.Provider)
	return func(yield func(focus.Charge, error) bool) {
		for from := e.of.From; from.Before(e.of.To) && !from.After(e.now); from = e.step.Next(from) {
			to := e.step.Next(from)
			rows, err := e.usage.Usage(dashboard.Query{From: from, To: to, GroupBy: by, Where: e.where})
			if err != nil {
				yield(focus.Charge{}, fmt.Errorf("charge period %s: %w", from.Format(time.RFC3339), err))
				return
			}
			tariffs := map[[2]string]*dashboard.Tariff{}
			for i := range rows {
				row := focus.Row{Start: from, End: to, Account: e.account, Tags: map[string]string{}, Usage: &rows[i].Usage}
				for at, dimension := range by {
					switch value := rows[i].Group[at]; {
					case at == model:
						row.Model = value
					case at == provider:
						row.Provider = value
					case value != "":
						row.Tags[dimension] = value
					}
				}
				id := [2]string{row.Provider, row.Model}
				if tariffs[id] == nil {
					tariff := e.usage.Tariff(row.Provider, row.Model, from)
					tariffs[id] = &tariff
				}
				row.Tariff = tariffs[id]
				for _, charge := range focus.Charges(&row) {
					if !yield(charge, nil) {
						return
					}
				}
			}
		}
	}
}
