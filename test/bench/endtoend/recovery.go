// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace/ptraceotlp"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/metadata"

	"github.com/otelcol-arc/otelcol-arc/internal/testkit/ratio"
	"github.com/otelcol-arc/otelcol-arc/test/bench/traffic"
)

// The ledger that is recovered: each user in each hour is a row.
const (
	recoveredHours = 20
	recoveredUsers = 50_000
	callsInRequest = 2_000
)

// kill ends the process as a crash does.
func (p *process) kill() {
	_ = p.cmd.Process.Kill()
	<-p.ended
}

// recoveryTable measures the start after a kill, with full queues and a large ledger.
func (b *bench) recoveryTable(ctx context.Context, out *os.File) (err error) {
	s, err := b.newSite(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.close()) }()
	state := filepath.Join(s.state, "recovery")
	if err := os.Mkdir(state, 0o700); err != nil {
		return err
	}
	p, err := s.startIn(ctx, shipped, state)
	if err != nil {
		return err
	}
	if err := s.fill(ctx); err != nil {
		return errors.Join(err, p.stop())
	}
	started := func() ([]float64, error) {
		p.kill()
		var err error
		if p, err = s.startIn(ctx, shipped, state); err != nil {
			return nil, err
		}
		cpu, err := p.cpu()
		return []float64{untilReady: float64(p.started) / float64(time.Millisecond), cpuUntilReady: float64(cpu) / float64(time.Millisecond)}, err
	}
	all, err := ratio.Turns(ratio.Runs, started)
	s.backends.away.Store(false)
	if err != nil {
		return err
	}
	ratio.Head(out, "Production: start after kill -9", "", "until ready", "CPU until ready")
	ratio.Row(out, fmt.Sprintf("%d ledger rows, a full queue of spans", recoveredHours*recoveredUsers),
		ratio.Cell(millis, all[0][untilReady].Sample()), ratio.Cell(millis, all[0][cpuUntilReady].Sample()))
	return p.stop()
}

// fill has every user call a model in every hour, and then the queue of spans fill up because Jaeger is away.
func (s *site) fill(ctx context.Context) error {
	connection, err := grpc.NewClient(loopback(portGRPC), grpc.WithTransportCredentials(credentials.NewTLS(s.backends.tls())))
	if err != nil {
		return err
	}
	defer func() { _ = connection.Close() }()
	client := ptraceotlp.NewGRPCClient(connection)
	ctx = metadata.AppendToOutgoingContext(ctx, "authorization", "Bearer "+senderToken)
	td := traffic.Spans(callsInRequest, 100, usersInTraffic)
	number, now := uint64(0), time.Now()
	for hour := range recoveredHours {
		for user := 0; user < recoveredUsers; user += callsInRequest {
			number++
			traffic.Renumber(td, number)
			i := 0
			for _, rs := range td.ResourceSpans().All() {
				for _, ss := range rs.ScopeSpans().All() {
					for _, span := range ss.Spans().All() {
						end := now.Add(-time.Duration(hour) * time.Hour)
						span.SetStartTimestamp(pcommon.NewTimestampFromTime(end.Add(-time.Second)))
						span.SetEndTimestamp(pcommon.NewTimestampFromTime(end))
						span.Attributes().PutStr("user.id", fmt.Sprintf("user-%d", user+i))
						i++
					}
				}
			}
			if _, err := client.Export(ctx, ptraceotlp.NewExportRequestFromTraces(td)); err != nil {
				return err
			}
		}
	}
	s.backends.away.Store(true)
	small := traffic.Spans(20, 10, usersInTraffic)
	for {
		number++
		traffic.Renumber(small, number)
		if _, err := client.Export(ctx, ptraceotlp.NewExportRequestFromTraces(small)); err != nil {
			return nil // the queue is full
		}
		if number > 100_000 {
			return errors.New("the queue does not fill up")
		}
	}
}
