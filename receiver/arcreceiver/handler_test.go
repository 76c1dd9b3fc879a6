// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package arcreceiver

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/consumer/consumererror"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/durationpb"
)

const logLine = `{"message":"m"}`

func TestResponses(t *testing.T) {
	const ndjson = "application/x-ndjson"
	for _, tt := range []struct {
		name        string
		contentType string
		body        string
		status      int
		want        response
	}{
		{"object", "application/json", logLine, 200, response{Accepted: 1}},
		{"object with a charset", "application/json; charset=utf-8", logLine, 200, response{Accepted: 1}},
		{"array", "application/json", "[" + logLine + "," + logLine + "]", 200, response{Accepted: 2}},
		{"lines", ndjson, logLine + "\n" + logLine, 200, response{Accepted: 2}},
		{"lines called JSON", "application/json", logLine + "\n" + logLine, 200, response{Accepted: 2}},
		{"JSON lines", "application/jsonl", logLine, 200, response{Accepted: 1}},
		{"text", "text/plain", logLine, 200, response{Accepted: 1}},
		{"no type", "", logLine, 200, response{Accepted: 1}},
		{"some bad", ndjson, "x\n" + logLine, 200, response{Accepted: 1, Rejected: 1, Errors: []itemError{
			{1, "not JSON: invalid character 'x' looking for beginning of value"},
		}}},
		{"all bad", ndjson, `{"model":"m","prompt_tokens":-1}`, 400, response{Rejected: 1, Errors: []itemError{
			{1, "prompt_tokens: must not be negative, is -1"},
		}}},
		{"too long", ndjson, `{"message":"` + strings.Repeat("x", 100) + `"}`, 400, response{Rejected: 1, Errors: []itemError{
			{1, "longer than max_event_bytes (64)"},
		}}},
		{"empty", ndjson, " \n", 400, response{Error: "the body is empty"}},
		{"empty array", "application/json", "[]", 400, response{Error: "the body is empty"}},
		{"as curl calls it", "application/x-www-form-urlencoded", logLine, 200, response{Accepted: 1}},
		{"a form", "multipart/form-data; boundary=x", logLine, 415, response{Error: wrongType}},
		{"protobuf", "application/x-protobuf", logLine, 415, response{Error: wrongType}},
		{"no media type at all", ";;", logLine, 415, response{Error: wrongType}},
	} {
		for _, path := range []string{eventsPath, exportPath} {
			t.Run(tt.name+path, func(t *testing.T) {
				r := newRig(t, func(cfg *Config) { cfg.MaxEventBytes = 64 })
				recorder := r.post(path, tt.body, "Content-Type", tt.contentType)
				assert.Equal(t, tt.status, recorder.Code)
				assert.Equal(t, tt.want, responseOf(t, recorder))
				got := 0
				for _, ld := range r.logs.got {
					got += ld.LogRecordCount()
				}
				assert.Equal(t, tt.want.Accepted, got, "what is acknowledged has arrived, and nothing else")
			})
		}
	}
}

const wrongType = "Content-Type must be application/json, application/x-ndjson, application/jsonl, text/plain, application/x-www-form-urlencoded or none"

func TestWrongMethodAndPath(t *testing.T) {
	r := newRig(t)
	for _, method := range []string{http.MethodGet, http.MethodPut, http.MethodDelete, http.MethodOptions} {
		recorder := httptest.NewRecorder()
		r.routes().ServeHTTP(recorder, httptest.NewRequest(method, "http://localhost:8123"+eventsPath, strings.NewReader(logLine)))
		assert.Equal(t, http.StatusMethodNotAllowed, recorder.Code)
		assert.Equal(t, http.MethodPost, recorder.Header().Get("Allow"))
	}
	assert.Equal(t, http.StatusNotFound, r.post("/v1/other", logLine).Code)
	assert.Empty(t, r.logs.got)
}

func TestErrorsInTheResponseAreBounded(t *testing.T) {
	r := newRig(t)
	long := `{"app_info":{"` + strings.Repeat("k", 1000) + `":[]}}`
	a := responseOf(t, r.post(eventsPath, strings.Repeat(long+"\n", 250)))
	assert.Equal(t, 250, a.Rejected)
	assert.Len(t, a.Errors, maxItemErrors)
	assert.Len(t, a.Errors[0].Error, maxErrorBytes+len("..."))
	assert.Equal(t, maxItemErrors, a.Errors[maxItemErrors-1].Line)
}

func TestBodyThatBreaksOffLeavesNothingBehind(t *testing.T) {
	r := newRig(t)
	for _, body := range []string{logLine + "\n", "[" + logLine + ",", "[" + logLine + ",x"} {
		request := httptest.NewRequest(http.MethodPost, "http://localhost:8123"+eventsPath, nil)
		request.Body = http.MaxBytesReader(nil, struct {
			*strings.Reader
			closer
		}{strings.NewReader(body + strings.Repeat(" ", 1000)), closer{}}, 500)
		recorder := httptest.NewRecorder()
		r.routes().ServeHTTP(recorder, request)
		assert.Equal(t, http.StatusRequestEntityTooLarge, recorder.Code, body)
		assert.Equal(t, "the body is larger than max_request_body_size (500 bytes); no event was accepted", responseOf(t, recorder).Error)

		broken := httptest.NewRequest(http.MethodPost, "http://localhost:8123"+eventsPath, iotest.TimeoutReader(iotest.OneByteReader(strings.NewReader(body))))
		recorder = httptest.NewRecorder()
		r.routes().ServeHTTP(recorder, broken)
		assert.Equal(t, http.StatusBadRequest, recorder.Code, body)
		assert.Equal(t, "the body could not be read to its end; no event was accepted", responseOf(t, recorder).Error)
	}
	assert.Empty(t, r.logs.got)
}

func TestEventsOfARequestAreBounded(t *testing.T) {
	r := newRig(t)
	all := strings.Repeat(logLine+"\n", maxEvents)
	assert.Equal(t, response{Accepted: maxEvents}, responseOf(t, r.post(eventsPath, all)))
	recorder := r.post(eventsPath, all+logLine)
	assert.Equal(t, http.StatusRequestEntityTooLarge, recorder.Code)
	assert.Equal(t, response{Error: "the body has more than 100000 events; no event was accepted"}, responseOf(t, recorder))
	assert.Len(t, r.logs.got, 1)
}

type closer struct{}

func (closer) Close() error { return nil }

func TestRefusals(t *testing.T) {
	plain := errors.New("data refused due to high memory usage")
	throttled, err := status.New(codes.ResourceExhausted, "slow down").WithDetails(&errdetails.RetryInfo{RetryDelay: durationpb.New(2500 * time.Millisecond)})
	require.NoError(t, err)
	for _, tt := range []struct {
		name       string
		err        error
		status     int
		retryAfter string
	}{
		{"memory limiter", plain, 429, "1"},
		{"joined by a fan-out", errors.Join(errors.New("another"), plain), 429, "1"},
		{"an error without a code", errors.New("busy"), 503, "1"},
		{"unavailable", status.Error(codes.Unavailable, "down"), 503, "1"},
		{"throttled", status.Error(codes.ResourceExhausted, "slow down"), 429, "1"},
		{"throttled for a time", fmt.Errorf("exporter: %w", throttled.Err()), 429, "3"},
		{"throttled permanently", consumererror.NewPermanent(throttled.Err()), 500, ""},
		{"permanent", consumererror.NewPermanent(plain), 500, ""},
		{"one of several permanent", errors.Join(plain, consumererror.NewPermanent(plain)), 500, ""},
		{"invalid", consumererror.NewPermanent(status.Error(codes.InvalidArgument, "bad")), 400, ""},
		{"invalid, not marked", status.Error(codes.InvalidArgument, "bad"), 400, ""},
		{"not allowed", status.Error(codes.PermissionDenied, "no"), 500, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := newRig(t)
			r.logs.err = tt.err
			recorder := r.post(eventsPath, "x\n"+logLine)
			assert.Equal(t, tt.status, recorder.Code)
			assert.Equal(t, tt.retryAfter, recorder.Header().Get("Retry-After"))
			a := responseOf(t, recorder)
			assert.Equal(t, 0, a.Accepted)
			assert.Equal(t, 1, a.Rejected)
			assert.NotEmpty(t, a.Error)
			assert.NotContains(t, recorder.Body.String(), "memory", "internals of the collector are not shown")
		})
	}
}

func TestNotReadyBeforeEveryPipelineIs(t *testing.T) {
	r := newRig(t)
	r.notStarted.Store(1)
	recorder := r.post(eventsPath, logLine)
	assert.Equal(t, http.StatusServiceUnavailable, recorder.Code)
	assert.Equal(t, "1", recorder.Header().Get("Retry-After"))
	r.notStarted.Store(0)
	assert.Equal(t, http.StatusOK, r.post(eventsPath, logLine).Code)
}

func TestTraceContextOfTheRequest(t *testing.T) {
	const header = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
	r := newRig(t)
	body := strings.Join([]string{
		logLine,
		`{"message":"m","trace_id":"11111111111111111111111111111111"}`,
		`{"model":"m","prompt_tokens":1}`,
		`{"model":"m","prompt_tokens":1,"id":"call-1"}`,
	}, "\n")
	require.Equal(t, http.StatusOK, r.post(eventsPath, body, "Traceparent", header).Code)
	records := r.logs.got[0].ResourceLogs().At(0).ScopeLogs().At(0).LogRecords()
	assert.Equal(t, "4bf92f3577b34da6a3ce929d0e0e4736", records.At(0).TraceID().String())
	assert.Equal(t, "00f067aa0ba902b7", records.At(0).SpanID().String())
	assert.Equal(t, "11111111111111111111111111111111", records.At(1).TraceID().String())
	assert.Empty(t, records.At(1).SpanID().String())

	spans := r.traces.got[0].ResourceSpans().At(0).ScopeSpans().At(0).Spans()
	assert.Equal(t, "4bf92f3577b34da6a3ce929d0e0e4736", spans.At(0).TraceID().String())
	assert.Equal(t, "00f067aa0ba902b7", spans.At(0).ParentSpanID().String())
	assert.NotEqual(t, "00f067aa0ba902b7", spans.At(0).SpanID().String())
	assert.NotEqual(t, "4bf92f3577b34da6a3ce929d0e0e4736", spans.At(1).TraceID().String(), "a named call is the same in any context")
}

// TestSentAgain compares the IDs that events get when they come a second time.
func TestSentAgain(t *testing.T) {
	const call = `{"timestamp":"2024-05-31T12:00:00","model":"m","prompt_tokens":1,"completion_tokens":1}`
	type place struct{ trace, span string }
	send := func(r *rig, path, body string) []place {
		r.traces.got = nil
		require.Equal(t, http.StatusOK, r.post(path, body).Code)
		var places []place
		for _, td := range r.traces.got {
			for _, rs := range td.ResourceSpans().All() {
				for _, span := range rs.ScopeSpans().At(0).Spans().All() {
					places = append(places, place{span.TraceID().String(), span.SpanID().String()})
				}
			}
		}
		return places
	}
	named := strings.Replace(call, "{", `{"id":"call-1",`, 1)
	r := newRig(t, func(cfg *Config) { cfg.ResendWindow = 0 }) // as if all were forgotten

	ofNamed, ofCall := send(r, eventsPath, named), send(r, eventsPath, call)
	assert.Equal(t, ofNamed, send(r, eventsPath, named), "a named event is the same call")
	assert.NotEqual(t, ofNamed, send(r, eventsPath, strings.Replace(named, "{", `{"service":"b",`, 1)), "two services may use one name")
	assert.NotEqual(t, ofCall, send(r, eventsPath, call), "events without a name are different calls")

	file := "[" + call + "," + call + "]"
	first := send(r, exportPath, file)
	assert.NotEqual(t, first[0], first[1], "a file's equal calls are different calls")
	longer := strings.Replace(file, "]", ","+named+"]", 1)
	again := send(r, exportPath, longer)
	assert.Equal(t, first, again[:2], "an exported file may be sent again")
	assert.Equal(t, ofNamed, again[2:], "the name counts in a file, too")
	assert.Equal(t, first, send(r, exportPath, strings.ReplaceAll(file, ",", ",\n  ")), "whatever its white space")
}

// FuzzServe posts whatever comes. Every response is one that the README lists, and
// what it reports as accepted has arrived.
func FuzzServe(f *testing.F) {
	for _, seed := range []string{logLine, everything, "[" + logLine + ",{}]", "x\n" + logLine, "{\n", "[1,", `{"kind":"request"}`} {
		f.Add(seed, true)
		f.Add(seed, false)
	}
	f.Fuzz(func(t *testing.T, body string, export bool) {
		path := eventsPath
		if export {
			path = exportPath
		}
		r := newRig(t, func(cfg *Config) { cfg.MaxEventBytes = 256 })
		recorder := r.post(path, body)
		a := responseOf(t, recorder)
		records := 0
		for _, ld := range r.logs.got {
			records += ld.LogRecordCount()
		}
		assert.Equal(t, a.Accepted, records)
		assert.Len(t, a.Errors, min(a.Rejected, maxItemErrors))
		assert.Equal(t, a.Accepted == 0, recorder.Code == http.StatusBadRequest)
		assert.Equal(t, a.Accepted > 0, recorder.Code == http.StatusOK)
	})
}
