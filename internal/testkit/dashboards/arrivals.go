// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package dashboards

import (
	"time"

	"github.com/otelcol-arc/otelcol-arc/internal/dashboard"
)

var _ dashboard.TrafficSource = (*Usage)(nil)

// Arrivals are ArrivalsOf.
func (u *Usage) Arrivals() dashboard.Arrivals { return u.ArrivalsOf }

// Traffic is what the senders of ArrivalsOf sent.
func (u *Usage) Traffic() (sum dashboard.Traffic) {
	for i := range u.ArrivalsOf.Senders {
		s := &u.ArrivalsOf.Senders[i]
		sum.Spans += s.Spans
		sum.LogRecords += s.LogRecords
		sum.DataPoints += s.DataPoints
	}
	return sum
}

// SampleArrivals are the senders of a small team.
func SampleArrivals(now time.Time) dashboard.Arrivals {
	return dashboard.Arrivals{Limit: 1000, ServiceIn: []string{"service.name"}, Senders: []dashboard.Sender{
		{
			Service: "support-desk", Scope: "openinference.instrumentation.openai", Version: "0.1.66", Spans: 18_204, Calls: 12_090,
			NotCalls: map[string]int64{dashboard.Aggregate: 6114}, PerMinute: 21.5, Last: now.Add(-2 * time.Second),
		},
		{
			Service: "support-desk", Scope: "opentelemetry.instrumentation.httpx", Version: "0.66b1", Spans: 40_311,
			NotCalls: map[string]int64{dashboard.NoKeys: 40_311}, PerMinute: 48, Last: now.Add(-time.Second),
		},
		{
			Service: "research", Scope: "opentelemetry.instrumentation.cohere", Version: "0.62.4", Spans: 512,
			NotCalls: map[string]int64{dashboard.NoMatch: 512}, PerMinute: .4, Last: now.Add(-3 * time.Minute),
		},
		{
			Service: "billing", Scope: "com.anthropic.claude_code.events", LogRecords: 930, Calls: 401,
			NotCalls: map[string]int64{dashboard.NoKeys: 528, dashboard.BadTokens: 1}, PerMinute: 3.2, Last: now.Add(-40 * time.Second),
		},
		{
			Service: "billing", Scope: "opentelemetry.instrumentation.system_metrics", Version: "0.66b1", DataPoints: 7200,
			NotCalls: map[string]int64{dashboard.DataPoint: 7200}, PerMinute: 12, Last: now.Add(-9 * time.Second),
		},
	}}
}
