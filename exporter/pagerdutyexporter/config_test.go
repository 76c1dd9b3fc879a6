// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package pagerdutyexporter

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-arc/otelcol-arc/internal/testkit/notifier"
)

func TestEveryMistakeIsNamed(t *testing.T) {
	cfg := createDefaultConfig().(*Config)
	cfg.Endpoint = "events.pagerduty.example"
	cfg.Severities = []string{"catastrophic"}
	cfg.Source = ""
	cfg.HTTP.Endpoint = "https://events.pagerduty.example"
	cfg.RoutingKey = routingKey
	cfg.Routes = []Route{{Matchers: []string{`team="a"`}}, {RoutingKey: routingKey}, {Matchers: []string{`team=~"("`, `=`}, RoutingKey: routingKey}}
	err := cfg.Validate()
	assert.NotContains(t, err.Error(), routingKey)
	for _, key := range []string{
		"routes::0::routing_key: must not be empty", "routes::1::matchers: must not be empty",
		"routes::2::matchers::0", "matchers::1", "endpoint: must", "severities::0", "source", "http::endpoint",
	} {
		assert.ErrorContains(t, err, key)
	}
}

// A key that is missing beside others is a mistake; all of them missing is off.
func TestKeysAreAllOrNone(t *testing.T) {
	cfg := createDefaultConfig().(*Config)
	cfg.Routes = []Route{{Matchers: []string{`team="a"`}}}
	require.NoError(t, cfg.Validate())
	cfg.Routes[0].RoutingKey = routingKey
	err := cfg.Validate()
	require.ErrorContains(t, err, "routing_key: must not be empty when routes::0 has one")
	assert.NotContains(t, err.Error(), routingKey)
	cfg.RoutingKey = routingKey
	require.NoError(t, cfg.Validate())
}

func TestSecretIsNotPrinted(t *testing.T) {
	cfg := createDefaultConfig().(*Config)
	cfg.RoutingKey = routingKey
	cfg.Routes = []Route{{RoutingKey: routingKey}}
	assert.NotContains(t, fmt.Sprintf("%v %+v %#v", cfg, cfg, cfg.RoutingKey), routingKey)
}

func TestReadmeExamples(t *testing.T) {
	configs := notifier.ReadmeExamples(t, NewFactory())
	require.Len(t, configs, 2)
	assert.Equal(t, []string{"critical"}, configs[0].(*Config).Severities)
	assert.Equal(t, []string{"error", "critical"}, configs[1].(*Config).Severities)
	assert.Len(t, configs[1].(*Config).Routes, 1)
}
