// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package llmcostprocessor

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/open-telemetry/opentelemetry-collector-contrib/pkg/pdatautil"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pmetric"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/otelcol-arc/otelcol-arc/internal/dashboard"
	"github.com/otelcol-arc/otelcol-arc/internal/falseclock"
)

func TestAssignPlaces(t *testing.T) {
	twelve := []string{"1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "11", "12"}
	for name, tt := range map[string]struct{ stored, configured, places, replaced []string }{
		"a new ledger":           {nil, []string{"team", "user"}, []string{"team", "user"}, nil},
		"the same":               {[]string{"team", "user"}, []string{"team", "user"}, []string{"team", "user"}, nil},
		"another order":          {[]string{"team", "user"}, []string{"user", "team"}, []string{"team", "user"}, nil},
		"one in between":         {[]string{"team", "user"}, []string{"team", "agent", "user"}, []string{"team", "user", "agent"}, nil},
		"one less":               {[]string{"team", "user"}, []string{"user"}, []string{"team", "user"}, nil},
		"one again":              {[]string{"team", "user"}, []string{"user", "team"}, []string{"team", "user"}, nil},
		"no place left":          {twelve, []string{"2", "13"}, []string{"13", "2", "3", "4", "5", "6", "7", "8", "9", "10", "11", "12"}, []string{"1"}},
		"the same label":         {[]string{"service.name"}, []string{"team", "service_name"}, []string{"service_name", "team"}, []string{"service.name"}},
		"nothing is configured":  {[]string{"team"}, nil, []string{"team"}, nil},
		"all are replaced":       {twelve[:2], []string{"x"}, []string{"1", "2", "x"}, nil},
		"all twelve are renamed": {twelve, []string{"x", "y"}, []string{"x", "y", "3", "4", "5", "6", "7", "8", "9", "10", "11", "12"}, []string{"1", "2"}},
	} {
		t.Run(name, func(t *testing.T) {
			places, replaced := assignPlaces(tt.stored, tt.configured)
			assert.Equal(t, tt.places, places)
			assert.Equal(t, tt.replaced, replaced)
		})
	}
}

func assertNoSeriesTwice(t *testing.T, md pmetric.Metrics) {
	t.Helper()
	for _, rm := range md.ResourceMetrics().All() {
		for _, sm := range rm.ScopeMetrics().All() {
			for _, metric := range sm.Metrics().All() {
				if metric.Type() != pmetric.MetricTypeSum {
					continue
				}
				known := map[[16]byte]bool{}
				for _, point := range metric.Sum().DataPoints().All() {
					hash := pdatautil.MapHash(point.Attributes())
					require.False(t, known[hash], "%s %v", metric.Name(), point.Attributes().AsRaw())
					known[hash] = true
				}
			}
		}
	}
}

// However the list of dimensions changes, values stay with their dimension across restarts and kills,
// and no two series have the same labels.
func TestValuesStayWithTheirDimension(t *testing.T) {
	names := []string{"team", "user.id", "app.feature", "tenant", "region"}
	for seed := range 12 {
		falseclock.Test(t, func(t *testing.T) {
			wakeUp()
			random := rand.New(rand.NewPCG(uint64(seed), 3))
			counted := map[string]map[string]float64{} // by dimension and value
			m := &memory{}
			var p *page
			for round := range 6 {
				configured := names[:0:0]
				for _, i := range random.Perm(len(names))[:1+random.IntN(len(names)-1)] {
					configured = append(configured, names[i])
				}
				var e extension
				p, e = newPage()
				r := newRig(t, withStorage(func(c *Config) { c.Dimensions = dimensionsOf(configured...) }), m.extension(), e)
				for call := range 3 {
					id := byte(round*10 + call + 1)
					r.price(callSpan(func(s ptrace.Span) {
						s.SetTraceID([16]byte{7, id})
						s.SetSpanID([8]byte{7, id})
						for _, name := range names {
							s.Attributes().PutStr(name, fmt.Sprint(name, " ", random.IntN(2)))
						}
						for _, name := range configured {
							value, _ := s.Attributes().Get(name)
							if counted[name] == nil {
								counted[name] = map[string]float64{}
							}
							counted[name][value.Str()]++
						}
					}))
				}
				if random.IntN(2) == 0 {
					assertNoSeriesTwice(t, r.persistMetrics())
				}
				for name, values := range counted {
					rows, err := p.usage.Usage(dashboard.Query{From: morning.Add(-time.Hour), To: morning.Add(time.Hour), GroupBy: []string{name}})
					require.NoError(t, err)
					got := map[string]float64{}
					for _, row := range rows {
						if value := row.Group[0]; value != "" && row.Usage.Calls > 0 {
							got[value] = float64(row.Usage.Calls)
						}
					}
					require.Equal(t, values, got, "seed %d round %d %s", seed, round, name)
				}
				switch random.IntN(3) {
				case 0:
					m = m.copy() // killed
				case 1:
					time.Sleep(time.Minute)
					m = m.copy()
				default:
					r.stop()
				}
			}
		})
	}
}
