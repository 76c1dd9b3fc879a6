// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"math"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"sync/atomic"
	"syscall"
	"time"

	"go.opentelemetry.io/collector/pdata/ptrace/ptraceotlp"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/metadata"

	"github.com/otelcol-arc/otelcol-arc/internal/testkit/ratio"
	"github.com/otelcol-arc/otelcol-arc/test/bench/traffic"
)

// smallSenders is how many senders send requests of one item each, the next when one is acknowledged.
const smallSenders = 16

// site is the production configuration with what it sends to.
type site struct {
	*bench
	backends *backends
	state    string // a directory on the disk, whatever the system's temporary files are on
}

func (b *bench) newSite(ctx context.Context) (*site, error) {
	backends, err := startBackends(ctx, b.dir)
	if err != nil {
		return nil, err
	}
	state := filepath.Join(b.root, "build", "bench", "state")
	return &site{bench: b, backends: backends, state: state}, errors.Join(os.RemoveAll(state), os.MkdirAll(state, 0o700))
}

func (s *site) close() error {
	s.backends.close()
	return os.RemoveAll(s.state)
}

// start starts a system with no state.
func (s *site) start(ctx context.Context, of system) (*process, error) {
	state, err := os.MkdirTemp(s.state, "run")
	if err != nil {
		return nil, err
	}
	return s.startIn(ctx, of, state)
}

func (s *site) startIn(ctx context.Context, of system, state string) (*process, error) {
	c, err := production(s.root, state, s.backends)
	if err != nil {
		return nil, err
	}
	path, err := write(of.derive(c), s.dir, "config")
	if err != nil {
		return nil, err
	}
	return launch(ctx, s.root, s.binary, "--config", path)
}

// spanSenders export batches of so many spans with TLS and the token.
func (s *site) spanSenders(connections, inBatch, percent int) (all []sender, closeAll func(), err error) {
	var open []*grpc.ClientConn
	closeAll = func() {
		for _, c := range open {
			_ = c.Close()
		}
	}
	for range connections {
		connection, err := grpc.NewClient(loopback(portGRPC), grpc.WithTransportCredentials(credentials.NewTLS(s.backends.tls())))
		if err != nil {
			return nil, closeAll, err
		}
		open = append(open, connection)
		client, td := ptraceotlp.NewGRPCClient(connection), traffic.Spans(inBatch, percent, usersInTraffic)
		all = append(all, func(ctx context.Context, number uint64) error {
			traffic.Renumber(td, number)
			_, err := client.Export(metadata.AppendToOutgoingContext(ctx, "authorization", "Bearer "+senderToken), ptraceotlp.NewExportRequestFromTraces(td))
			return err
		})
	}
	return all, closeAll, nil
}

// eventSenders post one event a request, with TLS and the token.
func (s *site) eventSenders(connections int) (all []sender, closeAll func()) {
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: connections, TLSClientConfig: s.backends.tls()}}
	url := "https://" + loopback(portArc) + "/v1/events"
	for range connections {
		all = append(all, func(ctx context.Context, number uint64) error {
			return post(ctx, client, url, traffic.Events(1, 100, number), "Bearer "+senderToken)
		})
	}
	return all, client.CloseIdleConnections
}

// What a measurement of requests of one item returns.
const (
	requestsASecond = iota
	cpuOfRequest    // nanoseconds
	slowestRequest  // p99, in milliseconds
)

// saturate has each sender send its next request when one is acknowledged, for a time. What is
// rejected is sent again.
func saturate(ctx context.Context, all []sender, first uint64, duration time.Duration) ([]time.Duration, error) {
	end := time.Now().Add(duration)
	var next atomic.Uint64
	return timed(all, func(export sender) (took time.Duration, more bool, err error) {
		from := time.Now()
		if !from.Before(end) {
			return 0, false, nil
		}
		number := first + next.Add(1)
		err = export(ctx, number)
		for ; err != nil && time.Since(from) < exportTimeLimit; err = export(ctx, number) { // the queue is full
			time.Sleep(10 * time.Millisecond)
		}
		return time.Since(from), true, err
	})
}

// small measures requests of one item.
func (s *site) small(ctx context.Context, of system, senders func() ([]sender, func(), error)) (quantities []float64, err error) {
	p, err := s.start(ctx, of)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, p.stop()) }()
	all, closeAll, err := senders()
	defer closeAll()
	if err != nil {
		return nil, err
	}
	if _, err := saturate(ctx, all, 0, warmUp); err != nil {
		return nil, err
	}
	before, err := p.cpu()
	if err != nil {
		return nil, err
	}
	latencies, err := saturate(ctx, all, 1<<32, measured)
	if err != nil {
		return nil, err
	}
	after, err := p.cpu()
	if err != nil {
		return nil, err
	}
	n := float64(len(latencies))
	return []float64{
		requestsASecond: n / measured.Seconds(),
		cpuOfRequest:    float64((after - before).Nanoseconds()) / n,
		slowestRequest:  float64(latencies[len(latencies)*99/100]) / float64(time.Millisecond),
	}, nil
}

var syncCalls = regexp.MustCompile(`(?m)^\s*[0-9.]+\s+[0-9.]+\s+[0-9]+\s+([0-9]+)\s+(?:[0-9]+\s+)?(?:fsync|fdatasync|sync_file_range|msync)$`)

// syncs counts the syncs of each request of a sender that nobody shares them with, with strace; NaN if there
// is none.
func (s *site) syncs(ctx context.Context, of system, senders func() ([]sender, func(), error)) (perRequest float64, err error) {
	if _, err := exec.LookPath("strace"); err != nil {
		return math.NaN(), nil
	}
	p, err := s.start(ctx, of)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, p.stop()) }()
	all, closeAll, err := senders()
	defer closeAll()
	if err != nil {
		return 0, err
	}
	if err := all[0](ctx, 1); err != nil { // what is done once
		return 0, err
	}
	output := filepath.Join(s.dir, "strace")
	trace := exec.CommandContext(ctx, "strace", "-f", "-c", "-e", "trace=fsync,fdatasync,sync_file_range,msync", "-o", output, "-p", strconv.Itoa(p.cmd.Process.Pid))
	if err := trace.Start(); err != nil {
		return 0, err
	}
	time.Sleep(settling) // until it has attached to all threads
	const requests = 100
	for number := range requests {
		if err := all[0](ctx, uint64(number+2)); err != nil {
			return 0, errors.Join(err, trace.Process.Kill(), trace.Wait())
		}
	}
	time.Sleep(settling) // until they are sent
	_ = trace.Process.Signal(syscall.SIGINT)
	_ = trace.Wait() // its status is the signal
	content, err := os.ReadFile(output)
	if err != nil {
		return 0, err
	}
	calls := 0
	for _, match := range syncCalls.FindAllSubmatch(content, -1) {
		n, err := strconv.Atoi(string(match[1]))
		if err != nil {
			return 0, err
		}
		calls += n
	}
	return float64(calls) / requests, nil
}

// batches measures batches of spans at a rate that leaves time to spare.
func (s *site) batches(ctx context.Context, of system) (quantities []float64, err error) {
	p, err := s.start(ctx, of)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, p.stop()) }()
	all, closeAll, err := s.spanSenders(senders, spansInBatch, 10)
	defer closeAll()
	if err != nil {
		return nil, err
	}
	return p.underLoad(ctx, all, spansInBatch, spanBatches, func(context.Context) error { return nil })
}

func (b *bench) diskTables(ctx context.Context, out *os.File) (err error) {
	s, err := b.newSite(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.close()) }()
	systems := []system{shipped, inMemory, inFiles, foreignOff}
	turns := func(runs int, measure func(system) ([]float64, error)) ([][]ratio.Series, error) {
		var all []func() ([]float64, error)
		for _, of := range systems {
			all = append(all, func() ([]float64, error) { return measure(of) })
		}
		return ratio.Turns(runs, all...)
	}

	all, err := turns(ratio.Runs, func(of system) ([]float64, error) { return s.batches(ctx, of) })
	if err != nil {
		return err
	}
	ratio.Head(out, fmt.Sprintf("Production: %d batches of %d spans a second, 10 %% are calls", spanBatches, spansInBatch),
		"", "CPU of a span", "beside the first", "p99 of an export", "beside the first", "memory at most")
	for i, of := range systems {
		cpu, slowest := all[i][cpuOfItem], all[i][slowestOf100]
		ratio.Row(out, of.name, ratio.Cell(micros, cpu.Sample()), ratio.Cell(times, cpu.Over(all[0][cpuOfItem])),
			ratio.Cell(millis, slowest.Sample()), ratio.Cell(times, slowest.Over(all[0][slowestOf100])), ratio.Cell(mebibytes, all[i][memoryAtMost].Sample()))
	}

	for _, kind := range []struct {
		title   string
		senders func() ([]sender, func(), error)
	}{
		{"Production: requests of one span, a call", func() ([]sender, func(), error) { return s.spanSenders(smallSenders, 1, 100) }},
		{"Production: requests of one Arc event, a call", func() ([]sender, func(), error) {
			all, closeAll := s.eventSenders(smallSenders)
			return all, closeAll, nil
		}},
	} {
		all, err := turns(ratio.Runs, func(of system) ([]float64, error) { return s.small(ctx, of, kind.senders) })
		if err != nil {
			return err
		}
		ratio.Head(out, fmt.Sprintf("%s, %d senders", kind.title, smallSenders),
			"", "requests a second", "CPU of a request", "beside the first", "p99", "syncs a request of one sender")
		for i, of := range systems {
			syncs, err := s.syncs(ctx, of, kind.senders)
			if err != nil {
				return err
			}
			ratio.Row(out, of.name, ratio.Cell(count, all[i][requestsASecond].Sample()), ratio.Cell(micros, all[i][cpuOfRequest].Sample()),
				ratio.Cell(times, all[i][cpuOfRequest].Over(all[0][cpuOfRequest])), ratio.Cell(millis, all[i][slowestRequest].Sample()),
				fmt.Sprintf("%.1f", syncs))
		}
	}
	return nil
}

func count(v float64) string { return fmt.Sprintf("%.0f", v) }
