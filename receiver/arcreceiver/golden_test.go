// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package arcreceiver

import (
	"errors"
	"flag"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/open-telemetry/opentelemetry-collector-contrib/pkg/golden"
	"github.com/open-telemetry/opentelemetry-collector-contrib/pkg/pdatatest/plogtest"
	"github.com/open-telemetry/opentelemetry-collector-contrib/pkg/pdatatest/pmetrictest"
	"github.com/open-telemetry/opentelemetry-collector-contrib/pkg/pdatatest/ptracetest"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/pmetric"
	"go.opentelemetry.io/collector/pdata/ptrace"
)

var update = flag.Bool("update", false, "write what came as what is expected")

// TestEvents posts input.json or input.ndjson of each folder and compares what
// reaches the pipelines. Without a file, nothing is expected.
func TestEvents(t *testing.T) {
	folders, err := filepath.Glob("testdata/events/*")
	require.NoError(t, err)
	require.NotEmpty(t, folders)
	for _, folder := range folders {
		t.Run(filepath.Base(folder), func(t *testing.T) {
			path := eventsPath
			if strings.HasPrefix(filepath.Base(folder), "export") {
				path = exportPath
			}
			r := newRig(t)
			recorder := r.post(path, input(t, folder))
			require.Equal(t, http.StatusOK, recorder.Code, recorder.Body.String())
			compareResponse(t, filepath.Join(folder, "response.json"), recorder.Body.Bytes())

			compare(t, filepath.Join(folder, "logs.yaml"), r.logs.got, logsGolden)
			compare(t, filepath.Join(folder, "traces.yaml"), r.traces.got, tracesGolden)
			compare(t, filepath.Join(folder, "metrics.yaml"), r.metrics.got, metricsGolden)
		})
	}
}

func input(t *testing.T, folder string) string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(folder, "input.*"))
	require.NoError(t, err)
	require.Len(t, files, 1)
	body, err := os.ReadFile(files[0])
	require.NoError(t, err)
	return string(body)
}

func compareResponse(t *testing.T, file string, got []byte) {
	t.Helper()
	if *update {
		require.NoError(t, os.WriteFile(file, append(got, '\n'), 0o600))
	}
	want, err := os.ReadFile(file)
	require.NoError(t, err)
	assert.JSONEq(t, string(want), string(got))
}

// goldenOf is how data of a signal is written, read and compared.
type goldenOf[T any] struct {
	write   func(string, T) error
	read    func(string) (T, error)
	compare func(want, got T) error // reports where they differ, but leaves some fields out
	text    func(T) ([]byte, error)
}

var (
	logsGolden = goldenOf[plog.Logs]{
		golden.WriteLogsToFile, golden.ReadLogs,
		func(want, got plog.Logs) error { return plogtest.CompareLogs(want, got) },
		(&plog.JSONMarshaler{}).MarshalLogs,
	}
	tracesGolden = goldenOf[ptrace.Traces]{
		golden.WriteTracesToFile, golden.ReadTraces,
		func(want, got ptrace.Traces) error { return ptracetest.CompareTraces(want, got) },
		(&ptrace.JSONMarshaler{}).MarshalTraces,
	}
	metricsGolden = goldenOf[pmetric.Metrics]{
		func(file string, m pmetric.Metrics) error {
			return golden.WriteMetricsToFile(file, m, golden.SkipMetricTimestampNormalization())
		},
		golden.ReadMetrics,
		func(want, got pmetric.Metrics) error {
			return pmetrictest.CompareMetrics(want, got, pmetrictest.IgnoreResourceMetricsOrder(),
				pmetrictest.IgnoreMetricsOrder(), pmetrictest.IgnoreMetricDataPointsOrder())
		},
		nil,
	}
)

func compare[T any](t *testing.T, file string, got []T, g goldenOf[T]) {
	t.Helper()
	if *update && len(got) > 0 {
		require.NoError(t, g.write(file, got[0]))
	}
	want, err := g.read(file)
	if errors.Is(err, fs.ErrNotExist) {
		assert.Empty(t, got, file)
		return
	}
	require.NoError(t, err)
	require.Len(t, got, 1, file)
	require.NoError(t, g.compare(want, got[0]))
	if g.text == nil {
		return
	}
	wantText, err := g.text(want)
	require.NoError(t, err)
	gotText, err := g.text(got[0])
	require.NoError(t, err)
	assert.JSONEq(t, string(wantText), string(gotText))
}
