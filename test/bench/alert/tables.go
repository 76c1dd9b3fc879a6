// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"slices"
	"time"

	"go.opentelemetry.io/collector/pdata/pmetric/pmetricotlp"

	"github.com/otelcol-arc/otelcol-arc/internal/testkit/ratio"
	"github.com/otelcol-arc/otelcol-arc/test/bench/traffic"
)

// openCollector and openPeer start empty systems.
func openCollector() (system, error) { return newCollector(true) }
func openPeer() (system, error)      { return newPeer() }

// fill sends the samples of six minutes, one every 15 s.
func fill(s system, series int) error {
	start, samples := time.Now().Add(-6*time.Minute), int64(series) // the zeros are not counted
	for at := start.Add(15 * time.Second); at.Before(time.Now()); at = at.Add(15 * time.Second) {
		bodies, err := traffic.Counters(series, start, at)
		if err != nil {
			return err
		}
		for _, body := range bodies {
			if err := s.take(body); err != nil {
				return err
			}
		}
		if err := s.settle(samples); err != nil {
			return err
		}
		samples += int64(series)
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
		bodies, err := traffic.Counters(series, start, start.Add(time.Duration(round+1)*15*time.Second))
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
			if err := s.settle(series); err != nil {
				return 0, err
			}
			runtime.GC()
			began := time.Now()
			for _, body := range timed {
				if err := s.take(body); err != nil {
					return 0, err
				}
			}
			if err := s.settle(series * (rounds + 1)); err != nil {
				return 0, err
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
	// passing is the rate at which the processor alone passes points on, with
	// what it does beside the pipeline done in between.
	passing := func(persistent bool) (rate float64, err error) {
		c, err := newCollector(persistent)
		if err != nil {
			return 0, err
		}
		defer func() { err = errors.Join(err, c.close()) }()
		for i, body := range slices.Concat(warm, timed) {
			if i == len(warm) {
				runtime.GC()
				c.waited = 0
			}
			if err := c.take(body); err != nil {
				return 0, err
			}
			if err := c.settle(int64(i+1) * traffic.CountersInRequest); err != nil {
				return 0, err
			}
		}
		return series * rounds / c.waited.Seconds(), nil
	}
	measured, err := ratio.Take(ratio.Runs, throughput(openCollector), throughput(openPeer), unmarshal,
		func() (float64, error) { return passing(false) }, func() (float64, error) { return passing(true) })
	if err != nil {
		return err
	}
	table := ratio.NewTable(out, "Samples appended by one core", "alert", "Prometheus' OTLP endpoint")
	table.Line("10,000 known series", perSecond, measured[0], measured[1])
	table = ratio.NewTable(out, "Cost of a data point", "alert", "unmarshalling it")
	table.Line("that the pipeline waits for", nanos, inverse(measured[3]), inverse(measured[2]))
	table.Line("the same with a storage directory, until it is written", nanos, inverse(measured[4]), inverse(measured[2]))
	table.Line("altogether, with the writing", nanos, beyond(measured[0], measured[2]), inverse(measured[2]))
	return nil
}

// inverse makes nanoseconds each of a number a second.
func inverse(s ratio.Series) ratio.Series {
	var out ratio.Series
	for _, v := range s {
		out = append(out, 1e9/v)
	}
	return out
}

// beyond is the time that the first takes more than the second of the same round.
func beyond(all, part ratio.Series) ratio.Series {
	out, less := inverse(all), inverse(part)
	for i := range out {
		out[i] -= less[i]
	}
	return out
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
		measured, err := ratio.Take(ratio.Runs, measure(openCollector), measure(openPeer))
		if err != nil {
			return err
		}
		table.Line(fmt.Sprintf("%d series", series), mebibytes, measured[0], measured[1])
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
