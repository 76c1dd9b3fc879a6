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

func names(s Selection) []string {
	if s.N == 0 {
		return nil
	}
	var all []string
	for record := range alertevent.Records(s.Passed) {
		a, err := alertevent.Read(record)
		if err != nil {
			panic(err)
		}
		all = append(all, a.Name()+" "+string(a.State))
	}
	return all
}

func TestSelect(t *testing.T) {
	ld := logs(
		alert("A", "critical", alertevent.Firing),
		alert("B", "Warning", alertevent.Firing),
		alert("A", "critical", alertevent.Resolved),
		alert("C", "", alertevent.Firing),
	)
	for name, test := range map[string]struct {
		filter   Filter
		want     []string
		filtered int64
	}{
		"everything":          {Filter{Resolved: true}, []string{"A firing", "B firing", "A resolved", "C firing"}, 0},
		"no ends":             {Filter{}, []string{"A firing", "B firing", "C firing"}, 1},
		"critical":            {Filter{Severities: []string{"critical"}, Resolved: true}, []string{"A firing", "A resolved"}, 2},
		"warning in any case": {Filter{Severities: []string{"warning"}}, []string{"B firing"}, 3},
		"none":                {Filter{Severities: []string{"info"}}, nil, 4},
	} {
		t.Run(name, func(t *testing.T) {
			got := test.filter.Select(ld)
			assert.Equal(t, test.want, names(got))
			assert.Equal(t, test.filtered, got.Filtered)
			assert.Equal(t, int64(1), got.Malformed)
		})
	}
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
	allocations := testing.AllocsPerRun(100, func() {
		if s := (Filter{}).Select(ld); s.N > 0 {
			panic("no alerts were there")
		}
	})
	assert.LessOrEqual(t, allocations, 4.0, "a handful for the iterators, none a record")
}
