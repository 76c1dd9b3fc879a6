// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package notification

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-arc/otelcol-arc/internal/alertevent"
)

// Cooldowns and repeat intervals last no longer because the clock was ahead when they began.
func TestSetBack(t *testing.T) {
	const day = 24 * time.Hour
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	ahead := now.Add(day)
	alert := alertevent.Alert{Labels: map[string]string{"alertname": "A"}, State: alertevent.Firing, StartsAt: ahead}
	firing := Observation{Firing: map[string]alertevent.Alert{alert.Fingerprint(): alert}}
	unmuted := func(alertevent.Alert) Mute { return Mute{} }
	p := Persistent{
		Log:      NewLog(Policy{Cooldown: 5 * time.Minute, Repeat: time.Hour, Limit: 10}),
		Gate:     NewGate(10),
		Silences: NewSilences(nil), History: &History{},
	}
	p.Log.Observe(ahead, firing, unmuted)
	sent, _ := p.Log.Flush(ahead, unmuted)
	require.Len(t, sent, 1)
	require.True(t, p.Gate.Pass(ahead, "key", "rule", 5*time.Minute))

	p.SetBack(now, day)
	assert.False(t, p.Gate.Pass(now.Add(time.Minute), "key", "rule", 5*time.Minute))
	assert.True(t, p.Gate.Pass(now.Add(6*time.Minute), "key", "rule", 5*time.Minute))
	p.Log.Observe(now.Add(time.Minute), firing, unmuted)
	sent, _ = p.Log.Flush(now.Add(time.Minute), unmuted)
	assert.Empty(t, sent)
	p.Log.Observe(now.Add(time.Hour), firing, unmuted)
	sent, _ = p.Log.Flush(now.Add(time.Hour), unmuted)
	assert.Len(t, sent, 1, "repeated after an hour, not a day")
}

// The clock is set back while the process does not run.
func TestRestoreAfterTheClockWasSetBack(t *testing.T) {
	const day = 24 * time.Hour
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	ahead := now.Add(day)
	p := persistentWith(NewLog(Policy{Limit: 10}))
	require.True(t, p.Gate.Pass(ahead, "key", "rule", 5*time.Minute))
	state := p.Snapshot(ahead)

	p = persistentWith(NewLog(Policy{Limit: 10}))
	require.NoError(t, p.Restore(now, state))
	assert.False(t, p.Gate.Pass(now.Add(time.Minute), "key", "rule", 5*time.Minute))
	assert.True(t, p.Gate.Pass(now.Add(6*time.Minute), "key", "rule", 5*time.Minute))
}

// What is muted until the next minute is not muted longer when the clock is set back: the monotonic
// clock is that of the time that it is derived from.
func TestNextMinute(t *testing.T) {
	now := time.Now()
	next := nextMinute(now)
	assert.Equal(t, now.Truncate(time.Minute).Add(time.Minute).UnixNano(), next.UnixNano())
	assert.NotEqual(t, next, next.Round(0))
}
