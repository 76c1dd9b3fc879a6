// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package alertprocessor

import (
	"time"

	"github.com/google/uuid"

	"github.com/otelcol-arc/otelcol-arc/internal/dashboard"
	"github.com/otelcol-arc/otelcol-arc/processor/alertprocessor/internal/notification"
)

// muteText names what mutes an alert.
func muteText(mute notification.Mute) string {
	switch mute.Reason {
	case "":
		return ""
	case notification.Silenced:
		return "silence " + mute.By
	case notification.Inhibited:
		return "inhibited by " + mute.By
	default:
		return string(mute.Reason)
	}
}

// Silences implements dashboard.Alerts.
func (b *dashboardSource) Silences() []dashboard.Silence {
	n := b.core.dispatcher
	n.mu.Lock()
	defer n.mu.Unlock()
	var out []dashboard.Silence
	for _, s := range n.silences.All(time.Now()) {
		out = append(out, dashboard.Silence{
			ID: s.ID, Matchers: s.Matchers.Strings(), StartsAt: s.StartsAt, EndsAt: s.EndsAt,
			CreatedBy: s.CreatedBy, Comment: s.Comment, Configured: s.Configured,
		})
	}
	return out
}

// CanSilence implements dashboard.Alerts.
func (b *dashboardSource) CanSilence() bool { return b.core.cfg.silencesFromDashboard() }

// Silence implements dashboard.Alerts. A silence without a beginning begins now.
func (b *dashboardSource) Silence(s dashboard.Silence) (string, error) {
	if !b.CanSilence() {
		return "", dashboard.ErrReadOnly
	}
	matchers, err := notification.ParseMatchers(s.Matchers, "matchers::")
	if err != nil {
		return "", err
	}
	silence := notification.Silence{
		ID: s.ID, Matchers: matchers, StartsAt: s.StartsAt, EndsAt: s.EndsAt, CreatedBy: s.CreatedBy, Comment: s.Comment,
	}
	if silence.ID == "" {
		silence.ID = uuid.NewString()
	}
	err = b.core.dispatcher.changeSilences(func(now time.Time, silences *notification.Silences) error {
		if silence.StartsAt.IsZero() {
			silence.StartsAt = now
		}
		return silences.Set(now, silence)
	})
	if err != nil {
		return "", err
	}
	return silence.ID, nil
}

// Expire implements dashboard.Alerts.
func (b *dashboardSource) Expire(id string) error {
	if !b.CanSilence() {
		return dashboard.ErrReadOnly
	}
	return b.core.dispatcher.changeSilences(func(now time.Time, silences *notification.Silences) error {
		return silences.Expire(now, id)
	})
}
