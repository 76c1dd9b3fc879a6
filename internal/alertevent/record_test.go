// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package alertevent

import (
	"flag"
	"path/filepath"
	"testing"
	"time"

	"github.com/open-telemetry/opentelemetry-collector-contrib/pkg/golden"
	"github.com/open-telemetry/opentelemetry-collector-contrib/pkg/pdatatest/plogtest"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
)

var update = flag.Bool("update", false, "write the golden files")

var (
	startsAt = time.Date(2026, 3, 1, 12, 0, 0, 5e8, time.UTC)
	endsAt   = startsAt.Add(10 * time.Minute)
	value    = 0.3
)

// alerts are written as records in testdata/NAME.yaml.
var alerts = map[string]Alert{
	"firing": {
		Labels: map[string]string{"alertname": "HighErrorRate", "severity": "critical", "service": "chat"},
		Annotations: map[string]string{
			"summary":       "High error rate detected",
			"description":   "Error rate is 30%, above 5%.",
			"runbook_url":   "https://example.com/runbook",
			"dashboard_url": "https://example.com/dashboard",
		},
		State:        Firing,
		StartsAt:     startsAt,
		Value:        &value,
		GeneratorURL: "https://example.com/graph",
		TraceID:      pcommon.TraceID{1, 2, 3},
		SpanID:       pcommon.SpanID{4, 5, 6},
	},
	"resolved": {
		Labels:      map[string]string{"alertname": "HighErrorRate", "severity": "critical", "service": "chat"},
		Annotations: map[string]string{"summary": "High error rate detected"},
		State:       Resolved,
		StartsAt:    startsAt,
		EndsAt:      endsAt,
		Value:       &value,
	},
	"grouped": {
		Labels:      map[string]string{"alertname": "HighErrorRate", "severity": "critical", "service": "chat"},
		Annotations: map[string]string{},
		State:       Firing,
		StartsAt:    startsAt,
		Group:       &Group{Key: `{}:{alertname="HighErrorRate"}`, Labels: map[string]string{"alertname": "HighErrorRate"}},
	},
	"smallest": {
		Labels:      map[string]string{"alertname": "Watchdog"},
		Annotations: map[string]string{},
		State:       Firing,
		StartsAt:    startsAt,
	},
}

func resource() pcommon.Resource {
	r := pcommon.NewResource()
	r.Attributes().PutStr("service.name", "otelcol-arc")
	return r
}

func write(alert Alert) plog.Logs {
	ld, records := NewLogs(resource())
	Write(records.AppendEmpty(), alert, endsAt)
	return ld
}

func TestWriteAndRead(t *testing.T) {
	for name, alert := range alerts {
		t.Run(name, func(t *testing.T) {
			file := filepath.Join("testdata", name+".yaml")
			got := write(alert)
			if *update {
				require.NoError(t, golden.WriteLogsToFile(file, got))
			}
			want, err := golden.ReadLogs(file)
			require.NoError(t, err)
			require.NoError(t, plogtest.CompareLogs(want, got))

			read := 0
			for lr := range Records(want) {
				back, err := Read(lr)
				require.NoError(t, err)
				assert.Equal(t, alert, back)
				read++
			}
			assert.Equal(t, 1, read)
		})
	}
}

func TestReadNamesEverythingThatIsWrong(t *testing.T) {
	tests := map[string]struct {
		change func(plog.LogRecord)
		want   []string
	}{
		"another event": {
			change: func(lr plog.LogRecord) { lr.SetEventName("other") },
			want:   []string{`event name is "other", not "arc.alert"`},
		},
		"nothing but the event name": {
			change: func(lr plog.LogRecord) { lr.Attributes().Clear() },
			want: []string{
				"arc.alert.labels: no label alertname",
				`arc.alert.state: "" is neither "firing" nor "resolved"`,
				"arc.alert.starts_at: parsing time",
			},
		},
		"wrong types and values": {
			change: func(lr plog.LogRecord) {
				lr.Attributes().PutStr(attrLabels, "alertname=x")
				lr.Attributes().PutStr(attrState, "pending")
				lr.Attributes().PutInt(attrStartsAt, 5)
				lr.Attributes().PutStr(attrEndsAt, "tomorrow")
			},
			want: []string{
				"arc.alert.labels: no label alertname",
				`arc.alert.state: "pending" is neither`,
				`arc.alert.starts_at: parsing time "5"`,
				`arc.alert.ends_at: parsing time "tomorrow"`,
			},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			lr := plog.NewLogRecord()
			Write(lr, alerts["firing"], endsAt)
			test.change(lr)
			_, err := Read(lr)
			require.Error(t, err)
			for _, want := range test.want {
				assert.ErrorContains(t, err, want)
			}
		})
	}
}

func TestRecordsPassesOverOtherScopes(t *testing.T) {
	ld := write(alerts["firing"])
	other := ld.ResourceLogs().AppendEmpty().ScopeLogs().AppendEmpty()
	other.LogRecords().AppendEmpty().SetEventName(EventName)
	write(alerts["resolved"]).ResourceLogs().MoveAndAppendTo(ld.ResourceLogs())
	var states []State
	for lr := range Records(ld) {
		alert, err := Read(lr)
		require.NoError(t, err)
		states = append(states, alert.State)
	}
	assert.Equal(t, []State{Firing, Resolved}, states)

	for range Records(ld) {
		break // stops when the caller does
	}
}

func TestWriteReadsReadOnlyLogs(t *testing.T) {
	ld := write(alerts["firing"])
	ld.MarkReadOnly()
	for lr := range Records(ld) {
		_, err := Read(lr)
		require.NoError(t, err)
	}
}

func FuzzRead(f *testing.F) {
	f.Add("x", "firing", "2026-03-01T12:00:00Z", "2026-03-01T12:10:00Z", 1.5)
	f.Add("", "", "", "", 0.0)
	f.Fuzz(func(t *testing.T, name, state, starts, ends string, value float64) {
		lr := plog.NewLogRecord()
		lr.SetEventName(EventName)
		lr.Attributes().PutEmptyMap(attrLabels).PutStr(LabelName, name)
		lr.Attributes().PutStr(attrState, state)
		lr.Attributes().PutStr(attrStartsAt, starts)
		lr.Attributes().PutStr(attrEndsAt, ends)
		lr.Attributes().PutDouble(attrValue, value)
		alert, err := Read(lr)
		if err != nil || !canBeWritten(alert.StartsAt) || !canBeWritten(alert.EndsAt) {
			return
		}
		again := plog.NewLogRecord()
		Write(again, alert, time.Unix(0, 0))
		back, err := Read(again)
		require.NoError(t, err)
		assert.Equal(t, alert.Labels, back.Labels)
		assert.True(t, alert.StartsAt.Equal(back.StartsAt))
		assert.True(t, alert.EndsAt.Equal(back.EndsAt))
	})
}

// canBeWritten leaves out the hours before the first and after the last year
// that RFC 3339 knows, which a time zone leads to.
func canBeWritten(t time.Time) bool {
	year := t.UTC().Year()
	return year >= 0 && year <= 9999
}

func TestRename(t *testing.T) {
	ours, records := NewLogs(pcommon.NewResource())
	Write(records.AppendEmpty(), alerts["firing"], startsAt)
	records.AppendEmpty().SetEventName("another")
	other := ours.ResourceLogs().At(0).ScopeLogs().AppendEmpty()
	other.Scope().SetName("app")
	other.LogRecords().AppendEmpty().SetEventName(EventName)
	ours.MarkReadOnly()

	renamed, n := Rename(ours)
	assert.Equal(t, 2, n, "also the one that is malformed")
	for range Records(renamed) {
		assert.Fail(t, "an alert record is left")
	}
	scopes := renamed.ResourceLogs().At(0).ScopeLogs()
	assert.Equal(t, ReceivedScopeName, scopes.At(0).Scope().Name())
	assert.Equal(t, ReceivedEventName, scopes.At(0).LogRecords().At(0).EventName())
	assert.Equal(t, "another", scopes.At(0).LogRecords().At(1).EventName())
	assert.Equal(t, EventName, scopes.At(1).LogRecords().At(0).EventName(), "the scope makes an alert record")
	assert.Equal(t, ScopeName, ours.ResourceLogs().At(0).ScopeLogs().At(0).Scope().Name(), "the original is as it was")

	again, n := Rename(renamed)
	assert.Zero(t, n)
	assert.Equal(t, renamed, again, "not a copy")
}
