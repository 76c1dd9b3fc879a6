// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package docs

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-arc/otelcol-arc/internal/testkit/collector"
)

func newRunner(t *testing.T) runner {
	t.Helper()
	r := runner{folder: filepath.Dir(buildArctool(t)), puts: new(atomic.Int64)}
	r.arc, r.page, _ = start(t, t.TempDir())
	index := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, request *http.Request) {
		var body map[string]any
		needed := "index_patterns"
		if strings.HasPrefix(request.URL.Path, "/_ingest/pipeline/") {
			needed = "processors"
		}
		if request.Method != http.MethodPut || json.NewDecoder(request.Body).Decode(&body) != nil || body[needed] == nil {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		r.puts.Add(1)
	}))
	t.Cleanup(index.Close)
	r.index = index.URL
	return r
}

// start runs config/default.yaml with its state on disk, on addresses of its own.
func start(t *testing.T, state string) (arc, page string, process *collector.Process) {
	t.Helper()
	arc, page = collector.FreeAddress(t), collector.FreeAddress(t)
	process = collector.Start(t, collector.Options{
		Configs: []string{"config/default.yaml", "config/policies/state.yaml"},
		Env:     []string{"OTELCOL_ARC_STATE=" + state},
		Set: []string{
			"receivers::otlp::protocols::grpc::endpoint=" + collector.FreeAddress(t),
			"receivers::otlp::protocols::http::endpoint=" + collector.FreeAddress(t),
			"receivers::arc::endpoint=" + arc,
			"extensions::dashboard::endpoint=" + page,
			"exporters::prometheus::endpoint=" + collector.FreeAddress(t),
			"processors::llm_cost::dimensions=[service.name, gen_ai.agent.name, user.id, team]", // examples ask for a team's calls
			"service::telemetry::metrics::level=none",
		},
	})
	return arc, page, process
}

// The back-up that docs/operations.md shows holds the sums: what is counted after
// it is gone when it is restored, and nothing else is.
func TestBackup(t *testing.T) {
	var backup, restore string
	for _, b := range blocks(t, "sh") {
		switch {
		case b.page != "docs/operations.md":
		case strings.HasPrefix(b.text, "tar -czf"):
			backup = b.text
		case strings.HasPrefix(b.text, "rm -rf"):
			restore = b.text
		}
	}
	require.NotEmpty(t, backup)
	require.NotEmpty(t, restore)
	state, copies := filepath.Join(t.TempDir(), "state"), t.TempDir()
	shell := func(script string) {
		cmd := exec.CommandContext(t.Context(), "bash", "-euo", "pipefail", "-c", script)
		cmd.Dir = copies
		cmd.Env = append(cmd.Environ(), "OTELCOL_ARC_STATE="+state)
		output, err := cmd.CombinedOutput()
		require.NoError(t, err, "%s", output)
	}
	spend := func(arc string) {
		body := `{"model": "gpt-4o", "prompt_tokens": 1000000, "completion_tokens": 0, "duration_seconds": 1, "status": "success"}`
		response, err := http.Post("http://"+arc+"/v1/events", "application/json", strings.NewReader(body))
		require.NoError(t, err)
		require.NoError(t, response.Body.Close())
		require.Equal(t, http.StatusOK, response.StatusCode)
	}

	arc, page, process := start(t, state)
	spend(arc)
	spend(arc)
	counted := models(t, page)
	process.Terminate(t, 20*time.Second)
	shell(backup)

	arc, page, process = start(t, state)
	spend(arc)
	require.NotEqual(t, counted, models(t, page))
	process.Terminate(t, 20*time.Second)
	shell(restore)

	_, page, process = start(t, state)
	assert.Equal(t, counted, models(t, page))
	process.Terminate(t, 20*time.Second)
}

// models is the spend of each model by the dashboard's API.
func models(t *testing.T, page string) map[string]any {
	t.Helper()
	response, err := http.Get("http://" + page + "/api/usage/models?hours=24")
	require.NoError(t, err)
	defer response.Body.Close()
	require.Equal(t, http.StatusOK, response.StatusCode)
	var body map[string]any
	require.NoError(t, json.NewDecoder(response.Body).Decode(&body))
	require.NotEmpty(t, body)
	return body
}
