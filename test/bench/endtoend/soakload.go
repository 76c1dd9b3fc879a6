// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"go.opentelemetry.io/collector/pdata/plog/plogotlp"
	"go.opentelemetry.io/collector/pdata/pmetric/pmetricotlp"
	"go.opentelemetry.io/collector/pdata/ptrace/ptraceotlp"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	"github.com/otelcol-arc/otelcol-arc/test/bench/traffic"
)

// The load of the soak, in requests a second: 300 spans, a third of which are calls, 50 Arc
// events, 40 log records and 100 data points.
const (
	soakSpanBatches   = 6
	soakEventBatches  = 5
	soakLogBatches    = 2
	soakMetricBatches = 2
	soakSilences      = 1
)

// soakLoad sends what is ever new.
type soakLoad struct {
	connection *grpc.ClientConn
	client     *http.Client
	start      time.Time
	errors     atomic.Int64
	first      sync.Once // names the first error
	sent       traffic.Churn
}

func newSoakLoad() (*soakLoad, error) {
	connection, err := grpc.NewClient(at(portGRPC), grpc.WithTransportCredentials(insecure.NewCredentials()))
	return &soakLoad{connection: connection, client: &http.Client{}, start: time.Now()}, err
}

func (l *soakLoad) close() {
	_ = l.connection.Close()
	l.client.CloseIdleConnections()
}

// count counts a request that failed: the soak goes on, and its report has the number.
func (l *soakLoad) count(err error) {
	if err == nil {
		return
	}
	l.errors.Add(1)
	l.first.Do(func() { fmt.Fprintln(os.Stderr, "the first error:", err) })
}

// send sends everything for a time.
func (l *soakLoad) send(ctx context.Context, duration time.Duration) error {
	traces, logs, metrics := ptraceotlp.NewGRPCClient(l.connection), plogotlp.NewGRPCClient(l.connection), pmetricotlp.NewGRPCClient(l.connection)
	kinds := []struct {
		perSecond int
		send      sender
	}{
		{soakSpanBatches, func(ctx context.Context, n uint64) error {
			td := l.sent.SpansOf(n, time.Now())
			for range 1 + int(n%20)/19 { // one in twenty is sent twice
				if _, err := traces.Export(ctx, ptraceotlp.NewExportRequestFromTraces(td)); err != nil {
					return err
				}
			}
			return nil
		}},
		{soakEventBatches, func(ctx context.Context, n uint64) error {
			return post(ctx, l.client, "http://"+at(portArc)+"/v1/events", l.sent.EventsOf(n, time.Now()), "")
		}},
		{soakLogBatches, func(ctx context.Context, n uint64) error {
			_, err := logs.Export(ctx, plogotlp.NewExportRequestFromLogs(l.sent.LogsOf(n, time.Now())))
			return err
		}},
		{soakMetricBatches, func(ctx context.Context, n uint64) error {
			_, err := metrics.Export(ctx, pmetricotlp.NewExportRequestFromMetrics(l.sent.MetricsOf(n, l.start, time.Now())))
			return err
		}},
		{soakSilences, l.silence},
	}
	var group sync.WaitGroup
	failed := make([]error, len(kinds))
	for i, kind := range kinds {
		group.Go(func() {
			counting := func(ctx context.Context, n uint64) error {
				l.count(kind.send(ctx, n))
				return nil
			}
			_, failed[i] = send(ctx, []sender{counting}, 0, kind.perSecond, duration)
		})
	}
	group.Wait()
	return errors.Join(failed...)
}

// silence creates a silence of an hour. There can be a thousand.
func (l *soakLoad) silence(ctx context.Context, n uint64) error {
	body := fmt.Sprintf(`{"matchers":[{"name":"alertname","value":"Soak%d","isRegex":false,"isEqual":true}],"startsAt":%q,"endsAt":%q,"createdBy":"soak","comment":"soak"}`,
		n, time.Now().UTC().Format(time.RFC3339), time.Now().UTC().Add(time.Hour).Format(time.RFC3339))
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+at(portPage)+"/api/v2/silences", bytes.NewBufferString(body))
	if err != nil {
		return err
	}
	request.Header.Set("Content-Type", "application/json")
	response, err := l.client.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK && n <= maxSilences {
		return fmt.Errorf("silence: response status %s", response.Status)
	}
	return nil
}

// maxSilences is how many the alert processor holds.
const maxSilences = 1000
