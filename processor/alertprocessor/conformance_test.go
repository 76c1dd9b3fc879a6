// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package alertprocessor

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/histogram"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/value"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/promql/parser"
	"github.com/prometheus/prometheus/rules"
	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/tsdb"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/pmetric"
	"go.yaml.in/yaml/v3"

	"github.com/otelcol-arc/otelcol-arc/internal/alertevent"
	"github.com/otelcol-arc/otelcol-arc/internal/falseclock"
	"github.com/otelcol-arc/otelcol-arc/processor/alertprocessor/internal/ingest"
)

// TestConformance runs the processor and Prometheus' rule manager on the same rule
// file and the same samples, which one gets as OTLP and the other through its
// storage. Their output must be equal at every evaluation: recorded series, ALERTS
// (labels and state), ALERTS_FOR_STATE (since when), and for alerts that start
// firing or are resolved, the values and annotations.
func TestConformance(t *testing.T) {
	falseclock.Long(t)
	folders, err := filepath.Glob("testdata/conformance/*")
	require.NoError(t, err)
	require.NotEmpty(t, folders)
	for _, folder := range folders {
		t.Run(filepath.Base(folder), func(t *testing.T) {
			falseclock.Test(t, func(t *testing.T) { checkConformance(t, folder) })
		})
	}
}

const (
	conformanceInterval = 15 * time.Second
	conformanceRegion   = "eu-1"
)

func checkConformance(t *testing.T, folder string) {
	t.Helper()
	given := readConformanceSeries(t, filepath.Join(folder, "series.yml"))
	ruleFile := filepath.Join(folder, "rules.yml")

	ours := newRig(t, testConfig(func(c *Config) {
		c.RuleFiles = []string{ruleFile}
		c.EvaluationInterval = conformanceInterval
		c.ExternalLabels = map[string]string{"region": conformanceRegion}
		c.Cooldown, c.RepeatInterval = 0, 0
	}))
	theirs := newPrometheus(t, ruleFile)

	for step := range given.steps() {
		at := time.Now()
		theirs.append(t, given, step, at)
		ours.send(given.metrics(step, at))
		time.Sleep(given.interval)
		synctest.Wait()
	}

	// Only the differences are printed: the full output is long.
	got, want := emittedSeries(ours.seriesOut.AllMetrics()), theirs.recorder.take()
	assert.Empty(t, difference(want, got), "series that Prometheus wrote and the processor did not")
	assert.Empty(t, difference(got, want), "series that the processor wrote and Prometheus did not")
	gotAlerts, wantAlerts := alertTexts(ours.notifications(), theirs.all), theirs.takeAlerts()
	assert.Empty(t, difference(wantAlerts, gotAlerts), "alerts of Prometheus that the processor did not raise")
	assert.Empty(t, difference(gotAlerts, wantAlerts), "alerts that the processor raised and Prometheus did not")

	// Equal silence would prove nothing.
	assert.NotEmpty(t, want)
	assert.Equal(t, given.Never, theirs.silent(), "rules that made no series or did not fire")
}

// difference is what the first has and the second has not, in order.
func difference(a, b map[string]string) []string {
	var out []string
	for _, key := range slices.Sorted(maps.Keys(a)) {
		if other, ok := b[key]; !ok {
			out = append(out, key+" = "+a[key])
		} else if other != a[key] {
			out = append(out, fmt.Sprintf("%s = %s, not %s", key, a[key], other))
		}
	}
	return out
}

// prometheus is Prometheus' storage, engine and rule manager.
type prometheus struct {
	db       *tsdb.DB
	manager  *rules.Manager
	recorder *recorder

	mu       sync.Mutex
	firing   map[string]map[string]*rules.Alert // by rule and labels
	notified map[string]string
	seen     map[string]bool // rules that fired, or were recorded
	all      map[string]bool
}

func newPrometheus(t *testing.T, ruleFile string) *prometheus {
	t.Helper()
	options := tsdb.DefaultOptions()
	options.WALSegmentSize = -1
	db, err := tsdb.Open(t.TempDir(), nil, nil, options, nil)
	require.NoError(t, err)
	engine := promql.NewEngine(promql.EngineOpts{
		MaxSamples:               50_000_000,
		Timeout:                  2 * time.Minute,
		EnableAtModifier:         true,
		EnableNegativeOffset:     true,
		NoStepSubqueryIntervalFn: func(int64) int64 { return conformanceInterval.Milliseconds() },
	})
	ctx, cancel := context.WithCancel(t.Context())
	p := &prometheus{
		db:       db,
		recorder: &recorder{Appendable: db, samples: map[string]string{}},
		firing:   map[string]map[string]*rules.Alert{},
		notified: map[string]string{},
		seen:     map[string]bool{},
		all:      map[string]bool{},
	}
	p.manager = rules.NewManager(&rules.ManagerOptions{
		Context:    ctx,
		QueryFunc:  rules.EngineQueryFunc(engine, db),
		Queryable:  db,
		Appendable: p.recorder,
		Logger:     slog.New(slog.DiscardHandler),
		NotifyFunc: func(context.Context, string, ...*rules.Alert) {},
	})
	// A manager that has been updated before does not look for the state of
	// rules from before a restart, and there is none.
	external := labels.FromStrings("region", conformanceRegion)
	require.NoError(t, p.manager.Update(conformanceInterval, nil, external, "", nil))
	require.NoError(t, p.manager.Update(conformanceInterval, []string{ruleFile}, external, "", p.evaluate))
	go p.manager.Run()
	t.Cleanup(func() {
		p.manager.Stop()
		cancel()
		assert.NoError(t, engine.Close())
		assert.NoError(t, db.Close())
	})
	return p
}

// evaluate lets Prometheus evaluate a group, and records which alerts started firing
// and which were resolved.
func (p *prometheus) evaluate(ctx context.Context, group *rules.Group, at time.Time) {
	rules.DefaultEvalIterationFunc(ctx, group, at)
	p.mu.Lock()
	defer p.mu.Unlock()
	for i, rule := range group.Rules() {
		p.all[rule.Name()] = true
		alerting, ok := rule.(*rules.AlertingRule)
		if !ok {
			p.seen[rule.Name()] = p.seen[rule.Name()] || p.recorder.has(rule.Name())
			continue
		}
		key := group.Name() + strconv.Itoa(i)
		now := map[string]*rules.Alert{}
		for _, alert := range alerting.ActiveAlerts() {
			if alert.State == rules.StateFiring {
				now[alert.Labels.String()] = alert
			}
		}
		for id, alert := range now {
			if _, before := p.firing[key][id]; !before {
				p.note("firing", alert, alert.FiredAt)
			}
		}
		for id, alert := range p.firing[key] {
			if _, still := now[id]; !still {
				p.note("resolved", alert, at)
			}
		}
		p.firing[key] = now
		p.seen[rule.Name()] = p.seen[rule.Name()] || len(now) > 0
	}
}

func (p *prometheus) note(state string, alert *rules.Alert, at time.Time) {
	all := alert.Labels.Map()
	all["region"] = conformanceRegion // as the notifier adds it
	text := fmt.Sprint(alertValue(alert.Value), " ", alert.Annotations.Map())
	if state == "resolved" {
		text = ""
	}
	p.notified[alertKey(at, state, all)] = text
}

func (p *prometheus) takeAlerts() map[string]string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.notified
}

// silent are the rules that were never recorded or never fired.
func (p *prometheus) silent() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	var out []string
	for _, name := range slices.Sorted(maps.Keys(p.all)) {
		if !p.seen[name] {
			out = append(out, name)
		}
	}
	return out
}

func (p *prometheus) append(t *testing.T, given *conformanceSeries, step int, at time.Time) {
	t.Helper()
	app := p.db.Appender(t.Context())
	for _, s := range given.series {
		sample, ok := s.at(step)
		if !ok {
			continue
		}
		var err error
		if sample.Histogram != nil {
			_, err = app.AppendHistogram(0, s.labels, at.UnixMilli(), nil, sample.Histogram)
		} else {
			_, err = app.Append(0, s.labels, at.UnixMilli(), sample.Value)
		}
		require.NoError(t, err)
	}
	require.NoError(t, app.Commit())
}

// recorder remembers the samples that rules write, apart from histograms,
// which have no far end to be compared at.
type recorder struct {
	storage.Appendable
	mu      sync.Mutex
	samples map[string]string
	names   map[string]bool
}

func (r *recorder) Appender(ctx context.Context) storage.Appender {
	return &recordingAppender{Appender: r.Appendable.Appender(ctx), to: r}
}

func (r *recorder) take() map[string]string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.samples
}

func (r *recorder) has(name string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.names[name]
}

type recordingAppender struct {
	storage.Appender
	to *recorder
}

func (a *recordingAppender) Append(ref storage.SeriesRef, series labels.Labels, at int64, v float64) (storage.SeriesRef, error) {
	ref, err := a.Appender.Append(ref, series, at, v)
	if err == nil {
		a.to.note(series, func(samples map[string]string) {
			samples[sampleKey(time.UnixMilli(at), series)] = sampleValue(v, value.IsStaleNaN(v))
		})
	}
	return ref, err
}

func (a *recordingAppender) AppendHistogram(ref storage.SeriesRef, series labels.Labels, at int64, h *histogram.Histogram, fh *histogram.FloatHistogram) (storage.SeriesRef, error) {
	ref, err := a.Appender.AppendHistogram(ref, series, at, h, fh)
	if err == nil {
		a.to.note(series, func(map[string]string) {})
	}
	return ref, err
}

func (r *recorder) note(series labels.Labels, write func(map[string]string)) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.names == nil {
		r.names = map[string]bool{}
	}
	r.names[series.Get(model.MetricNameLabel)] = true
	write(r.samples)
}

func sampleKey(at time.Time, series labels.Labels) string {
	return at.UTC().Format(time.TimeOnly) + " " + series.String()
}

func sampleValue(v float64, stale bool) string {
	if stale {
		return "stale"
	}
	return strconv.FormatFloat(v, 'g', -1, 64)
}

// emittedSeries are the samples that left through the metrics pipeline.
func emittedSeries(all []pmetric.Metrics) map[string]string {
	out := map[string]string{}
	for _, md := range all {
		for _, rm := range md.ResourceMetrics().All() {
			for _, sm := range rm.ScopeMetrics().All() {
				for _, m := range sm.Metrics().All() {
					if !isRuleSeries(m.Name()) {
						continue // what was sent, passing through
					}
					if m.Type() == pmetric.MetricTypeExponentialHistogram {
						for _, p := range m.ExponentialHistogram().DataPoints().All() {
							if p.Flags().NoRecordedValue() { // the others are not compared
								out[sampleKey(p.Timestamp().AsTime(), seriesOf(m, p.Attributes()))] = sampleValue(0, true)
							}
						}
						continue
					}
					for _, p := range m.Gauge().DataPoints().All() {
						out[sampleKey(p.Timestamp().AsTime(), seriesOf(m, p.Attributes()))] = sampleValue(p.DoubleValue(), p.Flags().NoRecordedValue())
					}
				}
			}
		}
	}
	return out
}

func seriesOf(m pmetric.Metric, attributes pcommon.Map) labels.Labels {
	builder := labels.NewScratchBuilder(attributes.Len() + 1)
	builder.Add(model.MetricNameLabel, m.Name())
	for name, v := range attributes.All() {
		builder.Add(name, v.Str())
	}
	builder.Sort()
	return builder.Labels()
}

// isRuleSeries reports whether a series is written by a rule: recorded series have a
// colon in their names, as Prometheus recommends.
func isRuleSeries(name string) bool {
	return ingest.IsAlertSeries(name) || slices.Contains([]byte(name), ':')
}

// alertTexts leaves out alerts that the processor raises about itself.
func alertTexts(alerts []alertevent.Alert, known map[string]bool) map[string]string {
	out := map[string]string{}
	for _, a := range alerts {
		if !known[a.Name()] {
			continue
		}
		if a.State == alertevent.Resolved {
			out[alertKey(a.EndsAt, "resolved", a.Labels)] = ""
			continue
		}
		out[alertKey(a.StartsAt, "firing", a.Labels)] = fmt.Sprint(alertValue(*a.Value), " ", a.Annotations)
	}
	return out
}

func alertKey(at time.Time, state string, set map[string]string) string {
	return at.UTC().Format(time.TimeOnly) + " " + state + " " + labels.FromMap(set).String()
}

func alertValue(v float64) string { return strconv.FormatFloat(v, 'g', -1, 64) }

// conformanceSeries are series in the notation of Prometheus' unit tests.
type conformanceSeries struct {
	Interval    model.Duration `yaml:"interval"`
	Never       []string       `yaml:"never"` // rules that are not to fire
	InputSeries []struct {
		Series string `yaml:"series"`
		Values string `yaml:"values"`
	} `yaml:"input_series"`

	interval time.Duration
	series   []sampledSeries
}

type sampledSeries struct {
	labels labels.Labels
	values []parser.SequenceValue
}

func (s *sampledSeries) at(step int) (parser.SequenceValue, bool) {
	if step >= len(s.values) || s.values[step].Omitted {
		return parser.SequenceValue{}, false
	}
	return s.values[step], true
}

func readConformanceSeries(t *testing.T, file string) *conformanceSeries {
	t.Helper()
	raw, err := os.ReadFile(file)
	require.NoError(t, err)
	var given conformanceSeries
	require.NoError(t, yaml.Unmarshal(raw, &given))
	given.interval = time.Duration(given.Interval)
	require.Positive(t, given.interval)
	for _, in := range given.InputSeries {
		metric, values, err := parser.NewParser(parser.Options{}).ParseSeriesDesc(in.Series + " " + in.Values)
		require.NoError(t, err, in.Series)
		given.series = append(given.series, sampledSeries{labels: metric, values: values})
	}
	return &given
}

// steps is the number of samples, and as many again as an alert may take to
// be resolved and its series to end.
func (c *conformanceSeries) steps() int {
	longest := 0
	for _, s := range c.series {
		longest = max(longest, len(s.values))
	}
	return longest + 12
}
