// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"go.opentelemetry.io/collector/pdata/ptrace/ptraceotlp"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	"github.com/otelcol-arc/otelcol-arc/test/bench/traffic"
)

// The load leaves the machine time to spare, so that the export call takes as
// long as the collector does and not as long as the queue before it.
const (
	spansInBatch    = 512 // what an SDK exports at once
	spanBatches     = 60  // a second
	eventsInBatch   = 100
	eventBatches    = 60 // a second
	senders         = 4
	usersInTraffic  = 50
	warmUp          = time.Second
	settling        = 500 * time.Millisecond
	exportTimeLimit = 10 * time.Second
)

// measured is for how long a process is measured under a load.
var measured = 5 * time.Second

// sender exports one batch; the number is the batch's own.
type sender func(ctx context.Context, number uint64) error

// spanSenders export batches of spans over OTLP gRPC, each over a connection of
// its own.
func spanSenders(percent int) (all []sender, items int, closeAll func(), err error) {
	var connections []*grpc.ClientConn
	closeAll = func() {
		for _, c := range connections {
			_ = c.Close()
		}
	}
	for range senders {
		connection, err := grpc.NewClient(at(portGRPC), grpc.WithTransportCredentials(insecure.NewCredentials()))
		if err != nil {
			return nil, 0, closeAll, err
		}
		connections = append(connections, connection)
		client, td := ptraceotlp.NewGRPCClient(connection), traffic.Spans(spansInBatch, percent, usersInTraffic)
		all = append(all, func(ctx context.Context, number uint64) error {
			traffic.Renumber(td, number)
			_, err := client.Export(ctx, ptraceotlp.NewExportRequestFromTraces(td))
			return err
		})
	}
	return all, spansInBatch, closeAll, nil
}

// eventSenders post lines of Arc events.
func eventSenders(percent int) (all []sender, items int, closeAll func(), err error) {
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: senders}}
	for range senders {
		all = append(all, func(ctx context.Context, number uint64) error {
			return post(ctx, client, "http://"+at(portArc)+"/v1/events", traffic.Events(eventsInBatch, percent, number), "")
		})
	}
	return all, eventsInBatch, client.CloseIdleConnections, nil
}

// post posts Arc events, with an authorization unless it is empty.
func post(ctx context.Context, client *http.Client, url string, body []byte, authorization string) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, url, bytes.NewReader(body))
	if err != nil {
		return err
	}
	request.Header.Set("Content-Type", "application/x-ndjson")
	if authorization != "" {
		request.Header.Set("Authorization", authorization)
	}
	response, err := client.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	content, err := io.ReadAll(response.Body)
	if err == nil && response.StatusCode != http.StatusOK {
		err = fmt.Errorf("response status %s: %s", response.Status, content)
	}
	return err
}

// send has the senders export so many batches a second for a time, and returns
// how long each export took, sorted. Numbers of batches begin after first.
func send(ctx context.Context, all []sender, first uint64, perSecond int, duration time.Duration) ([]time.Duration, error) {
	total := int64(duration.Seconds() * float64(perSecond))
	begun := time.Now()
	var next atomic.Int64
	return timed(all, func(export sender) (took time.Duration, more bool, err error) {
		n := next.Add(1)
		if n > total {
			return 0, false, nil
		}
		time.Sleep(time.Until(begun.Add(time.Duration(n) * time.Second / time.Duration(perSecond))))
		limited, cancel := context.WithTimeout(ctx, exportTimeLimit)
		defer cancel()
		from := time.Now()
		err = export(limited, first+uint64(n))
		return time.Since(from), true, err
	})
}

// timed calls one for each sender again and again, at the same time, until it returns false or
// fails, and returns the times that it took, sorted.
func timed(all []sender, one func(sender) (took time.Duration, more bool, err error)) ([]time.Duration, error) {
	var group sync.WaitGroup
	times, failed := make([][]time.Duration, len(all)), make([]error, len(all))
	for i, export := range all {
		group.Go(func() {
			for {
				took, more, err := one(export)
				if failed[i] = err; err != nil || !more {
					return
				}
				times[i] = append(times[i], took)
			}
		})
	}
	group.Wait()
	latencies := slices.Concat(times...)
	slices.Sort(latencies)
	return latencies, errors.Join(failed...)
}

// scrape reads the metrics of the Prometheus exporter, as a server would.
func scrape(ctx context.Context) error {
	_, err := get(ctx, "http://"+at(portPrometheus)+"/metrics")
	return err
}

// get returns the body of a response, which must be a success.
func get(ctx context.Context, url string) (string, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, http.NoBody)
	if err != nil {
		return "", err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return "", err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err == nil && response.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s: response status %s: %s", url, response.Status, body)
	}
	return string(body), err
}
