// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package slackexporter

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-arc/otelcol-arc/internal/testkit/notifier"
)

func TestEveryMistakeIsNamed(t *testing.T) {
	cfg := createDefaultConfig().(*Config)
	cfg.WebhookURL = "hooks.slack.example/services/SECRET"
	cfg.Severities = []string{"catastrophic"}
	cfg.HTTP.Endpoint = "https://hooks.slack.example"
	err := cfg.Validate()
	for _, key := range []string{"webhook_url", "severities::0", "http::endpoint"} {
		assert.ErrorContains(t, err, key)
	}
	assert.NotContains(t, err.Error(), "SECRET")
}

func TestSecretIsNotPrinted(t *testing.T) {
	cfg := createDefaultConfig().(*Config)
	cfg.WebhookURL = "https://hooks.slack.example/services/SECRET"
	assert.NotContains(t, fmt.Sprintf("%v %+v %#v", cfg, cfg, cfg.WebhookURL), "SECRET")
}

func TestReadmeExamples(t *testing.T) {
	configs := notifier.ReadmeExamples(t, NewFactory())
	require.Len(t, configs, 2)
	assert.Equal(t, []string{"warning", "error", "critical"}, configs[1].(*Config).Severities)
}
