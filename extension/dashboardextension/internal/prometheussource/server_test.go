// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package prometheussource

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/tsdb"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"github.com/otelcol-arc/otelcol-arc/internal/dashboard"
)

// server is Prometheus' own storage and engine behind the part of its API that is used.
type server struct {
	*testing.T
	db      *tsdb.DB
	engine  *promql.Engine
	url     string
	queries atomic.Int64
	// failing responds instead, where it is set.
	failing atomic.Pointer[http.HandlerFunc]
}

func newServer(t *testing.T) *server {
	t.Helper()
	options := tsdb.DefaultOptions()
	options.WALSegmentSize = -1
	options.RetentionDuration = (1000 * 24 * time.Hour).Milliseconds()
	options.OutOfOrderTimeWindow = (1000 * 24 * time.Hour).Milliseconds()
	db, err := tsdb.Open(t.TempDir(), nil, nil, options, nil)
	require.NoError(t, err)
	s := &server{T: t, db: db, engine: promql.NewEngine(promql.EngineOpts{MaxSamples: 50_000_000, Timeout: time.Minute})}
	handler := httptest.NewServer(http.HandlerFunc(s.serve))
	s.url = handler.URL
	t.Cleanup(func() {
		handler.Close()
		assert.NoError(t, s.engine.Close())
		assert.NoError(t, db.Close())
	})
	return s
}

func (s *server) serve(w http.ResponseWriter, r *http.Request) {
	s.queries.Add(1)
	if failing := s.failing.Load(); failing != nil {
		(*failing)(w, r)
		return
	}
	seconds := func(name string) time.Time {
		v, err := strconv.ParseFloat(r.FormValue(name), 64)
		assert.NoError(s, err, name)
		return time.UnixMilli(int64(v * 1000)).UTC()
	}
	var (
		query promql.Query
		err   error
	)
	if r.URL.Path == "/api/v1/query_range" {
		step, parsing := strconv.ParseFloat(r.FormValue("step"), 64)
		assert.NoError(s, parsing)
		query, err = s.engine.NewRangeQuery(r.Context(), s.db, nil, r.FormValue("query"), seconds("start"), seconds("end"), time.Duration(step*float64(time.Second)))
	} else {
		assert.Equal(s, "/api/v1/query", r.URL.Path)
		query, err = s.engine.NewInstantQuery(r.Context(), s.db, nil, r.FormValue("query"), seconds("time"))
	}
	if !assert.NoError(s, err, r.FormValue("query")) {
		return
	}
	defer query.Close()
	result := query.Exec(r.Context())
	if !assert.NoError(s, result.Err, r.FormValue("query")) {
		return
	}
	w.Header().Set("Content-Type", "application/json")
	assert.NoError(s, json.NewEncoder(w).Encode(map[string]any{
		"status": "success", "data": map[string]any{"resultType": result.Value.Type(), "result": result.Value},
	}))
}

// put writes a sample.
func (s *server) put(at time.Time, value float64, name string, pairs ...string) {
	s.Helper()
	app := s.db.Appender(s.Context())
	_, err := app.Append(0, labels.FromStrings(append([]string{"__name__", name}, pairs...)...), at.UnixMilli(), value)
	require.NoError(s, err)
	require.NoError(s, app.Commit())
}

// source is a source of the server at a time.
func (s *server) source(now *time.Time, options ...func(*Config)) (*Source, *observer.ObservedLogs) {
	s.Helper()
	cfg := NewDefaultConfig()
	cfg.Endpoint = s.url
	cfg.Dimensions = []string{"team"}
	for _, option := range options {
		option(&cfg)
	}
	require.NoError(s, cfg.Validate())
	core, logs := observer.New(zap.InfoLevel)
	source := New(&cfg, zap.New(core), time.UTC, func() time.Time { return *now })
	require.NoError(s, source.Start(s.Context(), componenttest.NewNopHost(), componenttest.NewNopTelemetrySettings()))
	s.Cleanup(source.Shutdown)
	return source, logs
}

// dollars are what is spent in a time, by group.
func dollars(t *testing.T, of *Source, from, to time.Time, by ...string) map[string]float64 {
	t.Helper()
	rows, err := of.Usage(dashboard.Query{From: from, To: to, GroupBy: by})
	require.NoError(t, err)
	out := map[string]float64{}
	for i := range rows {
		out[strings.Join(append(rows[i].Group, ""), "/")] = rows[i].Usage.Dollars
	}
	return out
}
