// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package pagerdutyexporter

import (
	"encoding/json"
	"math"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-arc/otelcol-arc/internal/alertevent"
	"github.com/otelcol-arc/otelcol-arc/internal/notify"
	"github.com/otelcol-arc/otelcol-arc/internal/testkit/alerts"
	"github.com/otelcol-arc/otelcol-arc/internal/testkit/double"
)

const routingKey = "0123456789abcdef0123456789abcdef"

func TestEvents(t *testing.T) {
	cases := alerts.Cases()
	image, acknowledged := alerts.Firing(), alerts.Firing()
	image.Annotations["image_url"] = "https://graphs.example/1.png"
	acknowledged.Annotations["acknowledged"] = "by the runbook's robot"
	cases["image"], cases["acknowledged"] = []alertevent.Alert{image}, []alertevent.Alert{acknowledged}
	for name, raised := range cases {
		if len(raised) > 1 {
			continue // an event is about one alert
		}
		t.Run(name, func(t *testing.T) {
			body, err := encode(newEvent(raised[0], routingKey, "arc-production"))
			require.NoError(t, err)
			require.NoError(t, double.CheckEvent(body, routingKey))
			var event any
			require.NoError(t, json.Unmarshal(body, &event))
			alerts.CompareJSON(t, name, event)
		})
	}
}

// The resolved alert has the key of the firing one, whatever else has changed.
func TestDedupKey(t *testing.T) {
	resolved := alerts.Resolved()
	resolved.Annotations = nil
	resolved.Value = nil
	assert.Equal(t, newEvent(alerts.Firing(), "", "").DedupKey, newEvent(resolved, "", "").DedupKey)
	other := alerts.Firing()
	other.Labels["instance"] = "arc-8"
	assert.NotEqual(t, newEvent(alerts.Firing(), "", "").DedupKey, newEvent(other, "", "").DedupKey)
}

func TestImages(t *testing.T) {
	a := alerts.Firing()
	for source, want := range map[string][]any{
		"https://graphs.example/1.png": {map[string]string{"src": "https://graphs.example/1.png", "href": notify.Address(a.Annotations["dashboard_url"]), "alt": "HighErrorRate"}},
		"http://graphs.example/1.png":  nil, // the API accepts HTTPS only
		"javascript:alert(1)":          nil,
		"":                             nil,
	} {
		a.Annotations["image_url"] = source
		assert.Equal(t, want, newEvent(a, routingKey, "s").Images, source)
	}
}

// An event larger than PagerDuty accepts is sent with a note in place of its details.
func TestTooLarge(t *testing.T) {
	a := alerts.Firing()
	for i := range 100 {
		a.Labels["label_"+string(rune('a'+i%26))+string(rune('a'+i/26))] = string(make([]byte, maxText))
	}
	body, err := encode(newEvent(a, routingKey, "arc-production"))
	require.NoError(t, err)
	assert.LessOrEqual(t, len(body), maxBody)
	assert.Contains(t, string(body), "The details were left out")
	assert.Contains(t, string(body), "High error rate detected")
}

func TestInfinityIsSent(t *testing.T) {
	a := alerts.Firing()
	infinity := math.Inf(1)
	a.Value = &infinity
	body, err := encode(newEvent(a, routingKey, "arc-production"))
	require.NoError(t, err)
	assert.Contains(t, string(body), `"value":"+Inf"`)
}

// Whatever a label holds, the event is one that PagerDuty documents.
func FuzzEvent(f *testing.F) {
	f.Add("team", "payments", "summary", "critical")
	f.Add("acknowledged", "https://graphs.example/1.png", "https://grafana.example", "page")
	f.Add("alertname", "\x00\xff", "\u202e", "CRITICAL")
	f.Fuzz(func(t *testing.T, name, value, summary, severity string) {
		a := alerts.Firing()
		a.Labels[name] = value
		a.Labels["severity"] = severity
		a.Annotations = map[string]string{"summary": summary, name: value, "image_url": value, "dashboard_url": summary}
		body, err := encode(newEvent(a, routingKey, "arc-production"))
		require.NoError(t, err)
		assert.LessOrEqual(t, len(body), maxBody)
		assert.True(t, utf8.Valid(body))
		assert.NoError(t, double.CheckEvent(body, routingKey))
	})
}
