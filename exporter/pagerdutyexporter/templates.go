// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package pagerdutyexporter

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"unicode/utf8"

	"github.com/PagerDuty/go-pagerduty"

	"github.com/otelcol-arc/otelcol-arc/internal/alertevent"
	"github.com/otelcol-arc/otelcol-arc/internal/notify"
)

// maxDedupKey is the longest key that the Events API accepts, in characters.
// https://developer.pagerduty.com/docs/send-alert-event
const maxDedupKey = 255

// renderer has the user's templates for fields of an event; nil is the exporter's own
// content.
type renderer struct {
	receiver          string
	summary, dedupKey *notify.Template
}

// newRenderer reads the templates of a configuration. The receiver is what they
// know the exporter as.
func newRenderer(c *Config, receiver string) (renderer, error) {
	d := renderer{receiver: receiver}
	err := notify.ParseTemplates(c.TemplateFiles,
		notify.TemplateSetting{Key: "summary", Text: c.Summary, To: &d.summary},
		notify.TemplateSetting{Key: "dedup_key", Text: c.DedupKey, To: &d.dedupKey},
	)
	return d, err
}

// apply sets the fields of an event that have templates. When a template fails for
// this alert, or writes nothing, its field is not changed, and the error is returned.
func (d renderer) apply(event *pagerduty.V2Event, alert alertevent.Alert) error {
	var errs []error
	if d.summary != nil && event.Payload != nil {
		rendered, err := d.summary.Render(notify.TemplateData(d.receiver, "", []alertevent.Alert{alert}, nil))
		if rendered = text(rendered); err == nil && rendered != "" {
			event.Payload.Summary = rendered
		}
		errs = append(errs, err)
	}
	if d.dedupKey != nil {
		// The template is given nothing that differs between the firing and the resolved
		// alert, so that both have the same key.
		same := alertevent.Alert{Labels: alert.Labels, State: alertevent.Firing, StartsAt: alert.StartsAt, Group: alert.Group}
		key, err := d.dedupKey.Render(notify.TemplateData(d.receiver, "", []alertevent.Alert{same}, nil))
		if err == nil && key != "" {
			event.DedupKey = shorten(key)
		}
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

// shorten replaces a key that is too long by its hash. Truncated keys could be equal.
func shorten(key string) string {
	if utf8.RuneCountInString(key) <= maxDedupKey {
		return key
	}
	sum := sha256.Sum256([]byte(key))
	return hex.EncodeToString(sum[:])
}
