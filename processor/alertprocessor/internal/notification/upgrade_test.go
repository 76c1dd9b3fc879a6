// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package notification

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// What each release persisted is restored by this one, whole. The files are never
// written again: they are on users' disks as they are.
func TestUpgrade(t *testing.T) {
	files, err := filepath.Glob(filepath.Join("testdata", "state", "v*.json"))
	require.NoError(t, err)
	require.Contains(t, files, filepath.Join("testdata", "state", fmt.Sprintf("v%d.json", stateVersion)))
	now := time.Date(2026, 1, 1, 0, 1, 0, 0, time.UTC)
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			raw, err := os.ReadFile(file)
			require.NoError(t, err)
			state, err := ReadState(raw)
			require.NoError(t, err)
			m := Persistent{Log: NewLog(Policy{Limit: 10, Cooldown: 5 * time.Minute}), Gate: NewGate(10), Silences: NewSilences(nil), History: &History{}}
			require.NoError(t, m.Restore(now, state))
			again := m.Snapshot(now)
			assert.ElementsMatch(t, state.Alerts, again.Alerts)
			again.Alerts, again.SavedAt = state.Alerts, state.SavedAt
			assert.Equal(t, state, throughJSON(t, again))
			if !strings.Contains(string(raw), `"version": 1`) { // which had other names
				content, err := json.Marshal(again)
				require.NoError(t, err)
				assert.JSONEq(t, string(raw), string(content))
			}
			notified, pending := 0, 0
			for _, alert := range state.Alerts {
				if alert.Notified {
					notified++
				}
				if alert.Pending {
					pending++
				}
			}
			assert.Equal(t, 2, notified)
			assert.Equal(t, 1, pending)
		})
	}
}
