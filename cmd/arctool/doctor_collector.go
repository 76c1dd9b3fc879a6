// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

// checkPorts sends nothing that counts to the ports of the receivers.
func (d *doctor) checkPorts(ctx context.Context) []finding {
	return []finding{d.checkGRPC(ctx), d.checkHTTP(ctx), d.checkArc(ctx)}
}

// checkGRPC sends what an HTTP/2 client begins with. A server of HTTP/1 responds with
// text, one of HTTP/2 with a SETTINGS frame.
func (d *doctor) checkGRPC(ctx context.Context) finding {
	dialer := net.Dialer{Timeout: d.client.Timeout}
	connection, err := dialer.DialContext(ctx, "tcp", d.grpc)
	if err != nil {
		return problem("OTLP/gRPC: nothing listens on %s (%v); start the collector, or name the address with --otlp-grpc", d.grpc, err)
	}
	defer func() { _ = connection.Close() }()
	stop := context.AfterFunc(ctx, func() { _ = connection.Close() })
	defer stop()
	settings := []byte("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\x00\x00\x00\x04\x00\x00\x00\x00\x00")
	if _, err := connection.Write(settings); err != nil {
		return problem("OTLP/gRPC: %s accepts no data: %v", d.grpc, err)
	}
	frame := make([]byte, 9)
	_ = connection.SetReadDeadline(time.Now().Add(d.client.Timeout)) // else it waits for ctx
	switch _, err := io.ReadFull(connection, frame); {
	case err != nil:
		return problem("OTLP/gRPC: %s does not respond; it may require TLS (https:// and its certificate), or speak something else", d.grpc)
	case frame[3] != 4: // SETTINGS
		return problem("OTLP/gRPC: %s does not speak HTTP/2; is it the port of OTLP/HTTP?", d.grpc)
	}
	return okay("OTLP/gRPC: %s speaks HTTP/2", d.grpc)
}

// checkHTTP sends an export of no spans.
func (d *doctor) checkHTTP(ctx context.Context) finding {
	status, _, err := d.post(ctx, d.http+"/v1/traces", "{}")
	switch {
	case err != nil && strings.Contains(err.Error(), "malformed HTTP"):
		return problem("OTLP/HTTP: %s does not speak HTTP/1; is it the port of OTLP/gRPC, or does it require https?", d.http)
	case err != nil:
		return problem("OTLP/HTTP: %v; start the collector, or name the address with --otlp-http", err)
	case status == http.StatusUnauthorized:
		return problem("OTLP/HTTP: %s requires authentication; set OTEL_EXPORTER_OTLP_HEADERS", d.http)
	case status != http.StatusOK:
		return problem("OTLP/HTTP: %s responds with %d; is it an OTLP receiver?", d.http, status)
	}
	return okay("OTLP/HTTP: %s accepts spans", d.http)
}

// checkArc sends a body without an event, which the receiver rejects.
func (d *doctor) checkArc(ctx context.Context) finding {
	status, body, err := d.post(ctx, d.arc+"/v1/events", " ")
	switch {
	case err != nil:
		return problem("Arc events: %v; start the collector, or name the address with --arc", err)
	case status == http.StatusUnauthorized:
		return problem("Arc events: %s requires authentication", d.arc)
	case status != http.StatusBadRequest || !bytes.Contains(body, []byte("the body is empty")):
		return problem("Arc events: %s responds with %d; is it an arc receiver?", d.arc, status)
	}
	return okay("Arc events: %s/v1/events accepts events", d.arc)
}

func (d *doctor) post(ctx context.Context, address, body string) (int, []byte, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, address, strings.NewReader(body))
	if err != nil {
		return 0, nil, err
	}
	request.Header.Set("Content-Type", "application/json")
	d.setHeaders(request.Header)
	return d.do(request)
}

// setHeaders adds the headers that an SDK sends in this environment.
func (d *doctor) setHeaders(header http.Header) {
	list, found := d.lookup("OTEL_EXPORTER_OTLP_TRACES_HEADERS")
	if !found {
		list, _ = d.lookup("OTEL_EXPORTER_OTLP_HEADERS")
	}
	for pair := range strings.SplitSeq(list, ",") {
		name, value, found := strings.Cut(pair, "=")
		if decoded, err := url.PathUnescape(strings.TrimSpace(value)); found && err == nil {
			header.Set(strings.TrimSpace(name), decoded)
		}
	}
}

func (d *doctor) do(request *http.Request) (int, []byte, error) {
	response, err := d.client.Do(request)
	if err != nil {
		return 0, nil, err
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(io.LimitReader(response.Body, 1<<20))
	return response.StatusCode, body, err
}

// passed is what has passed in a time.
type passed struct {
	Spans      int64            `json:"spans"`
	LogRecords int64            `json:"log_records"`
	DataPoints int64            `json:"data_points"`
	Outcomes   map[string]int64 `json:"outcomes"`
}

// outcomes are what becomes of a record that reports a call.
var outcomes = []struct {
	name    string
	problem bool
	text    string
	note    string
}{
	{"priced", false, "with a price", "several can report one call"},
	{"estimated", false, "priced with an estimate", "the dashboard has the reason"},
	{"reported", false, "counted with the cost that the application reported", ""},
	{"free", false, "free", ""},
	{"unpriced", true, "without a price", "the model is in no table, or no tokens are reported; the dashboard lists the models"},
	{"duplicate", false, "another report of a call that was counted", ""},
	{"wrapper", false, "around a call that was counted", ""},
	{"aggregate", false, "sums of calls below them", "agents, chains, tools"},
	{"bad_tokens", true, "not readable", "a count of tokens is negative or no number"},
	{"empty_model", true, "not readable", "no model is named"},
	{"model_too_long", true, "not readable", "the name of the model is too long"},
	{"too_many_series", true, "not counted", "the metric source has too many series"},
}

// checkTraffic asks the dashboard.
func (d *doctor) checkTraffic(ctx context.Context) []finding {
	var traffic struct{ Data struct{ Minutes []passed } }
	if err := d.get(ctx, "/api/traffic", &traffic); err != nil {
		return []finding{problem("the dashboard: %v; name its address with --dashboard", err)}
	}
	sum := passed{Outcomes: map[string]int64{}}
	for _, minute := range traffic.Data.Minutes {
		sum.Spans += minute.Spans
		sum.LogRecords += minute.LogRecords
		sum.DataPoints += minute.DataPoints
		for outcome, n := range minute.Outcomes {
			sum.Outcomes[outcome] += n
		}
	}
	findings := judgeTraffic(sum)
	var health struct {
		Data struct {
			Problems []struct{ Kind, ID, Error string }
		}
	}
	if err := d.get(ctx, "/api/health", &health); err != nil {
		return append(findings, problem("the dashboard: %v", err))
	}
	for _, p := range health.Data.Problems {
		findings = append(findings, problem("%s %s is degraded: %s", p.Kind, p.ID, p.Error))
	}
	return findings
}

// judgeTraffic describes what has passed.
func judgeTraffic(sum passed) []finding {
	arrived := fmt.Sprintf("last 15 minutes: %s, %s and %s have passed llm_cost",
		count(sum.Spans, "span"), count(sum.LogRecords, "log record"), count(sum.DataPoints, "data point"))
	if sum.Spans+sum.LogRecords == 0 {
		return []finding{problem("%s: no application sends, or it sends elsewhere; a short program may end before it has sent, see force_flush and shutdown of its SDK", arrived)}
	}
	findings := []finding{okay("%s", arrived)}
	if len(sum.Outcomes) == 0 {
		return append(findings, problem("none of them reports an LLM call: the application needs an instrumentation of its LLM client (docs/compatibility.md lists those that were tried); arctool explain has the reason for each record"))
	}
	known := map[string]bool{}
	for _, o := range outcomes {
		known[o.name] = true
		if n := sum.Outcomes[o.name]; n > 0 {
			findings = append(findings, finding{o.problem, describeOutcome(o.text, n, o.note)})
		}
	}
	for _, name := range slices.Sorted(maps.Keys(sum.Outcomes)) {
		if !known[name] {
			findings = append(findings, okay("%s", describeOutcome(name, sum.Outcomes[name], "")))
		}
	}
	return findings
}

func describeOutcome(text string, records int64, note string) string {
	if note != "" {
		note = " (" + note + ")"
	}
	return text + ": " + count(records, "record") + note
}

func (d *doctor) get(ctx context.Context, path string, into any) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, d.dashboard+path, http.NoBody)
	if err != nil {
		return err
	}
	if token, _ := d.lookup("ARCTOOL_TOKEN"); token != "" {
		request.Header.Set("Authorization", "Bearer "+token)
	}
	status, body, err := d.do(request)
	switch {
	case err != nil:
		return err
	case status == http.StatusUnauthorized:
		return fmt.Errorf("%s requires a password, which can be in the URL (http://USER:PASSWORD@HOST), or a bearer token, in ARCTOOL_TOKEN", request.URL.Redacted())
	case status != http.StatusOK:
		return fmt.Errorf("%s responds with %d", request.URL.Redacted(), status)
	}
	return json.Unmarshal(body, into)
}
