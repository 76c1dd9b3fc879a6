// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package alertprocessor

import (
	"time"

	"github.com/google/uuid"

	"github.com/otelcol-arc/otelcol-arc/internal/dashboard"
	"github.com/otelcol-arc/otelcol-arc/processor/alertprocessor/internal/notice"
)

// suppressed names what keeps an alert from being told.
func suppressed(mute notice.Mute) string {
	switch mute.Reason {
	case "":
		return ""
	case notice.Silenced:
		return "silence " + mute.By
	case notice.Inhibited:
		return "inhibited by " + mute.By
	default:
		return string(mute.Reason)
	}
}

// Silences implements dashboard.Alerts.
func (b *board) Silences() []dashboard.Silence {
	n := b.core.notifier
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
func (b *board) CanSilence() bool { return b.core.cfg.SilencesFromPage }

// Silence implements dashboard.Alerts. A silence without a beginning begins now.
func (b *board) Silence(s dashboard.Silence) (string, error) {
	if !b.CanSilence() {
		return "", dashboard.ErrReadOnly
	}
	matchers, err := notice.ParseMatchers(s.Matchers, "matchers::")
	if err != nil {
		return "", err
	}
	silence := notice.Silence{
		ID: s.ID, Matchers: matchers, StartsAt: s.StartsAt, EndsAt: s.EndsAt, CreatedBy: s.CreatedBy, Comment: s.Comment,
	}
	if silence.ID == "" {
		silence.ID = uuid.NewString()
	}
	err = b.core.notifier.silence(func(now time.Time, silences *notice.Silences) error {
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
func (b *board) Expire(id string) error {
	if !b.CanSilence() {
		return dashboard.ErrReadOnly
	}
	return b.core.notifier.silence(func(now time.Time, silences *notice.Silences) error {
		return silences.Expire(now, id)
	})
}
