// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-arc/otelcol-arc/internal/testkit/collector"
)

// The first line is that of the JSONFormatter in the Arc guide.
func TestJSONLogFile(t *testing.T) {
	dir, logs, state := t.TempDir(), t.TempDir(), t.TempDir()
	path := filepath.Join(logs, "arc.jsonl")
	appendLine := func(line string) {
		file, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
		require.NoError(t, err)
		_, err = file.WriteString(line + "\n")
		require.NoError(t, err)
		require.NoError(t, file.Close())
	}
	run := func(bodies ...string) {
		_, options := adding(t, []string{"sources/json-log-file.yaml", "policies/log-files.yaml"},
			"OTELCOL_ARC_LOGS="+dir, "ARC_LOG_FILES="+filepath.Join(logs, "*.jsonl"), "ARC_LOG_STATE="+state)
		process := collector.Start(t, options)
		require.EventuallyWithT(t, func(c *assert.CollectT) {
			records := recordsIn(c, dir)
			assert.Len(c, records, len(bodies))
			for _, body := range bodies {
				find(c, records, body)
			}
		}, 30*time.Second, 100*time.Millisecond)
		process.Terminate(t, 20*time.Second)
	}
	appendLine(`{"timestamp": "2024-05-31T12:00:00.123456", "level": "INFO", "logger": "arc.agents", "message": "Agent invoked", "module": "agents", "function": "invoke", "line": 42, "user_id": "u1"}`)
	run("Agent invoked")
	appendLine(`{"timestamp": "2024-05-31T12:00:01.5", "level": "ERROR", "logger": "arc", "message": "while nobody read"}`)
	run("Agent invoked", "while nobody read")
}
