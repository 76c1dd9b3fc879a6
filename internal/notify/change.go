// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package notify

import (
	"errors"
	"slices"
	"time"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/otelcol-arc/otelcol-arc/internal/alertevent"
)

// stamp distinguishes the alert records of one alert. Records with equal stamps
// report the same.
type stamp struct {
	At    time.Time        `json:"at"`
	State alertevent.State `json:"state"`
	Span  pcommon.SpanID   `json:"span"`
}

// change is one alert record, as far as the notification state needs it. The
// record itself is kept encoded, which takes a third of the memory.
type change struct {
	// key is the alert's fingerprint, and the target that its route chose.
	key    string
	target string
	// base is the key of the alert that this follows: it is obsolete when that has
	// changed. "" when it follows none.
	base     string
	stamp    stamp
	severity int    // see [severityIndex]
	group    string // key of the group; "" when not grouped
	encoded  []byte
}

// newChange encodes an alert record. The alert is what the record reports.
func newChange(record plog.LogRecord, alert alertevent.Alert, target string) (change, error) {
	ld, records := alertevent.NewLogs(pcommon.NewResource())
	record.CopyTo(records.AppendEmpty())
	encoded, err := (&plog.ProtoMarshaler{}).MarshalLogs(ld)
	if err != nil {
		return change{}, err
	}
	return describe(record, alert, target, encoded), nil
}

func describe(record plog.LogRecord, alert alertevent.Alert, target string, encoded []byte) change {
	c := change{
		key:      keyOf(alert.Fingerprint(), target),
		target:   target,
		stamp:    stamp{At: record.Timestamp().AsTime(), State: alert.State, Span: alert.SpanID},
		severity: severityIndex(alert),
		encoded:  encoded,
	}
	if alert.Group != nil {
		c.group = alert.Group.Key
	}
	return c
}

func keyOf(fingerprint, target string) string {
	if target == "" {
		return fingerprint
	}
	return fingerprint + " " + target
}

// errNoRecord is the error for encoded logs without an alert record.
var errNoRecord = errors.New("no alert record")

// decode returns the alert of an encoded change.
func decode(encoded []byte) (alertevent.Alert, error) {
	ld, err := (&plog.ProtoUnmarshaler{}).UnmarshalLogs(encoded)
	if err != nil {
		return alertevent.Alert{}, err
	}
	for record := range alertevent.Records(ld) {
		return alertevent.Read(record)
	}
	return alertevent.Alert{}, errNoRecord
}

// ranks is how many ranks there are, see [entry.rank].
const ranks = 15

// severityIndex is the place of an alert's severity in the rising order; one that
// is not known is the least.
func severityIndex(alert alertevent.Alert) int {
	return slices.Index(alertevent.Severities, alert.Severity()) + 1
}
