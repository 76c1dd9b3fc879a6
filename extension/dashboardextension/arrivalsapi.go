// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package dashboardextension

import (
	"iter"
	"net/http"
	"strings"
	"time"

	"github.com/otelcol-arc/otelcol-arc/internal/compatibility"
	"github.com/otelcol-arc/otelcol-arc/internal/dashboard"
)

type arrivalsJSON struct {
	Limit   int               `json:"limit"`
	Reasons map[string]string `json:"reasons"`
	Senders []senderJSON      `json:"senders"`
}

type senderJSON struct {
	Service    string           `json:"service"`
	Scope      string           `json:"scope"`
	Version    string           `json:"version"`
	Overflow   bool             `json:"overflow"`
	Spans      int64            `json:"spans"`
	LogRecords int64            `json:"log_records"`
	DataPoints int64            `json:"data_points"`
	PerMinute  float64          `json:"records_per_minute"`
	Calls      int64            `json:"calls"`
	NotCalls   map[string]int64 `json:"not_calls"`
	Last       time.Time        `json:"last_seen"`
	Measured   []measuredJSON   `json:"measured"`
}

type measuredJSON struct {
	Title    string   `json:"title"`
	Versions string   `json:"versions"`
	Same     bool     `json:"same_version"`
	Problems []string `json:"problems"`
}

func (b *dashboardServer) getArrivals(r *http.Request) (response, error) {
	p := newParams(r.URL.Query())
	usage, err := b.usageOf(p)
	if err != nil {
		return response{}, err
	}
	format, c := p.oneOf("format", "json", "csv"), readArrivals(p)
	byDefault := 0 // all
	if p.text("page") != "" {
		byDefault = pageRows
	}
	limit := p.number("limit", byDefault, maxGroups)
	if err := p.err(); err != nil {
		return response{}, err
	}
	list := arrivalsJSON{Reasons: map[string]string{}, Senders: []senderJSON{}}
	for _, reason := range dashboard.Reasons() {
		list.Reasons[reason.Name] = reason.Text
	}
	if source, known := usage.(dashboard.TrafficSource); known {
		arrivals := source.Arrivals()
		list.Limit = arrivals.Limit
		found := pageOf(c.of(arrivals.Senders), limit, c.page)
		for i := range found {
			list.Senders = append(list.Senders, newSenderJSON(&found[i]))
		}
	}
	if format == "csv" {
		return csvResponse("arrivals", senderLines(list.Senders)), nil
	}
	return response{data: list}, nil
}

func newSenderJSON(s *dashboard.Sender) senderJSON {
	made := senderJSON{
		Service: s.Service, Scope: s.Scope, Version: s.Version, Overflow: s.Overflow, Spans: s.Spans, LogRecords: s.LogRecords, DataPoints: s.DataPoints,
		PerMinute: s.PerMinute, Calls: s.Calls, NotCalls: s.NotCalls, Last: s.Last.UTC(), Measured: []measuredJSON{},
	}
	if made.NotCalls == nil {
		made.NotCalls = map[string]int64{}
	}
	for _, m := range compatibility.Of(s.Scope) {
		made.Measured = append(made.Measured, measuredJSON{m.Title, m.Versions, m.Version == s.Version, append([]string{}, m.Problems...)})
	}
	return made
}

func senderLines(senders []senderJSON) iter.Seq2[[]string, error] {
	return func(yield func([]string, error) bool) {
		head := []string{"service", "scope", "version", "spans", "log_records", "data_points", "records_per_minute", "calls", "last_seen"}
		for _, reason := range dashboard.Reasons() {
			head = append(head, "not_calls_"+reason.Name)
		}
		if !yield(append(head, "known_problems"), nil) {
			return
		}
		for i := range senders {
			s := &senders[i]
			line := []string{
				cell(s.Service), cell(s.Scope), cell(s.Version), whole(s.Spans), whole(s.LogRecords), whole(s.DataPoints), decimal(&s.PerMinute), whole(s.Calls),
				s.Last.Format(time.RFC3339),
			}
			for _, reason := range dashboard.Reasons() {
				line = append(line, whole(s.NotCalls[reason.Name]))
			}
			var problems []string
			for _, m := range s.Measured {
				for _, problem := range m.Problems {
					problems = append(problems, m.Versions+": "+problem)
				}
			}
			if !yield(append(line, cell(strings.Join(problems, "; "))), nil) {
				return
			}
		}
	}
}
