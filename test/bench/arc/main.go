// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

// Command arc measures the arc receiver beside contrib's filelog receiver with
// its JSON parser, encoding/json, the same records sent to the otlp receiver, and
// their unmarshalling from OTLP, on one core.
package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"time"

	"github.com/open-telemetry/opentelemetry-collector-contrib/receiver/filelogreceiver"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/confmap"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/receiver"
	"go.opentelemetry.io/collector/receiver/otlpreceiver"
	"go.opentelemetry.io/collector/receiver/receivertest"

	"github.com/otelcol-arc/otelcol-arc/internal/testkit/ratio"
	"github.com/otelcol-arc/otelcol-arc/receiver/arcreceiver"
)

// events is the number of lines of a measurement, 10,000 to a request.
const (
	events   = 100_000
	requests = 10
	runs     = 21
)

// lines makes n log lines as Arc's structured logger writes them.
func lines(n int) []byte {
	var b bytes.Buffer
	for i := range n {
		fmt.Fprintf(&b, `{"timestamp": "2024-05-31T12:00:%02d.%06d", "level": "INFO", "logger": "arc.agents", "message": "Agent invoked", `+
			`"module": "agents", "function": "invoke", "line": 42, "task_id": "%d", "user_id": "user_456", "request_id": "6f1d2c3b-%04d"}`+"\n",
			i/1000%60, i%1_000_000, i, i%10_000)
	}
	return b.Bytes()
}

// sink counts records, and keeps the last batch if keep is set.
type sink struct {
	done chan struct{}
	want int
	keep *plog.Logs
}

func (s *sink) take(_ context.Context, ld plog.Logs) error {
	if s.keep != nil {
		ld.CopyTo(*s.keep)
	}
	if s.want -= ld.LogRecordCount(); s.want <= 0 {
		close(s.done)
	}
	return nil
}

// start starts a receiver before a pipeline that waits for as many records.
func start(factory receiver.Factory, settings map[string]any, want int, keep *plog.Logs) (s *sink, stop func(), err error) {
	cfg := factory.CreateDefaultConfig()
	if err := confmap.NewFromStringMap(settings).Unmarshal(cfg); err != nil {
		return nil, nil, err
	}
	s = &sink{done: make(chan struct{}), want: want, keep: keep}
	next, err := consumer.NewLogs(s.take)
	if err != nil {
		return nil, nil, err
	}
	ctx := context.Background()
	logs, err := factory.CreateLogs(ctx, receivertest.NewNopSettings(factory.Type()), cfg, next)
	if err != nil {
		return nil, nil, err
	}
	if err := logs.Start(ctx, componenttest.NewNopHost()); err != nil {
		return nil, nil, err
	}
	return s, func() { _ = component.Component(logs).Shutdown(ctx) }, nil
}

func address() (string, error) {
	listener, err := (&net.ListenConfig{}).Listen(context.Background(), "tcp", "localhost:0")
	if err != nil {
		return "", err
	}
	return listener.Addr().String(), listener.Close()
}

// endpoint is a receiver that takes requests.
type endpoint struct {
	factory     receiver.Factory
	settings    func(address string) map[string]any
	path        string
	contentType string
}

var arc = endpoint{
	factory:     arcreceiver.NewFactory(),
	settings:    func(address string) map[string]any { return map[string]any{"endpoint": address} },
	path:        "/v1/events",
	contentType: "application/x-ndjson",
}

var otlpHTTP = endpoint{
	factory: otlpreceiver.NewFactory(),
	settings: func(address string) map[string]any {
		return map[string]any{"protocols": map[string]any{"http": map[string]any{"endpoint": address}}}
	},
	path:        "/v1/logs",
	contentType: "application/x-protobuf",
}

// overHTTP posts the events of a body and returns the nanoseconds an event took.
func overHTTP(to endpoint, body []byte, keep *plog.Logs) ratio.Measure {
	return func() (float64, error) {
		at, err := address()
		if err != nil {
			return 0, err
		}
		s, stop, err := start(to.factory, to.settings(at), events, keep)
		if err != nil {
			return 0, err
		}
		defer stop()
		begin := time.Now()
		for range requests {
			if err := post("http://"+at+to.path, to.contentType, body); err != nil {
				return 0, err
			}
		}
		<-s.done
		return perEvent(begin), nil
	}
}

func post(url, contentType string, body []byte) error {
	request, err := http.NewRequestWithContext(context.Background(), http.MethodPost, url, bytes.NewReader(body))
	if err != nil {
		return err
	}
	request.Header.Set("Content-Type", contentType)
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	defer func() { _ = response.Body.Close() }()
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("response status %s", response.Status)
	}
	_, err = io.Copy(io.Discard, response.Body)
	return err
}

// fromFile has a receiver read a file of the lines.
func fromFile(factory receiver.Factory, settings map[string]any) ratio.Measure {
	return func() (float64, error) {
		begin := time.Now()
		s, stop, err := start(factory, settings, events, nil)
		if err != nil {
			return 0, err
		}
		defer stop()
		<-s.done
		return perEvent(begin), nil
	}
}

func perEvent(begin time.Time) float64 { return float64(time.Since(begin)) / events }

// withoutReceiver times something that is done with all lines of a request.
func withoutReceiver(do func() error) ratio.Measure {
	return func() (float64, error) {
		begin := time.Now()
		for range requests {
			if err := do(); err != nil {
				return 0, err
			}
		}
		return perEvent(begin), nil
	}
}

func run() error {
	runtime.GOMAXPROCS(1)
	dir, err := os.MkdirTemp("", "arc")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	path := filepath.Join(dir, "arc.jsonl")
	if err := os.WriteFile(path, lines(events), 0o600); err != nil {
		return err
	}
	body := lines(events / requests)

	last := plog.NewLogs()
	if _, err := overHTTP(arc, body, &last)(); err != nil {
		return err
	}
	otlp, err := (&plog.ProtoMarshaler{}).MarshalLogs(last)
	if err != nil {
		return err
	}
	otlpJSON, err := (&plog.JSONMarshaler{}).MarshalLogs(last)
	if err != nil {
		return err
	}
	unused, err := address()
	if err != nil {
		return err
	}
	files := map[string]any{"include": []any{path}, "start_at": "beginning", "poll_interval": "1ms"}
	series, err := ratio.Take(runs,
		overHTTP(arc, body, nil),
		fromFile(arcreceiver.NewFactory(), map[string]any{"endpoint": unused, "file": files}),
		fromFile(filelogreceiver.NewFactory(), map[string]any{
			"include": []any{path}, "start_at": "beginning", "poll_interval": "1ms",
			"operators": []any{map[string]any{
				"type":      "json_parser",
				"timestamp": map[string]any{"parse_from": "attributes.timestamp", "layout": "%Y-%m-%dT%H:%M:%S.%f"},
				"severity":  map[string]any{"parse_from": "attributes.level"},
			}},
		}),
		withoutReceiver(func() error {
			for line := range bytes.Lines(body) {
				var values map[string]any
				if err := json.Unmarshal(line, &values); err != nil {
					return err
				}
			}
			return nil
		}),
		withoutReceiver(func() error {
			_, err := (&plog.ProtoUnmarshaler{}).UnmarshalLogs(otlp)
			return err
		}),
		withoutReceiver(func() error {
			_, err := (&plog.JSONUnmarshaler{}).UnmarshalLogs(otlpJSON)
			return err
		}),
		overHTTP(otlpHTTP, otlp, nil),
	)
	if err != nil {
		return err
	}
	nanoseconds := func(v float64) string { return fmt.Sprintf("%.0f ns", v) }
	table := ratio.NewTable(os.Stdout, "arc, time of one event on one core", "arc", "peer")
	table.Line("over HTTP; filelog with json_parser, from a file", nanoseconds, series[0], series[2])
	table.Line("from a file; filelog with json_parser, from a file", nanoseconds, series[1], series[2])
	table.Line("over HTTP; encoding/json into a map, alone", nanoseconds, series[0], series[3])
	table.Line("over HTTP; the records over OTLP/HTTP, to the otlp receiver", nanoseconds, series[0], series[6])
	table.Line("over HTTP; unmarshalling the records from OTLP, alone", nanoseconds, series[0], series[4])
	table.Line("over HTTP; unmarshalling the records from OTLP's JSON, alone", nanoseconds, series[0], series[5])
	return nil
}

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
