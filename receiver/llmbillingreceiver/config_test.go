// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package llmbillingreceiver

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/open-telemetry/opentelemetry-collector-contrib/extension/sigv4authextension"
	"github.com/open-telemetry/opentelemetry-collector-contrib/extension/storage/filestorage"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/confmap"
	"go.opentelemetry.io/collector/otelcol/otelcoltest"

	"github.com/otelcol-arc/otelcol-arc/receiver/llmbillingreceiver/internal/metadata"
)

// All errors come at once, each with its key, and none has a secret.
func TestValidateNamesEveryKey(t *testing.T) {
	cfg := createDefaultConfig().(*Config)
	conf := confmap.NewFromStringMap(map[string]any{
		"days": 2, "max_items": 0,
		"accounts": []any{
			map[string]any{"provider": "opnai", "key": "sk-secret"},
			map[string]any{"provider": "openai", "key": "sk-secret", "interval": "1m", "timeout": "-1s", "endpoint": "ftp://user:sk-secret@host"},
			map[string]any{"provider": "openai", "key": "sk-secret"},
			map[string]any{"provider": "bedrock", "key": "sk-secret"},
			map[string]any{"provider": "anthropic", "name": ""},
		},
	})
	require.NoError(t, conf.Unmarshal(cfg))
	err := cfg.Validate()
	assert.EqualError(t, err, strings.Join([]string{
		"days: must be 3 to 90, is 2",
		"max_items: must be 1 or more, is 0",
		`accounts::0::provider: must be one of anthropic, bedrock, openai, openrouter, is "opnai"`,
		"accounts::1::interval: must be 10m0s to 24h0m0s, is 1m0s",
		"accounts::1::timeout: must be above 0, is -1s",
		"accounts::1::endpoint: must be an http or https URL without user, password and query",
		"accounts::2::name: is that of accounts::1 too, at the same provider",
		"accounts::3::auth: is required: the extension sigv4auth under auth::authenticator signs the requests",
		"accounts::3::key: is not used by bedrock: the extension sigv4auth under auth::authenticator signs the requests",
		"accounts::4::name: must not be empty",
	}, "\n"))
	assert.ErrorContains(t, createDefaultConfig().(*Config).Validate(), "accounts: at least one is required")
}

// The README's configurations load.
func TestReadmeConfigurations(t *testing.T) {
	readme, err := os.ReadFile("README.md")
	require.NoError(t, err)
	examples := regexp.MustCompile("(?s)```yaml\n(.*?)```").FindAllStringSubmatch(string(readme), -1)
	require.Len(t, examples, 2)
	for i, example := range examples {
		file := filepath.Join(t.TempDir(), "config.yaml")
		require.NoError(t, os.WriteFile(file, []byte(example[1]), 0o600))
		factories, err := otelcoltest.NopFactories()
		require.NoError(t, err)
		factories.Receivers[metadata.Type] = NewFactory()
		storage, signer := filestorage.NewFactory(), sigv4authextension.NewFactory()
		factories.Extensions[storage.Type()], factories.Extensions[signer.Type()] = storage, signer
		t.Setenv("OPENAI_ADMIN_KEY", "sk-admin-1")
		t.Setenv("AWS_ACCESS_KEY_ID", "AKID")
		t.Setenv("AWS_SECRET_ACCESS_KEY", "secret")
		loaded, err := otelcoltest.LoadConfigAndValidate(file, factories)
		require.NoError(t, err)
		cfg := loaded.Receivers[component.NewID(metadata.Type)].(*Config)
		assert.Equal(t, time.Minute, cfg.CollectionInterval)
		assert.Equal(t, defaultDays, cfg.Days)
		assert.Equal(t, defaultMaxItems, cfg.MaxItems)
		assert.Len(t, cfg.Accounts, []int{1, 5}[i])
		assert.Equal(t, "https://api.openai.com", cfg.Accounts[0].HTTP.Endpoint)
		assert.Equal(t, time.Hour, cfg.Accounts[0].Interval)
	}
}
