// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime"
	"slices"
	"strconv"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/rules"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/pdata/pmetric/pmetricotlp"

	"github.com/otelcol-arc/otelcol-arc/processor/alertprocessor"
	"github.com/otelcol-arc/otelcol-arc/test/bench/ratio"
)

// openCollector and openPeer start empty systems.
func openCollector() (system, error) {
	return newCollector(nil, componenttest.NewNopTelemetrySettings())
}
func openPeer() (system, error) { return newPeer() }

// fill sends the samples of six minutes, one every 15 s.
func fill(s system, series int) error {
	start := time.Now().Add(-6 * time.Minute)
	for at := start.Add(15 * time.Second); at.Before(time.Now()); at = at.Add(15 * time.Second) {
		bodies, err := requests(series, start, at)
		if err != nil {
			return err
		}
		for _, body := range bodies {
			if err := s.take(body); err != nil {
				return err
			}
		}
	}
	return nil
}

// appendTable compares the samples taken a second, and the time that a point
// costs beyond its unmarshalling.
func appendTable(out *os.File) error {
	const series, rounds = 10_000, 20
	start := time.Now().Add(-10 * time.Minute)
	var warm, timed [][]byte
	for round := range rounds + 1 {
		bodies, err := requests(series, start, start.Add(time.Duration(round+1)*15*time.Second))
		if err != nil {
			return err
		}
		if round == 0 {
			warm = bodies
		} else {
			timed = append(timed, bodies...)
		}
	}
	throughput := func(open func() (system, error)) ratio.Measure {
		return func() (rate float64, err error) {
			s, err := open()
			if err != nil {
				return 0, err
			}
			defer func() { err = errors.Join(err, s.close()) }()
			for _, body := range warm { // makes the series
				if err := s.take(body); err != nil {
					return 0, err
				}
			}
			runtime.GC()
			began := time.Now()
			for _, body := range timed {
				if err := s.take(body); err != nil {
					return 0, err
				}
			}
			return series * rounds / time.Since(began).Seconds(), nil
		}
	}
	unmarshal := func() (float64, error) {
		runtime.GC()
		began := time.Now()
		for _, body := range timed {
			if err := pmetricotlp.NewExportRequest().UnmarshalProto(body); err != nil {
				return 0, err
			}
		}
		return series * rounds / time.Since(began).Seconds(), nil
	}
	samples, err := ratio.Take(throughput(openCollector), throughput(openPeer), unmarshal)
	if err != nil {
		return err
	}
	table := ratio.NewTable(out, "Samples appended by one core", "alert", "Prometheus' OTLP endpoint")
	table.Line("10,000 known series", perSecond, samples[0], samples[1])
	table = ratio.NewTable(out, "Cost of a data point", "alert", "unmarshalling it")
	table.Line("beyond unmarshalling", nanos, beyond(samples[0], samples[2]), inverse(samples[2]))
	return nil
}

// inverse makes nanoseconds each of a number a second.
func inverse(s ratio.Sample) ratio.Sample {
	var out ratio.Sample
	for _, v := range slices.Backward(s) {
		out = append(out, 1e9/v)
	}
	return out
}

// beyond is the time that the first takes more than the median of the second.
func beyond(all, part ratio.Sample) ratio.Sample {
	out := inverse(all)
	for i := range out {
		out[i] -= 1e9 / part.Median()
	}
	return out
}

// evaluations is how often the rules are evaluated for one measurement.
const evaluations = 14

// evaluationTable measures the slowest of some evaluations of 50 rules, by the
// rule manager and engine that the processor runs them with.
func evaluationTable(out *os.File) error {
	table := ratio.NewTable(out, fmt.Sprintf("Slowest of %d evaluations of 50 rules", evaluations), "rule manager", "")
	for _, series := range []int{10_000, 100_000} {
		p, err := newPeer()
		if err != nil {
			return err
		}
		sample, err := evaluate(p, series)
		if err = errors.Join(err, p.close()); err != nil {
			return err
		}
		table.Line(fmt.Sprintf("%d series", series), millis, sample, nil)
	}
	return nil
}

func evaluate(p *peer, series int) (ratio.Sample, error) {
	if err := fill(p, series); err != nil {
		return nil, err
	}
	engine := promql.NewEngine(promql.EngineOpts{MaxSamples: 50_000_000, Timeout: 2 * time.Minute})
	manager := rules.NewManager(&rules.ManagerOptions{
		Context:    context.Background(),
		QueryFunc:  rules.EngineQueryFunc(engine, p.db),
		Queryable:  p.db,
		Appendable: p.db,
		NotifyFunc: func(context.Context, string, ...*rules.Alert) {},
	})
	file, err := ruleFile()
	if err != nil {
		return nil, err
	}
	defer func() { _ = os.Remove(file) }()
	groups, errs := manager.LoadGroups(15*time.Second, labels.EmptyLabels(), "", nil, false, file)
	if len(errs) > 0 {
		return nil, errors.Join(errs...)
	}
	at := time.Now()
	once := func() (float64, error) {
		var took []time.Duration
		for range evaluations {
			at = at.Add(time.Millisecond)
			began := time.Now()
			for _, group := range groups {
				group.Eval(context.Background(), at)
			}
			took = append(took, time.Since(began))
		}
		return float64(slices.Max(took).Microseconds()) / 1000, nil
	}
	samples, err := ratio.Take(once)
	if err != nil {
		return nil, err
	}
	return samples[0], engine.Close()
}

// benchRules are 50 rules: each looks at a fiftieth of the series.
func benchRules() []alertprocessor.RuleConfig {
	var all []alertprocessor.RuleConfig
	for i := range 50 {
		all = append(all, alertprocessor.RuleConfig{
			Name: "R" + strconv.Itoa(i),
			Expr: fmt.Sprintf(`sum by (instance) (rate(http_requests_total{path=~"/path/%d.*", code="500"}[5m])) > %d`, i, 1_000_000),
		})
	}
	return all
}

func ruleFile() (string, error) {
	f, err := os.CreateTemp("", "bench-*.yml")
	if err != nil {
		return "", err
	}
	fmt.Fprintln(f, "groups:\n  - name: g\n    rules:")
	for _, r := range benchRules() {
		fmt.Fprintf(f, "      - {alert: %s, expr: '%s'}\n", r.Name, r.Expr)
	}
	return f.Name(), f.Close()
}

// memoryTable compares the live heap that series with six minutes of samples take.
func memoryTable(out *os.File) error {
	table := ratio.NewTable(out, "Memory with six minutes of samples", "alert", "Prometheus' storage")
	for _, series := range []int{10_000, 100_000} {
		measure := func(open func() (system, error)) ratio.Measure {
			return func() (grown float64, err error) {
				before := heap()
				s, err := open()
				if err != nil {
					return 0, err
				}
				defer func() { err = errors.Join(err, s.close()) }()
				if err := fill(s, series); err != nil {
					return 0, err
				}
				return heap() - before, nil
			}
		}
		samples, err := ratio.Take(measure(openCollector), measure(openPeer))
		if err != nil {
			return err
		}
		table.Line(fmt.Sprintf("%d series", series), mebibytes, samples[0], samples[1])
	}
	return nil
}

// heap is the live heap in MiB.
func heap() float64 {
	runtime.GC()
	runtime.GC()
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return float64(stats.HeapAlloc) / (1 << 20)
}
