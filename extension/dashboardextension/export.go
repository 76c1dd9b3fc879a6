// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package dashboardextension

import (
	"bytes"
	"encoding/csv"
	"strconv"
	"strings"
	"time"
)

func attachment(name, contentType string, body []byte) response {
	return response{contentType: contentType, body: body, headers: map[string]string{
		"Content-Disposition": `attachment; filename="` + name + `"`,
	}}
}

// csvResponse is a table as RFC 4180 writes it, the names of the columns first.
func csvResponse(name string, table [][]string) response {
	var body bytes.Buffer
	w := csv.NewWriter(&body)
	w.UseCRLF = true
	_ = w.WriteAll(table) // a buffer never fails
	return attachment(name+".csv", "text/csv; charset=utf-8; header=present", body.Bytes())
}

// cell keeps spreadsheet programs from reading a text from telemetry as a formula.
// https://owasp.org/www-community/attacks/CSV_Injection
func cell(s string) string {
	if s != "" && strings.ContainsRune("=+-@\t\r", rune(s[0])) {
		return "'" + s
	}
	return s
}

func groupsTable(by []string, rows []groupJSON) [][]string {
	head := []string{"start"}
	for _, dimension := range by {
		head = append(head, cell(dimension))
	}
	head = append(head, "calls", "errors", "timeouts", "unpriced", "input_tokens", "output_tokens",
		"cache_read_tokens", "cache_write_tokens", "reasoning_tokens", "cost_dollars", "cache_saved_dollars")
	table := [][]string{head}
	for _, row := range rows {
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
		t := row.Tokens
		table = append(table, append(line,
			whole(row.Calls), whole(row.Errors), whole(row.Timeouts), whole(row.Unpriced), whole(t.Input), whole(t.Output),
			whole(t.CacheRead), whole(t.CacheWrite), whole(t.Reasoning), decimal(&row.Cost), decimal(&row.Saved)))
	}
	return table
}

func callsTable(dimensions []string, calls []callJSON) [][]string {
	head := []string{"time", "trace_id", "span_id"}
	for _, dimension := range dimensions {
		head = append(head, cell(dimension))
	}
	table := [][]string{append(head, "status", "input_tokens", "output_tokens", "cache_read_tokens", "cache_write_tokens",
		"reasoning_tokens", "cost_dollars", "reported_cost_dollars", "duration_seconds", "provider", "convention", "reading", "estimated", "problem", "merged", "computed_cost_dollars", "cost_status")}
	for i := range calls {
		call := &calls[i]
		line := []string{call.Time.Format(time.RFC3339Nano), cell(call.TraceID), cell(call.SpanID)}
		for _, dimension := range dimensions {
			line = append(line, cell(call.Values[dimension]))
		}
		t := call.Tokens
		table = append(table, append(line, call.Status, whole(t.Input), whole(t.Output), whole(t.CacheRead), whole(t.CacheWrite),
			whole(t.Reasoning), decimal(call.Cost), decimal(call.Reported), decimal(call.Seconds),
			cell(call.Provider), call.Convention, call.Reading, call.Estimated, call.Problem, cell(mergedText(call.Merged)), decimal(call.Computed), call.CostStatus))
	}
	return table
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

func decimal(v *float64) string {
	if v == nil {
		return ""
	}
	return strconv.FormatFloat(*v, 'f', -1, 64)
}
