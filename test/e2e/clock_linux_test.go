// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"fmt"
	"log/slog"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/tsdb"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-arc/otelcol-arc/internal/testkit/collector"
)

// The state has samples of a day ahead, as a host leaves them whose clock was wrong and
// has been corrected. Rules see the samples of now, and alerts fire.
func TestClockWasADayAhead(t *testing.T) {
	p, set := quick(t)
	state := t.TempDir()
	db, err := tsdb.Open(filepath.Join(state, "alert"), slog.New(slog.DiscardHandler), nil, tsdb.DefaultOptions(), nil)
	require.NoError(t, err)
	appender := db.Appender(t.Context())
	_, err = appender.Append(0, labels.FromStrings("__name__", "flag", "job", "app"), time.Now().Add(24*time.Hour).UnixMilli(), 0)
	require.NoError(t, err)
	require.NoError(t, appender.Commit())
	require.NoError(t, db.Close())

	process := collector.Start(t, collector.Options{
		Configs: []string{"config/default.yaml", "config/policies/state.yaml"},
		Set:     append(set, "exporters::prometheus::endpoint="+p.page, "processors::alert::rules=[{name: Flag, expr: flag > 0, severity: warning}]"),
		Env:     []string{"OTELCOL_ARC_STATE=" + state},
	})
	assert.Len(t, process.Lines("Quarantined samples of the future"), 1)
	body := fmt.Sprintf(`{"resourceMetrics":[{"resource":{"attributes":[%s]},"scopeMetrics":[{"metrics":[%s]}]}]}`,
		stringAttribute("service.name", "app"), point("flag", "gauge", `"asDouble":1`, ""))
	require.Equal(t, http.StatusOK, postOTLP(t, "http://"+p.http+"/v1/metrics", body))
	require.Eventually(t, func() bool { return len(process.Lines("[WARNING] Flag")) > 0 }, 30*time.Second, 50*time.Millisecond)
	process.Terminate(t, 20*time.Second)
}

// Samples of a sender whose clock is an hour behind are not lost silently.
func TestSenderIsAnHourBehind(t *testing.T) {
	attackOnly(t)
	p, set := quick(t)
	process := collector.Start(t, collector.Options{
		Configs: []string{"config/default.yaml"},
		Set:     append(set, "exporters::prometheus::endpoint="+p.page),
	})
	send := func(age time.Duration) {
		t.Helper()
		at := fmt.Sprintf(`"timeUnixNano":"%d"`, time.Now().Add(-age).UnixNano())
		metric := point("flag", "gauge", `"asDouble":1`, "")
		start := strings.Index(metric, `"timeUnixNano"`)
		end := start + strings.Index(metric[start:], ",")
		body := fmt.Sprintf(`{"resourceMetrics":[{"scopeMetrics":[{"metrics":[%s]}]}]}`, metric[:start]+at+metric[end:])
		require.Equal(t, http.StatusOK, postOTLP(t, "http://"+p.http+"/v1/metrics", body))
	}
	const condition = "in the last minute were too old or in the future"
	send(0)
	require.Eventually(t, func() bool {
		send(time.Hour)
		return len(process.Lines(condition)) > 0
	}, 200*time.Second, time.Second)
	_, health := sendAs(t, http.MethodGet, "http://"+p.dashboard+"/api/health", p.dashboard, "")
	assert.Contains(t, health, condition, "also on the dashboard")
	require.Eventually(t, func() bool {
		send(0)
		return len(process.Lines("Samples are of now again")) > 0
	}, 200*time.Second, time.Second)
	process.Terminate(t, 20*time.Second)
}
