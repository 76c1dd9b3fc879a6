// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package notify

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/exporter"
	"go.opentelemetry.io/collector/exporter/exportertest"
	"go.opentelemetry.io/collector/pipeline"

	"github.com/otelcol-arc/otelcol-arc/internal/alertevent"
	"github.com/otelcol-arc/otelcol-arc/internal/falseclock"
	"github.com/otelcol-arc/otelcol-arc/internal/lifecycle/parallelstop"
)

func to(receiver string, a alertevent.Alert) alertevent.Alert {
	a.Receiver = receiver
	return a
}

// A route decides in place of severities and filters, and each receiver is a
// channel of its own, which the others do not hold up.
func TestReceiversAreChannels(t *testing.T) {
	falseclock.Test(t, func(t *testing.T) {
		var own, search, down vendor
		down.respond = func(Message) error { return errors.New("is down") }
		delivery := NewDeliveryConfig()
		delivery.Severities = []string{"critical"}
		count := newCounter(t)
		set := exportertest.NewNopSettings(component.MustNewType("notify"))
		set.ID = component.MustNewID("notify")
		e, err := NewExporter(set, Settings{Delivery: &delivery, Outcomes: NewOutcomes(count), Channels: []Channel{
			{Deliver: own.deliver},
			{Name: "search", Receiver: "search", Deliver: search.deliver},
			{Name: "down", Receiver: "down", Deliver: down.deliver},
		}})
		require.NoError(t, err)
		require.NoError(t, e.Start(t.Context(), componenttest.NewNopHost()))
		assert.Equal(t, []string{"notify", "search", "down"}, e.Receivers())
		info := alert("A", "info", alertevent.Firing)
		require.NoError(t, e.ConsumeLogs(t.Context(), logs(
			to("down", info), to("search", info), to("notify", info), to("elsewhere", info), info,
			alert("B", "critical", alertevent.Firing),
		)))
		synctest.Wait()
		assert.Equal(t, []string{"B firing, A firing"}, own.accepted(), "its ID is its own target")
		assert.Equal(t, []string{"A firing"}, search.accepted())
		assert.Equal(t, int64(2), count.outcome(outcomeFiltered))
		assert.Equal(t, 1, e.Waiting())

		results := e.SendNow(t.Context(), info)
		require.Len(t, results, 3)
		assert.True(t, results[0].Filtered)
		assert.NoError(t, results[1].Err)
		assert.Equal(t, "search", results[1].Channel)
		assert.Error(t, results[2].Err)
		require.NoError(t, e.Shutdown(t.Context()))
	})
}

// The state of a receiver is persisted by itself.
func TestReceiversArePersisted(t *testing.T) {
	falseclock.Test(t, func(t *testing.T) {
		host := &storageHost{}
		start := func(v *vendor) *Exporter {
			delivery := NewDeliveryConfig()
			delivery.Storage = &storageID
			var own vendor
			e, err := NewExporter(exportertest.NewNopSettings(component.MustNewType("notify")), Settings{
				Delivery: &delivery, Outcomes: NewOutcomes(newCounter(t)),
				Channels: []Channel{{Deliver: own.deliver}, {Name: "search", Receiver: "search", Deliver: v.deliver}},
			})
			require.NoError(t, err)
			require.NoError(t, e.Start(t.Context(), host))
			return e
		}
		var v vendor
		v.respond = func(Message) error { return errors.New("is down") }
		e := start(&v)
		a := at(to("search", alert("A", "info", alertevent.Firing)), time.Now())
		require.NoError(t, e.ConsumeLogs(t.Context(), logs(a)))
		synctest.Wait()
		require.NoError(t, e.Shutdown(t.Context()))
		v.respond = nil
		e = start(&v)
		synctest.Wait()
		assert.Equal(t, []string{"A firing"}, v.accepted())
		require.NoError(t, e.Shutdown(t.Context()))
	})
}

// Routes can address notifiers that are switched off, whose alerts are dropped.
func TestReceiversOfHost(t *testing.T) {
	_, known := Receivers(componenttest.NewNopHost())
	assert.False(t, known)
	var v vendor
	e, _ := v.start(t, nil)
	set := exportertest.NewNopSettings(component.MustNewType("slack"))
	set.ID = component.MustNewIDWithName("slack", "off")
	names, known := Receivers(exporters{
		e.ID():   e,
		set.ID:   Off(set, "webhook_url", map[string]struct{}{"payments": {}}),
		otherID1: nil,
	})
	assert.True(t, known)
	assert.Equal(t, []string{e.ID().String(), "payments", "slack/off"}, names)
	require.NoError(t, e.Shutdown(t.Context()))
}

// The notifiers are found as the program makes them, which stops its exporters side by side.
func TestNotifiersOfGroup(t *testing.T) {
	create := func(_ context.Context, set exporter.Settings, _ component.Config) (exporter.Logs, error) {
		if set.ID.Name() == "off" {
			return Off(set, "webhook_url", map[string]struct{}{"payments": {}}), nil
		}
		delivery := NewDeliveryConfig()
		return NewExporter(set, Settings{Delivery: &delivery, Outcomes: NewOutcomes(newCounter(t)), Channels: []Channel{{Receiver: "search"}}})
	}
	slack := component.MustNewType("slack")
	factory := parallelstop.NewGroup().Factories(map[component.Type]exporter.Factory{
		slack: exporter.NewFactory(slack, func() component.Config { return &struct{}{} }, exporter.WithLogs(create, component.StabilityLevelAlpha)),
	})[slack]
	host := exporters{}
	for _, name := range []string{"off", "on"} {
		set := exportertest.NewNopSettings(slack)
		set.ID = component.NewIDWithName(slack, name)
		e, err := factory.CreateLogs(t.Context(), set, nil)
		require.NoError(t, err)
		host[set.ID] = e
	}
	names, _ := Receivers(host)
	assert.Equal(t, []string{"payments", "search", "slack/off", "slack/on"}, names)
	require.Len(t, Channels(host), 1)
	assert.Equal(t, "slack/on", Channels(host)[0].ID().String())
	assert.Equal(t, []string{"slack/off"}, SwitchedOff(host))
	for _, c := range host {
		require.NoError(t, c.Shutdown(t.Context()))
	}
}

var otherID1 = component.MustNewID("otlp")

type exporters map[component.ID]component.Component

func (exporters) GetExtensions() map[component.ID]component.Component { return nil }

func (h exporters) GetExporters() map[pipeline.Signal]map[component.ID]component.Component {
	return map[pipeline.Signal]map[component.ID]component.Component{pipeline.SignalLogs: h}
}

func TestValidateReceivers(t *testing.T) {
	hasTarget := func(target string) bool { return target != "" }
	validate := func(receivers map[string]string, isOn bool) string {
		return errors.Join(append(ValidateReceivers(receivers, isOn, hasTarget, "url"), errors.New("end"))...).Error()
	}
	assert.Equal(t, "end", validate(map[string]string{"a": "x"}, true))
	assert.Equal(t, "end", validate(map[string]string{"a": ""}, false), "all variables are empty")
	assert.Contains(t, validate(map[string]string{"a": ""}, true), "receivers::a::url: must not be empty")
	assert.Contains(t, validate(map[string]string{"a": "x"}, false), "url: must not be empty when receivers::a has one")
	assert.Contains(t, validate(map[string]string{"null": "x"}, true), `"null" cannot be the name`)
}
