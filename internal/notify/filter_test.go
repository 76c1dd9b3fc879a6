// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package notify

import (
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/otelcol-arc/otelcol-arc/internal/alertevent"
)

func alert(name, severity string, state alertevent.State) alertevent.Alert {
	return alertevent.Alert{
		Labels:   map[string]string{"alertname": name, "severity": severity},
		State:    state,
		StartsAt: time.Unix(1_800_000_000, 0),
	}
}

// logs holds the alerts, one that cannot be read, and a record that is none.
func logs(alerts ...alertevent.Alert) plog.Logs {
	ld, records := alertevent.NewLogs(pcommon.NewResource())
	records.AppendEmpty().Body().SetStr("malformed")
	for _, a := range alerts {
		alertevent.Write(records.AppendEmpty(), a, a.StartsAt)
	}
	other := ld.ResourceLogs().AppendEmpty().ScopeLogs().AppendEmpty()
	other.Scope().SetName("another scope")
	other.LogRecords().AppendEmpty().SetEventName(alertevent.EventName)
	ld.MarkReadOnly()
	return ld
}

func TestReadChanges(t *testing.T) {
	ld := logs(
		alert("A", "critical", alertevent.Firing),
		alert("B", "Warning", alertevent.Firing),
		alert("A", "critical", alertevent.Resolved),
		alert("C", "", alertevent.Firing),
		alert("D", "page", alertevent.Firing),
	)
	for name, test := range map[string]struct {
		filter Filter
		want   []string
	}{
		"everything":          {Filter{}, []string{"A firing", "B firing", "A resolved", "C firing", "D firing"}},
		"critical":            {Filter{Severities: []string{"critical"}}, []string{"A firing", "A resolved", "D firing"}},
		"warning in any case": {Filter{Severities: []string{"warning"}}, []string{"B firing"}},
		"none":                {Filter{Severities: []string{"info"}}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			counter := newCounter(t)
			e := &Exporter{outcomes: NewOutcomes(counter)}
			e.filter, e.severities = test.filter, newSeverities(nil)
			var got []string
			for _, c := range e.readChanges(t.Context(), ld)[""] {
				a, err := decode(c.encoded)
				require.NoError(t, err)
				got = append(got, a.Name()+" "+string(a.State))
			}
			assert.Equal(t, test.want, got)
			assert.Equal(t, int64(5-len(test.want)), counter.outcome("filtered"))
			assert.Equal(t, int64(1), counter.outcome("malformed"))
		})
	}
}

// Words of the label severity are mapped; what a configuration maps wins, and the
// labels, which identify the alert, stay.
func TestSeverityMap(t *testing.T) {
	for word, want := range map[string]string{
		"page": "critical", "P1": "critical", "p2": "critical", "Critical": "critical", "error": "error", "HIGH": "error",
		"warning": "warning", "warn": "warning", "none": "info", "info": "info", "": "", "blue": "blue", "P3": "warning",
	} {
		a := alert("A", word, alertevent.Firing)
		newSeverities(map[string]string{"p3": "warning"}).apply(&a)
		assert.Equal(t, want, a.Severity(), word)
		assert.Equal(t, word, a.Labels["severity"])
	}
	cfg := NewDeliveryConfig()
	cfg.SeverityMap = map[string]string{"blue": "critical", "green": "grass"}
	err := errors.Join(cfg.Problems()...)
	assert.ErrorContains(t, err, `severity_map::green: "grass" is none of`)
	assert.NotContains(t, err.Error(), "blue")
}

func TestFilterValidate(t *testing.T) {
	assert.Empty(t, Filter{Severities: []string{"info", "warning", "error", "critical"}}.Validate())
	err := errors.Join(Filter{Severities: []string{"info", "catastrophic", "Critical"}}.Validate()...)
	require.ErrorContains(t, err, `severities::1: "catastrophic"`)
	assert.ErrorContains(t, err, `severities::2: "Critical"`)
}

// What is not an alert costs a comparison of scope names and nothing else.
func TestNoAlertsNoAllocations(t *testing.T) {
	ld := plog.NewLogs()
	sl := ld.ResourceLogs().AppendEmpty().ScopeLogs().AppendEmpty()
	sl.Scope().SetName("app")
	for range 1000 {
		sl.LogRecords().AppendEmpty().Body().SetStr("hello")
	}
	e := &Exporter{outcomes: NewOutcomes(newCounter(t))}
	allocations := testing.AllocsPerRun(100, func() {
		if changes := e.readChanges(t.Context(), ld); len(changes) > 0 {
			panic("no alerts were there")
		}
	})
	assert.LessOrEqual(t, allocations, 4.0, "a handful for the iterators, none a record")
}
