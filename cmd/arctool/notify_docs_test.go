// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/confmap"

	"github.com/otelcol-arc/otelcol-arc/internal/notifiers"
	"github.com/otelcol-arc/otelcol-arc/internal/testkit/collector"
)

// What docs/notifications.md shows is a configuration of the channels, with its
// variables and without.
func TestNotifyDocs(t *testing.T) {
	text, err := os.ReadFile(filepath.Join(collector.Root(), "docs", "notifications.md"))
	require.NoError(t, err)
	examples := regexp.MustCompile("(?s)```yaml\n(.*?)```").FindAllSubmatch(text, -1)
	require.Len(t, examples, 7)
	for _, set := range []bool{false, true} {
		value := map[string]string{}
		if set {
			value = map[string]string{
				"PAGERDUTY_API_KEY": routingKey, "PAGERDUTY_PAYMENTS_KEY": otherKey,
				"SMTP_SERVER": "mail.example", "SMTP_USER": "arc@arc.example", "SMTP_PASSWORD": password,
			}
		}
		for _, name := range []string{"PAGERDUTY_API_KEY", "PAGERDUTY_PAYMENTS_KEY", "SMTP_SERVER", "SMTP_USER", "SMTP_PASSWORD"} {
			t.Setenv(name, value[name])
		}
		for _, example := range examples {
			conf, err := resolve(t.Context(), []string{"yaml:" + string(example[1])})
			require.NoError(t, err)
			exporters, err := conf.Sub("exporters")
			require.NoError(t, err)
			require.NotEmpty(t, exporters.ToStringMap())
			for name := range exporters.ToStringMap() {
				var id component.ID
				require.NoError(t, id.UnmarshalText([]byte(name)))
				factory := notifiers.Factories()[id.Type()]
				require.NotNil(t, factory, name)
				cfg := factory.CreateDefaultConfig()
				settings, err := exporters.Sub(name)
				require.NoError(t, err)
				require.NoError(t, settings.Unmarshal(cfg), name)
				assert.NoError(t, confmap.Validate(cfg), name)
			}
		}
	}
}
