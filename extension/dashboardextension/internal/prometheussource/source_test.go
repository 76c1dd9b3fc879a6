// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package prometheussource

import (
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-arc/otelcol-arc/internal/dashboard"
	"github.com/otelcol-arc/otelcol-arc/internal/usage"
)

var noon = time.Date(2026, 3, 16, 12, 0, 0, 0, time.UTC)

// gateway is a collector that counts calls, and what its ledger has of them by hour.
type gateway struct {
	*server
	name    string
	started time.Time
	calls   map[[2]string]float64 // by model and team
	cost    map[[2]string]float64
	ledger  map[string]float64 // by hour, model and team
	labels  []string
}

func (s *server) gateway(name string, labels ...string) *gateway {
	return &gateway{s, name, time.Time{}, map[[2]string]float64{}, map[[2]string]float64{}, map[string]float64{}, append([]string{"job", "otelcol-arc", "instance", name}, labels...)}
}

// count counts a call that ended at a time.
func (g *gateway) count(at time.Time, model, team string, dollars float64) {
	if g.started.IsZero() {
		g.started = at
	}
	key := [2]string{model, team}
	g.calls[key]++
	g.cost[key] += dollars
	g.ledger[at.Truncate(time.Hour).Format(time.RFC3339)+" "+model+" "+team] += dollars
}

// scrape has the server read the metrics.
func (g *gateway) scrape(at time.Time) {
	if g.started.IsZero() {
		return
	}
	for key := range g.calls {
		labels := append([]string{"model", key[0], "team", key[1], "provider", "openai"}, g.labels...)
		g.put(at, g.calls[key], metricCalls, labels...)
		g.put(at, g.cost[key], metricCost, labels...)
		g.put(at, g.calls[key]*1000, metricUsage, append(labels, "kind", "input", "unit", "token")...)
	}
	g.put(at, float64(g.started.Unix()), metricStart, g.labels...)
}

// lose loses the counters, as a restart without storage does.
func (g *gateway) lose() {
	g.calls, g.cost, g.started = map[[2]string]float64{}, map[[2]string]float64{}, time.Time{}
}

// requireLedgers requires the figures of all ledgers, by hour, model and team.
func requireLedgers(t *testing.T, source *Source, from, to time.Time, gateways ...*gateway) {
	t.Helper()
	want, total := map[string]float64{}, 0.0
	for _, g := range gateways {
		for key, spent := range g.ledger {
			hour, err := time.Parse(time.RFC3339, key[:20])
			require.NoError(t, err)
			if !hour.Before(from) && hour.Before(to) {
				want[key] += spent
				total += spent
			}
		}
	}
	var steps []time.Time
	for at := from; at.Before(to); at = at.Add(time.Hour) {
		steps = append(steps, at)
	}
	rows, err := source.Usage(dashboard.Query{From: from, To: to, Steps: steps, GroupBy: []string{"model", "team"}})
	require.NoError(t, err)
	got := map[string]float64{}
	for i := range rows {
		got[rows[i].Start.Format(time.RFC3339)+" "+rows[i].Group[0]+" "+rows[i].Group[1]] = rows[i].Usage.Dollars
	}
	assert.InDeltaMapValues(t, want, got, 1e-9)
	assert.InDelta(t, total, dollars(t, source, from, to)[""], 1e-9)
}

// Whatever three gateways count, when they are first seen, restarted or away, the sums by hour,
// model and team are those of their ledgers, as long as a scrape follows each call in its hour.
func TestSumsEqualTheLedgers(t *testing.T) {
	for seed := range uint64(4) {
		t.Run(strconv.FormatUint(seed, 10), func(t *testing.T) {
			random := rand.New(rand.NewPCG(seed, 26))
			s := newServer(t)
			gateways := []*gateway{s.gateway("gateway-0"), s.gateway("gateway-1"), s.gateway("gateway-2")}
			from := noon.Add(-30 * time.Hour)
			away := map[int]int{} // until which hour
			for hour := range 30 {
				at := from.Add(time.Duration(hour) * time.Hour)
				for i, g := range gateways {
					if hour < i*3 || hour < away[i] {
						continue // not there yet, or away
					}
					switch random.IntN(12) {
					case 0:
						away[i] = hour + 1 + random.IntN(4) // its state continues
						continue
					case 1:
						g.lose()
					}
					for minute := 2; minute < 58; minute += 7 {
						if random.IntN(3) > 0 {
							g.count(at.Add(time.Duration(minute)*time.Minute), []string{"gpt-4o", "claude"}[random.IntN(2)], []string{"search", "shop", ""}[random.IntN(3)], float64(1+random.IntN(900))/100)
						}
						g.scrape(at.Add(time.Duration(minute+1) * time.Minute))
						if random.IntN(20) == 0 {
							g.lose()
						}
					}
				}
			}
			now := noon
			source, _ := s.source(&now)
			requireLedgers(t, source, from, noon, gateways...)
			requireLedgers(t, source, from.Add(7*time.Hour), noon.Add(-9*time.Hour), gateways...)
		})
	}
}

// A server that is younger than a collector has no figures for what was counted before, and does
// not take them for those of the hour of its first sample.
func TestWhatWasCountedBeforeTheFirstSample(t *testing.T) {
	s, now := newServer(t), noon
	old, fresh := s.gateway("gateway-0"), s.gateway("gateway-1")
	old.count(noon.Add(-20*24*time.Hour), "gpt-4o", "search", 1000)
	old.scrape(noon.Add(-90 * time.Minute))
	old.count(noon.Add(-80*time.Minute), "gpt-4o", "search", 3)
	old.count(noon.Add(-80*time.Minute), "claude", "search", 2) // a series that begins
	fresh.count(noon.Add(-85*time.Minute), "gpt-4o", "shop", 5)
	old.scrape(noon.Add(-75 * time.Minute))
	fresh.scrape(noon.Add(-75 * time.Minute))
	source, _ := s.source(&now)
	assert.Equal(t, map[string]float64{"gpt-4o/gateway-0/": 3, "claude/gateway-0/": 2, "gpt-4o/gateway-1/": 5},
		dollars(t, source, noon.Add(-30*24*time.Hour), noon, "model", Collector))
	assert.Equal(t, noon.Add(-2*time.Hour), source.Extent().Since.UTC())
}

// A pod that is replaced continues under the same name, at another address.
func TestAPodThatIsReplaced(t *testing.T) {
	s, now := newServer(t), noon
	g := s.gateway("10.0.0.1:9464", "exported_instance", "gateway-0", "pod", "a")
	g.count(noon.Add(-170*time.Minute), "gpt-4o", "search", 10)
	g.scrape(noon.Add(-165 * time.Minute))
	g.labels = []string{"job", "otelcol-arc", "instance", "10.0.0.2:9464", "exported_instance", "gateway-0", "pod", "b"}
	g.count(noon.Add(-100*time.Minute), "gpt-4o", "search", 7)
	g.scrape(noon.Add(-95 * time.Minute))
	source, _ := s.source(&now)
	requireLedgers(t, source, noon.Add(-4*time.Hour), noon, g)
	assert.Equal(t, map[string]float64{"gateway-0/": 17}, dollars(t, source, noon.Add(-4*time.Hour), noon, Collector))
}

// The running hour, and days before those that have hours.
func TestTheRunningHourAndDays(t *testing.T) {
	s, now := newServer(t), noon.Add(20*time.Minute)
	g := s.gateway("gateway-0")
	for day := 100; day >= 0; day-- {
		at := noon.Add(-time.Duration(day)*24*time.Hour + 5*time.Minute)
		if day%10 == 0 {
			g.count(at, "gpt-4o", "search", 1.25)
		}
		g.scrape(at.Add(time.Minute))
		g.scrape(at.Add(14 * time.Minute))
	}
	source, _ := s.source(&now)
	assert.Equal(t, map[string]float64{"": 11 * 1.25}, dollars(t, source, noon.Add(-200*24*time.Hour), noon.Add(time.Hour)))
	assert.Equal(t, map[string]float64{"": 1.25}, dollars(t, source, noon, noon.Add(time.Hour)))
	extent := source.Extent()
	assert.Equal(t, noon.Add(-100*24*time.Hour), extent.Since.UTC())
	assert.Equal(t, time.Date(2026, 1, 13, 0, 0, 0, 0, time.UTC), extent.HoursSince.UTC())

	g.count(noon.Add(21*time.Minute), "gpt-4o", "search", 2)
	g.scrape(noon.Add(22 * time.Minute))
	now = noon.Add(23 * time.Minute)
	assert.Equal(t, map[string]float64{"": 3.25}, dollars(t, source, noon, noon.Add(time.Hour)))
}

func TestWhatThereIsOfARow(t *testing.T) {
	s, now := newServer(t), noon
	at := noon.Add(-50 * time.Minute)
	own := []string{"job", "otelcol-arc", "instance", "gateway-0"}
	with := func(pairs ...string) []string { return append(pairs, own...) }
	usual := []string{"model", "gpt-4o", "provider", "openai", "team", "search"}
	s.put(at, 4, metricCalls, with(usual...)...)
	s.put(at, 2, metricCalls, with("model", "own-model")...)
	s.put(at, .5, metricCost, with(usual...)...)
	s.put(at, 600, metricUsage, with(append(usual, "kind", "input", "unit", "token")...)...)
	s.put(at, 400, metricUsage, with(append(usual, "kind", "cache_read", "unit", "token")...)...)
	s.put(at, 1.5, metricUsage, with(append(usual, "kind", "seconds", "unit", "second")...)...)
	s.put(at, 1, metricUsage, with(append(usual, "kind", "of_a_later_version", "unit", "x")...)...)
	s.put(at, float64(at.Unix()), metricStart, own...)
	for status, n := range map[string]float64{"success": 1, "error": 2, "timeout": 1} {
		s.put(at, n, metricFailed, with("model", "gpt-4o", "status", status)...)
	}
	for le, n := range map[string]float64{"0.1": 0, "0.5": 1, "1": 1, "2.0": 3, "5": 3, "10": 3, "30": 3, "60": 3, "+Inf": 4} {
		s.put(at, n, metricBuckets, with("model", "gpt-4o", "le", le)...)
	}
	s.put(at, 4, metricTimed, with("model", "gpt-4o")...)
	s.put(at, 66.5, metricSeconds, with("model", "gpt-4o")...)
	source, _ := s.source(&now)
	assert.Equal(t, []string{"model", "team", "collector", "provider"}, source.Dimensions())

	rows, err := source.Usage(dashboard.Query{From: noon.Add(-time.Hour), To: noon, GroupBy: []string{"model"}, Where: map[string]string{Collector: "gateway-0"}})
	require.NoError(t, err)
	require.Len(t, rows, 2)
	assert.Equal(t, dashboard.Totals{
		Calls: 4, Errors: 2, Timeouts: 1, Dollars: .5, Timed: 4, Seconds: 66.5, Buckets: []uint64{0, 1, 0, 2, 0, 0, 0, 0, 1},
		Tokens:  dashboard.Tokens{Input: 1000, CacheRead: 400},
		Amounts: usage.Amounts{usage.Input: 600, usage.CacheRead: 400, usage.Seconds: 1500},
	}, rows[0].Usage)
	assert.Equal(t, dashboard.Totals{Calls: 2, Unpriced: 2}, rows[1].Usage, "unknown is not $0")

	rows, err = source.Usage(dashboard.Query{From: noon.Add(-time.Hour), To: noon, GroupBy: []string{"team"}, Where: map[string]string{"provider": "openai"}})
	require.NoError(t, err)
	require.Len(t, rows, 1)
	assert.Equal(t, []string{"search"}, rows[0].Group)
	assert.EqualValues(t, 4, rows[0].Usage.Calls)
	assert.Zero(t, rows[0].Usage.Errors, "failures have no team")
	_, err = source.Usage(dashboard.Query{From: noon, To: noon, GroupBy: []string{"nobody"}})
	require.ErrorContains(t, err, `there is no dimension "nobody"`)
	costs := source.Costs(noon.Add(-time.Hour), noon)
	require.Len(t, costs, 2)
	assert.Equal(t, dashboard.CostLine{Provider: "openai", Model: "gpt-4o", Calls: 4, Counted: .5}, costs[0])
}

// What is over is not queried again each time, and an empty server is not an error.
func TestRowsAreReusedForAWhile(t *testing.T) {
	s, now := newServer(t), noon.Add(20*time.Minute)
	source, _ := s.source(&now)
	assert.Empty(t, dollars(t, source, noon.Add(-48*time.Hour), noon.Add(time.Hour)))
	assert.True(t, source.Extent().Since.IsZero())

	g := s.gateway("gateway-0")
	g.count(noon.Add(-90*time.Minute), "gpt-4o", "search", 10)
	g.scrape(noon.Add(-89 * time.Minute))
	now = now.Add(ttlNow)
	assert.Equal(t, map[string]float64{"": 10}, dollars(t, source, noon.Add(-48*time.Hour), noon.Add(time.Hour)))
	before := s.queries.Load()
	for range 20 {
		dollars(t, source, noon.Add(-48*time.Hour), noon.Add(time.Hour), "model")
	}
	assert.Equal(t, before, s.queries.Load())
	now = now.Add(ttlNow)
	dollars(t, source, noon.Add(-48*time.Hour), noon.Add(time.Hour), "model")
	assert.LessOrEqual(t, s.queries.Load()-before, int64(2*len(families)+3), "the running hour alone")
}

func TestBudgets(t *testing.T) {
	s, now := newServer(t), noon
	start, end := noon.Truncate(24*time.Hour), noon.Truncate(24*time.Hour).Add(24*time.Hour)
	put := func(at time.Time, gateway string, start, ratio, shop float64) {
		own := []string{"job", "otelcol-arc", "instance", gateway, "budget"}
		for _, name := range []string{"day", "teams"} {
			s.put(at, start, metricBudgetStart, append(own, name)...)
			s.put(at, float64(end.Unix()), metricBudgetEnd, append(own, name)...)
		}
		s.put(at, 10, metricBudgetLimit, append(own, "day")...)
		s.put(at, 4, metricBudgetLimit, append(own, "teams", "team", "shop")...)
		s.put(at, ratio, metricBudgetRatio, append(own, "day")...)
		s.put(at, shop, metricBudgetRatio, append(own, "teams", "team", "shop")...)
	}
	put(noon.Add(-time.Minute), "gateway-0", float64(start.Unix()), .25, .5)
	put(noon.Add(-20*time.Minute), "gateway-1", float64(start.Unix()), .5, .25)                  // away for a moment
	put(noon.Add(-30*time.Minute), "gateway-2", float64(start.Add(-24*time.Hour).Unix()), 9, 17) // since the day before
	source, _ := s.source(&now)
	assert.Equal(t, []dashboard.Budget{
		{Name: "day", Window: "day", Start: start, End: end, Used: 7.5, Limit: 10, SumOnly: true},
		{Name: "teams", Window: "day", Start: start, End: end, Used: 3, Limit: 4, SumOnly: true, By: []string{"team"}, Values: []string{"shop"}},
	}, source.Budgets())

	// What rules record goes before.
	now = now.Add(ttlNow)
	s.put(now, .8, recordedBudgetSum, "budget", "day")
	assert.InDelta(t, 8, source.Budgets()[0].Used, 1e-9)
}

// A server that is away, slow, closed or too large makes an error in words, in bounded time.
func TestFailures(t *testing.T) {
	s, now := newServer(t), noon
	respond := func(status int, body string) *http.HandlerFunc {
		f := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(status)
			_, _ = w.Write([]byte(body))
		})
		return &f
	}
	slow := http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body) // or the server does not see that the client has gone
		<-r.Context().Done()
	})
	large := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		for range maxResponseBytes>>20 + 2 {
			if _, err := w.Write(make([]byte, 1<<20)); err != nil {
				return
			}
		}
	})
	for name, test := range map[string]struct {
		failing *http.HandlerFunc
		want    string
		options []func(*Config)
	}{
		"wrong token":     {failing: respond(http.StatusUnauthorized, "no"), want: "Prometheus: the server rejects the credentials (401): see auth and headers of the source"},
		"another address": {failing: respond(http.StatusNotFound, "<html>"), want: "no API of Prometheus at the endpoint (404)"},
		"its own error":   {failing: respond(http.StatusUnprocessableEntity, `{"status":"error","errorType":"execution","error":"query processing would load too many samples"}`), want: "too many samples"},
		"not an API":      {failing: respond(http.StatusOK, "<html>"), want: "the server responded with an error"},
		"slow":            {failing: &slow, want: "the server did not respond in time (timeout)", options: []func(*Config){func(c *Config) { c.Timeout = 50 * time.Millisecond }}},
		"endless":         {failing: &large, want: "a response is larger than 64 MiB"},
	} {
		t.Run(name, func(t *testing.T) {
			source, logs := s.source(&now, test.options...)
			s.failing.Store(test.failing)
			t.Cleanup(func() { s.failing.Store(nil) })
			_, err := source.Usage(dashboard.Query{From: noon.Add(-time.Hour), To: noon})
			var unavailable *Unavailable
			require.ErrorAs(t, err, &unavailable)
			require.ErrorContains(t, err, test.want)
			assert.NotContains(t, err.Error(), s.url)
			before := s.queries.Load()
			_, again := source.Usage(dashboard.Query{From: noon.Add(-time.Hour), To: noon})
			require.EqualError(t, again, err.Error())
			source.Extent()
			source.Budgets()
			assert.Equal(t, before, s.queries.Load(), "not at once again")
			assert.Equal(t, 1, logs.FilterMessage("The source of the dashboard is unavailable").Len())
		})
	}

	g := s.gateway("gateway-0")
	for i := range 20 {
		g.count(noon.Add(-40*time.Minute), "gpt-4o", fmt.Sprint("team-", i), 1)
	}
	g.scrape(noon.Add(-30 * time.Minute))
	source, logs := s.source(&now, func(c *Config) { c.MaxSeries = 10 })
	_, err := source.Usage(dashboard.Query{From: noon.Add(-time.Hour), To: noon})
	require.ErrorContains(t, err, "there are 20 series, and max_series of the source allows 10")

	// And when it is back, all is there.
	source.client.maxSeries, now = 100, now.Add(retryAfter)
	assert.Equal(t, map[string]float64{"": 20}, dollars(t, source, noon.Add(-time.Hour), noon))
	assert.Equal(t, 1, logs.FilterMessage("The source of the dashboard is available again").Len())

	closed := New(source.cfg, source.logger, time.UTC, func() time.Time { return now })
	_, err = closed.Usage(dashboard.Query{})
	require.ErrorIs(t, err, errNotStarted)
}

func TestConfig(t *testing.T) {
	cfg := NewDefaultConfig()
	require.EqualError(t, cfg.Validate(), "endpoint: must not be empty")
	cfg.Endpoint, cfg.Timeout, cfg.MaxSeries = "http://me:secret@prometheus:9090", 0, 0
	cfg.Dimensions, cfg.CollectorLabels = []string{"team", "model", "", "instance", "a.b", "a-b"}, []string{"instance", "a.b"}
	err := cfg.Validate()
	for _, want := range []string{
		"endpoint: must have no credentials in it: use auth", "timeout: must be positive, is 0s", "max_series: must be positive, is 0",
		"dimensions::1: model is always there", "dimensions::2: is empty", "dimensions::3: exported_instance is one of collector_labels",
		"dimensions::5: the label a_b is that of a.b already", `collector_labels::1: must be the name of a label, is "a.b"`,
	} {
		require.ErrorContains(t, err, want)
	}
	assert.NotContains(t, err.Error(), "secret")
	cfg = NewDefaultConfig()
	cfg.Endpoint, cfg.CollectorLabels = "prometheus:9090", nil
	require.EqualError(t, cfg.Validate(), "endpoint: must be an http or https URL\ncollector_labels: must name a label")
}
