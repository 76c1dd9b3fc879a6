// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package notify

import (
	"strconv"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/exporter/exportertest"

	"github.com/otelcol-arc/otelcol-arc/internal/alertevent"
	"github.com/otelcol-arc/otelcol-arc/internal/falseclock"
	"github.com/otelcol-arc/otelcol-arc/internal/routing"
)

// hostOf has two notifiers: a, which takes critical alerts and has the receiver pager,
// and b, which takes warnings of team payments.
func hostOf(t *testing.T) *channelHost {
	t.Helper()
	critical, payments := NewDeliveryConfig(), NewDeliveryConfig()
	critical.Severities = []string{"critical"}
	payments.Severities, payments.Filter.Matchers = []string{"warning"}, []string{"team=payments"}
	host := &channelHost{channels: map[component.ID]component.Component{}}
	for name, delivery := range map[string]*DeliveryConfig{"a": &critical, "b": &payments} {
		set := exportertest.NewNopSettings(component.MustNewType("notify"))
		set.ID = component.MustNewIDWithName("notify", name)
		channels := []Channel{{Deliver: (&vendor{}).deliver}}
		if name == "a" {
			channels = append(channels, Channel{Name: "pager", Receiver: "pager", Deliver: (&vendor{}).deliver})
		}
		e, err := NewExporter(set, Settings{Delivery: delivery, Channels: channels, Outcomes: NewOutcomes(newCounter(t))})
		require.NoError(t, err)
		host.channels[set.ID] = e
		t.Cleanup(func() { assert.NoError(t, e.Shutdown(t.Context())) })
	}
	return host
}

func TestReach(t *testing.T) {
	host := hostOf(t)
	tree, err := routing.Compile("route", &routing.Config{Receiver: "notify/b", Routes: []routing.Config{
		{Receiver: "pager", Matchers: []string{`severity=~"critical|page"`}, Continue: true},
		{Receiver: "off", Matchers: []string{`team="none"`}},
		{Receiver: "null", Matchers: []string{`severity="info"`}},
	}}, nil, routing.Defaults{})
	require.NoError(t, err)
	rule := func(severity string) routing.Partial {
		return routing.LabelsOfRule("A", "x > 0", map[string]string{"severity": severity}, nil)
	}
	exact := func(pairs ...string) routing.Partial {
		p := routing.Partial{Values: map[string]string{"alertname": "A"}}
		for i := 0; i < len(pairs); i += 2 {
			p.Values[pairs[i]] = pairs[i+1]
		}
		return p
	}
	for name, test := range map[string]struct {
		of           routing.Partial
		flat, routed []string
	}{
		"a word that is mapped":                {exact("severity", "page"), []string{"notify/a"}, []string{"notify/a pager"}},
		"a filter that does not match":         {exact("severity", "warning"), nil, []string{"notify/b"}},
		"a filter that matches":                {exact("severity", "warning", "team", "payments"), []string{"notify/b"}, []string{"notify/b"}},
		"a rule whose series may match":        {rule("warning"), []string{"notify/b"}, []string{"notify/b"}},
		"a severity of nobody":                 {rule("info"), nil, nil},
		"no severity":                          {routing.LabelsOfRule("A", "x > 0", nil, nil), nil, []string{"notify/b"}},
		"a receiver of no notifier that is on": {exact("team", "none"), nil, nil},
		"a severity of the series":             {routing.LabelsOfRule("A", "max by (severity) (x)", nil, nil), []string{"notify/a", "notify/b"}, []string{"notify/a pager", "notify/b"}},
	} {
		t.Run(name, func(t *testing.T) {
			flat, deliberate := ReachOf(host, nil).Channels(test.of)
			assert.Equal(t, test.flat, flat)
			assert.False(t, deliberate)
			routed, deliberate := ReachOf(host, tree).Channels(test.of)
			assert.Equal(t, test.routed, routed)
			assert.Equal(t, name == "a severity of nobody" || name == "a severity of the series", deliberate)
		})
	}
	assert.Nil(t, Channels(componenttest.NewNopHost()))
}

// The status of a channel is that of now: alerts that came since the last attempt wait, too.
func TestChannelStatus(t *testing.T) {
	falseclock.Test(t, func(t *testing.T) {
		var back atomic.Bool
		v := vendor{respond: func(Message) error {
			if back.Load() {
				return nil
			}
			return ErrChannel
		}}
		e, _ := v.start(t, nil)
		host := &channelHost{channels: map[component.ID]component.Component{e.ID(): e}}
		began := time.Now()
		for i := range 3 {
			require.NoError(t, e.ConsumeLogs(t.Context(), logs(at(alert(strconv.Itoa(i), "critical", alertevent.Firing), time.Now()))))
			time.Sleep(time.Second)
		}
		synctest.Wait()
		require.Len(t, Statuses(host), 1)
		status := Statuses(host)[0]
		assert.Equal(t, 3, status.Waiting)
		assert.Equal(t, began, status.Failing)
		assert.Equal(t, ErrChannel.Error(), status.Error)
		assert.True(t, status.Next.After(time.Now()))
		assert.True(t, status.Accepted.IsZero())
		back.Store(true)
		time.Sleep(2 * time.Hour)
		synctest.Wait()
		status = Statuses(host)[0]
		assert.Zero(t, status.Waiting)
		assert.True(t, status.Failing.IsZero())
		assert.Empty(t, status.Error)
		assert.False(t, status.Accepted.IsZero())
		require.NoError(t, e.Shutdown(t.Context()))
	})
}
