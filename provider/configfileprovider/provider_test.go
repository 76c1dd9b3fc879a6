// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package configfileprovider

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/confmap"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"
)

// retrieve reads a configuration file in a directory that has conf/rules/a.yml, from
// a working directory that has old/b.yml.
func retrieve(t *testing.T, content string) (conf map[string]any, dir string, logs *observer.ObservedLogs) {
	t.Helper()
	dir = t.TempDir()
	for _, file := range []string{"conf/rules/a.yml", "old/b.yml"} {
		path := filepath.Join(dir, file)
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o700))
		require.NoError(t, os.WriteFile(path, nil, 0o600))
	}
	file := filepath.Join(dir, "conf", "config.yaml")
	require.NoError(t, os.WriteFile(file, []byte(content), 0o600))
	t.Chdir(dir)
	core, logs := observer.New(zap.WarnLevel)
	p := NewFactory().Create(confmap.ProviderSettings{Logger: zap.New(core)})
	assert.Equal(t, "file", p.Scheme())
	retrieved, err := p.Retrieve(t.Context(), "file:"+filepath.Join("conf", "config.yaml"), nil)
	require.NoError(t, err)
	parsed, err := retrieved.AsConf()
	require.NoError(t, err)
	return parsed.ToStringMap(), dir, logs
}

func TestRuleFiles(t *testing.T) {
	absolute := filepath.Join(t.TempDir(), "*.yml")
	conf, _, logs := retrieve(t, `
processors:
  alert:
    rule_files: [rules/*.yml, none/*.yml, ./rules/a.yml, "${env:RULES:-x}/*.yml", `+absolute+`]
  alert/old: {rule_files: [old/*.yml]}
  alert/none:
  batch: {rule_files: [rules/*.yml]}
`)
	processors := conf["processors"].(map[string]any)
	files := func(id string) any { return processors[id].(map[string]any)["rule_files"] }
	assert.Equal(t, []any{
		filepath.Join("conf", "rules", "*.yml"), filepath.Join("conf", "none", "*.yml"), filepath.Join("conf", "rules", "a.yml"),
		"${env:RULES:-x}/*.yml", absolute,
	}, files("alert"))
	assert.Equal(t, []any{"old/*.yml"}, files("alert/old"), "found where version 0.1 looked")
	assert.Equal(t, []any{"rules/*.yml"}, files("batch"))
	require.Equal(t, 1, logs.Len())
	assert.Equal(t, map[string]any{
		"key": "processors::alert/old::rule_files::0", "pattern": "old/*.yml", "file": filepath.Join("conf", "config.yaml"),
	}, logs.All()[0].ContextMap())
}

func TestUnsetVariables(t *testing.T) {
	t.Setenv("ARC_TEST_SET", "")
	_, _, logs := retrieve(t, `
exporters:
  otlp_grpc/jaeger:
    endpoint: ${env:ARC_TEST_ENDPOINT}
    headers: [{a: "Bearer ${ARC_TEST_TOKEN} ${env:ARC_TEST_SET}"}]
    tls: {insecure: "${env:ARC_TEST_DEFAULT:-false}", note: "$${env:ARC_TEST_ESCAPED}"}
`)
	var missing []string
	for _, entry := range logs.All() {
		fields := entry.ContextMap()
		missing = append(missing, fields["key"].(string)+" "+fields["variable"].(string))
	}
	assert.Equal(t, []string{
		"exporters::otlp_grpc/jaeger::endpoint ARC_TEST_ENDPOINT",
		"exporters::otlp_grpc/jaeger::headers::0::a ARC_TEST_TOKEN",
	}, missing)
}

// What is not a map of components is as the Collector's provider reads it.
func TestOtherFiles(t *testing.T) {
	for _, content := range []string{"", "a", "[a]", "processors:", "processors: [alert]", "processors: {alert: 1}", "processors: {alert: {rule_files: a.yml}}"} {
		file := filepath.Join(t.TempDir(), "file")
		require.NoError(t, os.WriteFile(file, []byte(content), 0o600))
		p := NewFactory().Create(confmap.ProviderSettings{})
		_, err := p.Retrieve(t.Context(), "file:"+file, nil)
		require.NoError(t, err, content)
		require.NoError(t, p.Shutdown(t.Context()))
	}
	_, err := NewFactory().Create(confmap.ProviderSettings{}).Retrieve(t.Context(), "file:/none/such", nil)
	assert.Error(t, err)
}
