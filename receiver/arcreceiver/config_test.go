// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package arcreceiver

import (
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/open-telemetry/opentelemetry-collector-contrib/extension/storage/filestorage"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/confmap"
	"go.opentelemetry.io/collector/otelcol/otelcoltest"

	"github.com/otelcol-arc/otelcol-arc/receiver/arcreceiver/internal/metadata"
)

func TestDefaults(t *testing.T) {
	cfg := NewFactory().CreateDefaultConfig().(*Config)
	require.NoError(t, confmap.Validate(cfg))
	assert.Equal(t, "localhost:8123", cfg.HTTP.NetAddr.Endpoint)
	assert.Equal(t, int64(20*1024*1024), cfg.HTTP.MaxRequestBodySize)
	assert.Equal(t, 30*time.Second, cfg.HTTP.ReadTimeout)
	assert.Equal(t, time.Minute, cfg.HTTP.WriteTimeout)
	assert.Equal(t, 1024*1024, cfg.MaxEventBytes)
	assert.Equal(t, 2000, cfg.MaxSeries)
	assert.Equal(t, 10*time.Minute, cfg.ResendWindow)
	assert.Equal(t, 100_000, cfg.MaxResendIDs)
}

func TestValidateNamesEveryKey(t *testing.T) {
	cfg := createDefaultConfig().(*Config)
	conf := confmap.NewFromStringMap(map[string]any{
		"endpoint":              "",
		"max_request_body_size": -1,
		"max_event_bytes":       0,
		"max_series":            -5,
		"resend_window":         "-1s",
		"series_expiration":     "-2s",
		"max_resend_ids":        0,
	})
	require.NoError(t, conf.Unmarshal(cfg))
	assert.EqualError(t, cfg.Validate(), strings.Join([]string{
		"endpoint: must not be empty",
		"max_request_body_size: must not be negative, is -1",
		"max_event_bytes: must be from 1 to 536870912, is 0",
		"max_series: must be at least 1, is -5",
		"series_expiration: must not be negative, is -2s",
		"resend_window: must not be negative, is -1s",
		"max_resend_ids: must be at least 1, is 0",
	}, "\n"))
}

func TestUnknownKeysAreRefused(t *testing.T) {
	conf := confmap.NewFromStringMap(map[string]any{"max_serie": 5})
	assert.ErrorContains(t, conf.Unmarshal(createDefaultConfig()), "max_serie")
}

// blocks returns the README's code blocks of a language.
func blocks(t *testing.T, language string) []string {
	t.Helper()
	readme, err := os.ReadFile("README.md")
	require.NoError(t, err)
	var texts []string
	for _, match := range regexp.MustCompile("(?s)```"+language+"\n(.*?)```").FindAllSubmatch(readme, -1) {
		texts = append(texts, string(match[1]))
	}
	require.NotEmpty(t, texts)
	return texts
}

func TestConfigurationsInTheReadme(t *testing.T) {
	factories, err := otelcoltest.NopFactories()
	require.NoError(t, err)
	factories.Receivers[metadata.Type] = NewFactory()
	storage := filestorage.NewFactory()
	factories.Extensions[storage.Type()] = storage
	var loaded []*Config
	for _, block := range blocks(t, "yaml") {
		file := filepath.Join(t.TempDir(), "config.yaml")
		require.NoError(t, os.WriteFile(file, []byte(block), 0o600))
		cfg, err := otelcoltest.LoadConfigAndValidate(file, factories)
		require.NoError(t, err, block)
		loaded = append(loaded, cfg.Receivers[component.NewID(metadata.Type)].(*Config))
	}
	require.Len(t, loaded, 4)
	assert.Equal(t, createDefaultConfig(), loaded[0])
	assert.Equal(t, 65536, loaded[1].MaxEventBytes)
	assert.Equal(t, 500, loaded[1].MaxSeries)
	assert.Equal(t, int64(5242880), loaded[1].HTTP.MaxRequestBodySize)
	assert.True(t, loaded[1].HTTP.IncludeMetadata)
}

func TestEventsInTheReadme(t *testing.T) {
	r := newRig(t)
	a := responseOf(t, r.post(eventsPath, blocks(t, "ndjson")[0]))
	assert.Equal(t, response{Accepted: 7}, a)
	assert.Equal(t, 7, r.logs.got[0].LogRecordCount())
	assert.Equal(t, 3, r.traces.got[0].SpanCount())

	recorder := r.post(exportPath, blocks(t, "json")[1])
	assert.Equal(t, http.StatusOK, recorder.Code)
	assert.Equal(t, response{Accepted: 1}, responseOf(t, recorder))

	inShell := regexp.MustCompile(`-d '(.*)'`).FindStringSubmatch(blocks(t, "sh")[0])
	assert.Equal(t, response{Accepted: 1}, responseOf(t, r.post(eventsPath, inShell[1])))
}
