// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"
)

// How often something is done during the soak.
const (
	soakSampled = 30 * time.Second
	soakScraped = 15 * time.Second // of the Prometheus page
	soakRead    = time.Minute      // of the dashboard
)

// soakOffset moves the ports, since other measurements may run within the hour.
const soakOffset = 1000

// soak runs the default configuration with state on disk under a small load in which users,
// sessions, models, services and series are ever new, and fails if what it takes still
// grows after the first third of the time.
func (b *bench) soak(ctx context.Context, out *os.File) (err error) {
	duration := time.Hour
	if text := os.Getenv("SOAK"); text != "" {
		if duration, err = time.ParseDuration(text); err != nil {
			return fmt.Errorf("SOAK: %w", err)
		}
	}
	offset = soakOffset
	slack := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		_, _ = io.WriteString(w, "ok")
	}))
	defer slack.Close()
	state := filepath.Join(b.dir, "state")
	c, err := soakConfig(b.root, state, slack.URL+"/services/T/B/X")
	if err != nil {
		return err
	}
	path, err := write(c, b.dir, "soak")
	if err != nil {
		return err
	}
	p, err := launch(ctx, b.root, b.binary, "--config", path)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, p.stop()) }()

	until, cancel := context.WithTimeout(ctx, duration)
	defer cancel()
	load, err := newSoakLoad()
	if err != nil {
		return err
	}
	defer load.close()
	var group sync.WaitGroup
	failed := make(chan error, 1)
	group.Go(func() { failed <- load.send(ctx, duration) })
	group.Go(func() { every(until, soakScraped, func() { load.count(scrape(until)) }) })
	group.Go(func() { every(until, soakRead, func() { load.count(readDashboard(until)) }) })
	s := soaked{start: time.Now()}
	every(until, soakSampled, func() {
		if err := s.sample(until, p, state); err != nil && until.Err() == nil {
			load.count(err)
		}
		s.log(os.Stderr)
	})
	group.Wait()
	if err := errors.Join(<-failed, ctx.Err()); err != nil {
		return err
	}
	return s.report(out, load, filepath.Join(b.root, "docs", "images", "soak.svg"))
}

// every calls do at once and then in the interval, until the context ends.
func every(ctx context.Context, interval time.Duration, do func()) {
	ticker := time.NewTicker(interval)
	defer ticker.Stop()
	for ctx.Err() == nil {
		do()
		select {
		case <-ctx.Done():
		case <-ticker.C:
		}
	}
}

// readDashboard reads what a browser that is left open reads, and lists by user and call.
func readDashboard(ctx context.Context) error {
	var errs []error
	for _, path := range []string{
		"/", "/calls", "/sessions", "/alerts", "/rules", "/api/usage?by=user.id&by=model&step=hour", "/api/usage/budgets", "/api/usage/unpriced", "/api/calls", "/api/arrivals", "/api/alerts",
	} {
		_, err := get(ctx, "http://"+at(portPage)+path)
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

// What is sampled.
const (
	soakResident   = iota // MiB
	soakLive              // heap that the last garbage collection left, MiB
	soakHeap              // with garbage, MiB
	soakGoroutines        //
	soakFiles             // open file descriptors
	soakStorage           // ledger, journals and notifications on disk, MiB
	soakSamplesOn         // samples of the alert rules on disk, MiB
	soakQuantities
)

// soaked is what was sampled, in the order of time.
type soaked struct {
	start   time.Time
	minutes []float64
	values  [soakQuantities][]float64
	pages   []string // the collector's own metrics
}

// sample reads the process and its state once.
func (s *soaked) sample(ctx context.Context, p *process, state string) error {
	var v [soakQuantities]float64
	var errs [5]error
	v[soakResident], errs[0] = p.memory("VmRSS")
	heap, err := get(ctx, "http://"+at(portProfiles)+"/debug/pprof/heap?debug=1")
	errs[1] = err
	v[soakLive], v[soakHeap] = memoryStatistic(heap, "NextGC")/2, memoryStatistic(heap, "HeapAlloc") // GOGC is 100
	goroutines, err := get(ctx, "http://"+at(portProfiles)+"/debug/pprof/goroutine?debug=1")
	errs[2] = err
	_, total, _ := strings.Cut(goroutines, "total ")
	v[soakGoroutines] = numberAtStart(total)
	files, err := os.ReadDir(fmt.Sprintf("/proc/%d/fd", p.cmd.Process.Pid))
	errs[3] = err
	v[soakFiles] = float64(len(files))
	v[soakStorage], v[soakSamplesOn] = sizeOf(filepath.Join(state, "storage")), sizeOf(filepath.Join(state, "alert"))
	page, err := get(ctx, "http://"+at(portTelemetry)+"/metrics")
	errs[4] = err
	if err := errors.Join(errs[:]...); err != nil {
		return err
	}
	s.minutes = append(s.minutes, time.Since(s.start).Minutes())
	for i := range v {
		s.values[i] = append(s.values[i], v[i])
	}
	s.pages = append(s.pages, page)
	return nil
}

// log writes the newest sample, for whoever waits.
func (s *soaked) log(out io.Writer) {
	if len(s.minutes) == 0 {
		return
	}
	last := len(s.minutes) - 1
	fmt.Fprintf(out, "%5.1f min", s.minutes[last])
	for i, q := range soakNames {
		fmt.Fprintf(out, "  %s %.1f", q.short, s.values[i][last])
	}
	fmt.Fprintln(out)
}

// memoryStatistic is a field of runtime.MemStats, at the end of a heap profile in text, in MiB.
func memoryStatistic(profile, field string) float64 {
	_, rest, _ := strings.Cut(profile, "\n# "+field+" = ")
	return numberAtStart(rest) / (1 << 20)
}

func numberAtStart(text string) float64 {
	end := strings.IndexFunc(text, func(r rune) bool { return r < '0' || r > '9' })
	n, err := strconv.ParseFloat(text[:max(end, 0)], 64)
	if err != nil {
		return 0
	}
	return n
}

// sizeOf is the size of the files below a directory, in MiB. Files may vanish meanwhile.
func sizeOf(directory string) float64 {
	var size int64
	_ = filepath.WalkDir(directory, func(_ string, entry os.DirEntry, err error) error {
		if err == nil && !entry.IsDir() {
			if info, err := entry.Info(); err == nil {
				size += info.Size()
			}
		}
		return nil
	})
	return float64(size) / (1 << 20)
}
