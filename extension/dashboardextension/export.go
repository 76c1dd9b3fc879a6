// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package dashboardextension

import (
	"iter"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/otelcol-arc/otelcol-arc/internal/dashboard"
)

// attachment is a file to be downloaded.
func attachment(name string) map[string]string {
	return map[string]string{"Content-Disposition": `attachment; filename="` + name + `"`}
}

// csvResponse is a table as RFC 4180 writes it, the names of the columns first.
func csvResponse(name string, lines iter.Seq2[[]string, error]) response {
	return response{contentType: "text/csv; charset=utf-8; header=present", headers: attachment(name + ".csv"), stream: streamCSV(lines)}
}

// cell keeps spreadsheet programs from reading a text from telemetry as a formula.
// https://owasp.org/www-community/attacks/CSV_Injection
func cell(s string) string {
	if s != "" && strings.ContainsRune("=+-@\t\r", rune(s[0])) {
		return "'" + s
	}
	return s
}

// Figures of missing columns are empty.
func groupLines(by, columns, missing []string, rows iter.Seq2[groupJSON, error]) iter.Seq2[[]string, error] {
	return func(yield func([]string, error) bool) {
		head := []string{"start"}
		for _, dimension := range by {
			head = append(head, cell(dimension))
		}
		line := groupFigures
		named := columns
		if len(columns) > 0 {
			line = func(row *groupJSON) (figures []string) {
				for _, column := range columns {
					figures = append(figures, csvColumns[column](row))
				}
				return figures
			}
			head = append(head, columns...)
		} else {
			named = []string{
				"calls", "errors", "timeouts", "unpriced", "input_tokens", "output_tokens",
				"cache_read_tokens", "cache_write_tokens", "reasoning_tokens", "cost_dollars", "cache_saved_dollars",
			}
			head = append(head, named...)
		}
		if !yield(head, nil) {
			return
		}
		for row, err := range rows {
			figures := line(&row)
			for i, name := range named {
				if slices.Contains(missing, strings.TrimSuffix(name, "_dollars")) {
					figures[i] = ""
				}
			}
			if !yield(append(groupNames(by, &row), figures...), err) {
				return
			}
		}
	}
}

func groupNames(by []string, row *groupJSON) []string {
	var line []string
	if row.Start == nil {
		line = append(line, "")
	} else {
		line = append(line, row.Start.Format(time.RFC3339))
	}
	for _, dimension := range by {
		if row.Group == nil {
			line = append(line, "(others)")
		} else {
			line = append(line, cell(row.Group[dimension]))
		}
	}
	return line
}

func groupFigures(row *groupJSON) []string {
	t := row.Tokens
	return []string{
		whole(row.Calls), whole(row.Errors), whole(row.Timeouts), whole(row.Unpriced), whole(t.Input), whole(t.Output),
		whole(t.CacheRead), whole(t.CacheWrite), whole(t.Reasoning), decimal(&row.Cost), decimal(&row.Saved),
	}
}

// csvColumns are the columns that can be chosen: those of the dashboard's table.
var csvColumns = map[string]func(*groupJSON) string{
	"share":            func(row *groupJSON) string { return decimal(row.Share) },
	"cost":             func(row *groupJSON) string { return decimal(&row.Cost) },
	"calls":            func(row *groupJSON) string { return whole(row.Calls) },
	"average_cost":     func(row *groupJSON) string { return decimal(row.AverageCost) },
	"average_duration": func(row *groupJSON) string { return row.duration(func(d *durationJSON) float64 { return d.Average }) },
	"p50":              func(row *groupJSON) string { return row.duration(func(d *durationJSON) float64 { return d.P50 }) },
	"p95":              func(row *groupJSON) string { return row.duration(func(d *durationJSON) float64 { return d.P95 }) },
	"p99":              func(row *groupJSON) string { return row.duration(func(d *durationJSON) float64 { return d.P99 }) },
	"error_ratio":      func(row *groupJSON) string { return decimal(row.ErrorRatio) },
	"input_tokens":     func(row *groupJSON) string { return whole(row.Tokens.Input) },
	"output_tokens":    func(row *groupJSON) string { return whole(row.Tokens.Output) },
	"reasoning_tokens": func(row *groupJSON) string { return whole(row.Tokens.Reasoning) },
	"cache_read_ratio": func(row *groupJSON) string { return decimal(row.CacheReadRatio) },
	"cache_saved":      func(row *groupJSON) string { return decimal(&row.Saved) },
	"unpriced":         func(row *groupJSON) string { return whole(row.Unpriced) },
	"estimated_cost":   func(row *groupJSON) string { return decimal(&row.EstimatedCost) },
}

func isCSVColumn(name string) bool {
	_, ok := csvColumns[name]
	return ok
}

func (t *totalsJSON) duration(of func(*durationJSON) float64) string {
	if t.Duration == nil {
		return ""
	}
	seconds := of(t.Duration)
	return decimal(&seconds)
}

func callLines(dimensions []string, calls iter.Seq[callJSON]) iter.Seq2[[]string, error] {
	// The provider has a column in any case.
	named := slices.DeleteFunc(slices.Clone(dimensions), func(dimension string) bool { return dimension == dashboard.Provider })
	return func(yield func([]string, error) bool) {
		head := []string{"time", "trace_id", "span_id"}
		for _, dimension := range named {
			head = append(head, cell(dimension))
		}
		if !yield(append(head, "status", "input_tokens", "output_tokens", "cache_read_tokens", "cache_write_tokens",
			"reasoning_tokens", "cost_dollars", "reported_cost_dollars", "duration_seconds", "provider", "convention", "reading", "estimated", "problem", "merged", "computed_cost_dollars", "cost_status",
			"id", "response_id", "user", "session", "agent", "error_type", "time_to_first_token_seconds", "scope"), nil) {
			return
		}
		for call := range calls {
			if !yield(callLine(named, &call), nil) {
				return
			}
		}
	}
}

func callLine(dimensions []string, call *callJSON) []string {
	line := []string{call.Time.Format(time.RFC3339Nano), cell(call.TraceID), cell(call.SpanID)}
	for _, dimension := range dimensions {
		line = append(line, cell(call.Values[dimension]))
	}
	t := call.Tokens
	return append(line, call.Status, whole(t.Input), whole(t.Output), whole(t.CacheRead), whole(t.CacheWrite),
		whole(t.Reasoning), decimal(call.Cost), decimal(call.Reported), decimal(call.Seconds),
		cell(call.Provider), call.Convention, call.Reading, call.Estimated, call.Problem, cell(mergedText(call.Merged)), decimal(call.Computed), call.CostStatus,
		call.ID, cell(call.ResponseID), cell(call.User), cell(call.Session), cell(call.Agent), cell(call.ErrorType), decimal(call.FirstToken), cell(call.Scope))
}

// mergedText has the rule and the scope of each other record of a call.
func mergedText(records []mergedJSON) string {
	parts := make([]string, len(records))
	for i, record := range records {
		parts[i] = record.Rule + " " + record.Scope
	}
	return strings.Join(parts, "; ")
}

func whole(n int64) string { return strconv.FormatInt(n, 10) }

func decimal[F ~float64](v *F) string {
	if v == nil {
		return ""
	}
	return strconv.FormatFloat(exact(float64(*v)), 'f', -1, 64)
}
