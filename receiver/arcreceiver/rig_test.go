// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package arcreceiver

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/pmetric"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"go.opentelemetry.io/collector/receiver"
	"go.opentelemetry.io/collector/receiver/receivertest"

	"github.com/otelcol-arc/otelcol-arc/receiver/arcreceiver/internal/metadata"
	"github.com/otelcol-arc/otelcol-arc/receiver/arcreceiver/internal/metadatatest"
)

// testTime is when tests take place.
var testTime = time.Date(2024, 5, 31, 12, 30, 0, 0, time.UTC)

// rig is a core between requests that are made by hand and pipelines that keep
// what they took, or refuse it.
type rig struct {
	*core
	logs    sink[plog.Logs]
	traces  sink[ptrace.Traces]
	metrics sink[pmetric.Metrics]
}

// sink is one pipeline.
type sink[T any] struct {
	got []T
	err error // when set, data is refused
}

func (s *sink[T]) take(_ context.Context, data T) error {
	if s.err != nil {
		return s.err
	}
	s.got = append(s.got, data)
	return nil
}

func newRig(t *testing.T, change ...func(*Config)) *rig {
	t.Helper()
	return newRigWith(t, receivertest.NewNopSettings(metadata.Type), change...)
}

func newRigWith(t *testing.T, set receiver.Settings, change ...func(*Config)) *rig {
	t.Helper()
	cfg := createDefaultConfig().(*Config)
	for _, f := range change {
		f(cfg)
	}
	require.NoError(t, cfg.Validate())
	set.BuildInfo.Version = "test"
	c, err := newCore(cfg, set)
	require.NoError(t, err)
	c.now = func() time.Time { return testTime }
	var last uint64
	c.random = func(b []byte) {
		last++
		clear(b)
		binary.BigEndian.PutUint64(b[len(b)-8:], last)
	}
	c.counts.begin(testTime.Add(-time.Hour))
	r := &rig{core: c}
	c.nextLogs, err = consumer.NewLogs(r.logs.take)
	require.NoError(t, err)
	c.nextTraces, err = consumer.NewTraces(r.traces.take)
	require.NoError(t, err)
	c.nextMetrics, err = consumer.NewMetrics(r.metrics.take)
	require.NoError(t, err)
	return r
}

func (r *rig) post(path, body string, headers ...string) *httptest.ResponseRecorder {
	return r.postTo("localhost:8123", path, body, headers...)
}

func (r *rig) postTo(host, path, body string, headers ...string) *httptest.ResponseRecorder {
	request := httptest.NewRequest(http.MethodPost, "http://"+host+path, strings.NewReader(body))
	for pair := range slices.Chunk(headers, 2) {
		request.Header.Set(pair[0], pair[1])
	}
	recorder := httptest.NewRecorder()
	r.routes().ServeHTTP(recorder, request)
	return recorder
}

func responseOf(t *testing.T, recorder *httptest.ResponseRecorder) response {
	t.Helper()
	require.Equal(t, "application/json", recorder.Header().Get("Content-Type"))
	var a response
	require.NoError(t, json.Unmarshal(recorder.Body.Bytes(), &a))
	return a
}

func telemetrySettings(t *testing.T) (receiver.Settings, *componenttest.Telemetry) {
	t.Helper()
	tel := componenttest.NewTelemetry()
	t.Cleanup(func() { require.NoError(t, tel.Shutdown(context.WithoutCancel(t.Context()))) })
	return metadatatest.NewSettings(tel), tel
}
