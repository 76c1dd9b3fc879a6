// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package notification

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-arc/otelcol-arc/internal/alertevent"
)

// killable is a log whose decisions are journaled.
type killable struct {
	*Log
	t       *testing.T
	journal []JournalEntry
}

// take has the log observe the alerts that fire, and journals its decisions.
func (k *killable) take(minute float64, firing ...string) string {
	k.t.Helper()
	fires := map[string]alertevent.Alert{}
	for _, word := range firing {
		fires[alert(word).Fingerprint()] = alert(word)
	}
	k.Observe(minutes(minute), observationOf(k.Log, fires, nil), nothing)
	out, _ := k.Flush(minutes(minute), nothing)
	for _, n := range out {
		for _, alert := range n.Alerts {
			entry := persistentWith(k.Log).Decision(minutes(minute), alert)
			entry.Number = uint64(len(k.journal) + 1)
			k.journal = append(k.journal, entry)
		}
	}
	return describe(out)
}

// kill restores a log from the journal alone.
func (k *killable) kill(minute float64) {
	k.t.Helper()
	raw, err := json.Marshal(k.journal)
	require.NoError(k.t, err)
	var entries []JournalEntry
	require.NoError(k.t, json.Unmarshal(raw, &entries))
	state := EmptyState()
	state.Apply(entries)
	k.Log = NewLog(k.policy)
	require.NoError(k.t, persistentWith(k.Log).Restore(minutes(minute), state))
}

// The alerts that the log raises itself are resolved after a kill, as others are, and once.
func TestOwnAlertsAfterAKill(t *testing.T) {
	t.Run("AlertsDropped", func(t *testing.T) {
		k := &killable{t: t, Log: NewLog(Policy{Limit: 1})}
		assert.Equal(t, "a", k.take(0, "a"))
		assert.Equal(t, "AlertsDropped", k.take(0.5, "a", "b"))
		k.kill(1)
		assert.Equal(t, "-a", k.take(1))
		assert.Equal(t, "-AlertsDropped", k.take(3))
		k.kill(4)
		assert.Empty(t, k.take(10))
		assert.Empty(t, k.Dropping())
	})
	t.Run("TooManyAlerts", func(t *testing.T) {
		k := &killable{t: t, Log: NewLog(Policy{Limit: 10, PerMinute: 2})}
		assert.Equal(t, "A; B", k.take(0, "A", "B", "C"))
		assert.Equal(t, "TooManyAlerts", k.take(1, "A", "B"))
		k.kill(2)
		assert.Equal(t, "-A; -B", k.take(2))
		assert.Equal(t, "-TooManyAlerts", k.take(4))
		k.kill(5)
		assert.Empty(t, k.take(10))
	})
}
