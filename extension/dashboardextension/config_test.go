// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package dashboardextension

import (
	"context"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/confmap"
	"go.opentelemetry.io/collector/extension"
	"go.opentelemetry.io/collector/extension/extensiontest"
	"go.opentelemetry.io/collector/otelcol/otelcoltest"

	"github.com/otelcol-arc/otelcol-arc/extension/dashboardextension/internal/metadata"
	"github.com/otelcol-arc/otelcol-arc/extension/dashboardextension/internal/prometheussource"
)

func TestDefaults(t *testing.T) {
	cfg := createDefaultConfig().(*Config)
	require.NoError(t, confmap.Validate(cfg))
	assert.Equal(t, "localhost:8124", cfg.HTTP.NetAddr.Endpoint)
	assert.Equal(t, int64(65536), cfg.HTTP.MaxRequestBodySize)
	assert.False(t, cfg.Writable)
}

func TestValidateNamesEveryKey(t *testing.T) {
	cfg := createDefaultConfig().(*Config)
	require.NoError(t, confmap.NewFromStringMap(map[string]any{
		"endpoint": "", "max_request_body_size": -1, "allowed_hosts": []string{"ok.example.com", "x:80"}, "trace_url": "jaeger/trace",
	}).Unmarshal(cfg))
	assert.EqualError(t, cfg.Validate(), strings.Join([]string{
		"endpoint: must not be empty",
		"max_request_body_size: must not be negative, is -1",
		`allowed_hosts::1: must be a host name without port, is "x:80"`,
		`trace_url: must be an http or https URL, is "jaeger/trace"`,
	}, "\n"))
	cfg = createDefaultConfig().(*Config)
	cfg.TraceURL = "https://jaeger.example.com/"
	assert.EqualError(t, cfg.Validate(), `trace_url: must contain {trace_id}, is "https://jaeger.example.com/"`)
}

// On a network address silences need authentication, or a second setting that allows
// them without.
func TestWritableOnTheNetwork(t *testing.T) {
	for name, tt := range map[string]struct {
		settings map[string]any
		ok       bool
	}{
		"loopback":            {map[string]any{"writable": true}, true},
		"network, read-only":  {map[string]any{"endpoint": "0.0.0.0:8124"}, true},
		"network":             {map[string]any{"endpoint": "0.0.0.0:8124", "writable": true}, false},
		"all interfaces":      {map[string]any{"endpoint": ":8124", "writable": true}, false},
		"decided twice":       {map[string]any{"endpoint": "0.0.0.0:8124", "writable": true, "writable_without_auth": true}, true},
		"authentication":      {map[string]any{"endpoint": "0.0.0.0:8124", "writable": true, "auth": map[string]any{"authenticator": "basicauth"}}, true},
		"client certificates": {map[string]any{"endpoint": "0.0.0.0:8124", "writable": true, "tls": map[string]any{"cert_file": "c", "key_file": "k", "client_ca_file": "ca"}}, true},
		"TLS alone":           {map[string]any{"endpoint": "0.0.0.0:8124", "writable": true, "tls": map[string]any{"cert_file": "c", "key_file": "k"}}, false},
	} {
		t.Run(name, func(t *testing.T) {
			cfg := createDefaultConfig().(*Config)
			require.NoError(t, confmap.NewFromStringMap(tt.settings).Unmarshal(cfg))
			if err := cfg.Validate(); tt.ok {
				assert.NoError(t, err)
			} else {
				assert.ErrorContains(t, err, "writable: requires auth, tls::client_ca_file or writable_without_auth")
			}
		})
	}
}

func TestConfigurationsInTheReadme(t *testing.T) {
	factories, err := otelcoltest.NopFactories()
	require.NoError(t, err)
	factories.Extensions[metadata.Type] = NewFactory()
	passwords := component.MustNewType("basicauth")
	factories.Extensions[passwords] = extension.NewFactory(passwords, func() component.Config {
		return &struct {
			Users map[string]any `mapstructure:"htpasswd"`
		}{}
	}, nil, component.StabilityLevelAlpha)
	readme, err := os.ReadFile("README.md")
	require.NoError(t, err)
	var loaded []*Config
	for _, match := range regexp.MustCompile("(?s)```yaml\n(.*?)```").FindAllSubmatch(readme, -1) {
		file := filepath.Join(t.TempDir(), "config.yaml")
		require.NoError(t, os.WriteFile(file, match[1], 0o600))
		cfg, err := otelcoltest.LoadConfigAndValidate(file, factories)
		require.NoError(t, err, string(match[1]))
		loaded = append(loaded, cfg.Extensions[component.NewID(metadata.Type)].(*Config))
	}
	require.Len(t, loaded, 4)
	remote := loaded[2].Source.Prometheus.Get()
	want := prometheussource.NewDefaultConfig()
	want.Endpoint = "http://prometheus:9090"
	assert.Equal(t, &want, remote, "the values of the document are the defaults")
	assert.Equal(t, RolesConfig{
		Default: RoleRead, Clients: map[string]Role{"finops": RoleFull, "oncall": RoleSilence}, Private: []string{"user.id"}, SeePrivate: []string{"finops"},
	}, loaded[3].Roles)
	assert.Equal(t, createDefaultConfig(), loaded[0])
	assert.True(t, loaded[1].Writable)
	assert.Equal(t, "http://localhost:16686/trace/{trace_id}", loaded[1].TraceURL)
	assert.Equal(t, []string{"arc.example.com"}, loaded[1].AllowedHosts)
}

// It serves from start to shutdown, can be shut down twice, and fails on an address
// that is in use.
func TestLifecycle(t *testing.T) {
	cfg := createDefaultConfig().(*Config)
	cfg.HTTP.NetAddr.Endpoint = "127.0.0.1:0"
	first := newServer(cfg, extensiontest.NewNopSettings(metadata.Type))
	listener, err := cfg.HTTP.ToListener(t.Context())
	require.NoError(t, err)
	address := listener.Addr().String()
	require.NoError(t, listener.Close())
	cfg.HTTP.NetAddr.Endpoint = address
	require.NoError(t, first.Start(t.Context(), componenttest.NewNopHost()))

	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	response, err := client.Get("http://" + address + "/")
	require.NoError(t, err)
	body, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	require.NoError(t, response.Body.Close())
	assert.Contains(t, string(body), "llm_cost")

	second := newServer(cfg, extensiontest.NewNopSettings(metadata.Type))
	require.Error(t, second.Start(t.Context(), componenttest.NewNopHost()))
	require.NoError(t, second.Shutdown(context.Background()))

	require.NoError(t, first.Shutdown(context.Background()))
	require.NoError(t, first.Shutdown(context.Background()))
	_, err = client.Get("http://" + address + "/")
	require.Error(t, err)
}
