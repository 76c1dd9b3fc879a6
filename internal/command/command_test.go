// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package command

import (
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/confmap"
	"go.opentelemetry.io/collector/confmap/provider/envprovider"
	"go.opentelemetry.io/collector/exporter"
	"go.opentelemetry.io/collector/otelcol"
	"go.uber.org/zap"

	"github.com/otelcol-arc/otelcol-arc/internal/retrieval"

	"github.com/otelcol-arc/otelcol-arc/exporter/slackexporter"
	"github.com/otelcol-arc/otelcol-arc/exporter/teamsexporter"
)

func TestSuggest(t *testing.T) {
	known, err := readKeys(func() (otelcol.Factories, error) {
		exporters, err := otelcol.MakeFactoryMap[exporter.Factory](slackexporter.NewFactory(), teamsexporter.NewFactory())
		return otelcol.Factories{Exporters: exporters}, err
	})
	require.NoError(t, err)
	for name, tt := range map[string]struct {
		message string
		want    []string
	}{
		"key of a component": {
			"'exporters' error reading configuration for \"slack/team\": decoding failed due to the following error(s):\n\n'slackexporter.Config' has invalid keys: chanel, webhok_url",
			[]string{`exporters::slack/team: the key "chanel" is unknown; did you mean "channel"?`, `exporters::slack/team: the key "webhok_url" is unknown; did you mean "webhook_url"?`},
		},
		"far from all": {
			"'exporters' error reading configuration for \"slack\": x\n'slackexporter.Config' has invalid keys: zzzzzz",
			[]string{`exporters::slack: the key "zzzzzz" is unknown`},
		},
		"under another": {
			"'exporters' error reading configuration for \"slack\": x\n'slackexporter.Config' has invalid keys: max_elapsed_time, initial_intreval",
			[]string{
				`exporters::slack: the key "max_elapsed_time" is unknown; it belongs under retry_on_failure`,
				`exporters::slack: the key "initial_intreval" is unknown`,
			},
		},
		"in a map of maps": {
			"'exporters' error reading configuration for \"slack/team\": x\n'receivers[team]' has invalid keys: chanel",
			[]string{`exporters::slack/team::receivers::team: the key "chanel" is unknown; did you mean "channel"?`},
		},
		"wrong type": {
			"'exporters' error reading configuration for \"slack\": decoding failed due to the following error(s):\n\n'' decoding failed due to the following error(s):\n\n'receivers[team].channel' expected type 'string', got unconvertible type 'int'",
			[]string{`exporters::slack::receivers::team::channel: expected type 'string', got unconvertible type 'int'`},
		},
		"duration": {
			"'exporters' error reading configuration for \"slack\": x\n'http.timeout' time: unknown unit",
			[]string{`exporters::slack::http::timeout: time: unknown unit; write a duration as 500ms, 10s, 5m or 1h30m`},
		},
		"in an optional section": {
			"'exporters' error reading configuration for \"slack\": x\n'http' decoding failed due to the following error(s):\n'configtls.ClientConfig' has invalid keys: ca_fil",
			[]string{`exporters::slack::http::tls: the key "ca_fil" is unknown; did you mean "ca_file"?`},
		},
		"two components": {
			"'exporters' error reading configuration for \"slack\": x\n'slackexporter.Config' has invalid keys: chanel\n'exporters' error reading configuration for \"teams\": x\n'webhook_url' expected type 'configopaque.String', got unconvertible type 'int'",
			[]string{`exporters::slack: the key "chanel" is unknown; did you mean "channel"?`, `exporters::teams::webhook_url: expected type 'configopaque.String', got unconvertible type 'int'`},
		},
		"component":                    {`'exporters' unknown type: "slak" for id: "slak" (valid values: [slack teams])`, []string{`exporters: the component "slak" is unknown; did you mean "slack"?`}},
		"component of another section": {`'receivers' unknown type: "slack" for id: "slack" (valid values: [otlp])`, []string{`receivers: the component "slack" belongs under exporters`}},
		"key without a component": {
			"'receivers' decoding failed due to the following error(s):\n\n'[endpoint]' expected type 'map[string]interface {}', got unconvertible type 'string'",
			[]string{`receivers::endpoint: expected type 'map[string]interface {}', got unconvertible type 'string'`},
		},
		"value of a pipeline": {`'service.pipelines[traces].exporters' source data must be an array or slice, got string`, []string{`service::pipelines::traces::exporters: source data must be an array or slice, got string`}},
		"signal":              {`'service.pipelines' in "trace" id: unknown pipeline signal: "trace"`, []string{`service::pipelines: in "trace" id: unknown pipeline signal: "trace"`}},
		"section":             {`'otelcol.configSettings' has invalid keys: exportrs`, []string{`the section "exportrs" is unknown; did you mean "exporters"?`}},
		"service":             {`'service' has invalid keys: pipelins`, []string{`service: the key "pipelins" is unknown; did you mean "pipelines"?`}},
		"pipeline":            {`'service.pipelines[traces]' has invalid keys: procesors`, []string{`service::pipelines::traces: the key "procesors" is unknown; did you mean "processors"?`}},
		"another error":       {"cannot start pipelines: connection refused", nil},
	} {
		t.Run(name, func(t *testing.T) { assert.Equal(t, tt.want, known.suggest(tt.message)) })
	}
}

func TestExplainInUse(t *testing.T) {
	assert.Equal(t, []string{"another process uses 127.0.0.1:8124, perhaps a collector that runs already; stop it, or change the endpoint"},
		explainInUse("failed to start extensions: listen tcp 127.0.0.1:8124: bind: address already in use"))
	assert.Equal(t, []string{"another collector uses the state in /s/storage; stop it, or give this one a directory of its own"},
		explainInUse("failed to start extensions: open the storage: lock /s/storage, which another process may have open: resource temporarily unavailable"))
	assert.Empty(t, explainInUse("listen tcp 127.0.0.1:80: bind: permission denied"))
}

func TestUnsetVariables(t *testing.T) {
	t.Setenv("ARC_TEST_SET", "")
	unset := &unsetVariables{}
	resolver := confmap.ResolverSettings{ProviderFactories: []confmap.ProviderFactory{envprovider.NewFactory()}}
	retrieval.Observe(&resolver, unset.observe)
	provider := resolver.ProviderFactories[0].Create(confmap.ProviderSettings{Logger: zap.NewNop()})
	for _, uri := range []string{"env:ARC_TEST_SET", "env:ARC_TEST_UNSET", "env:ARC_TEST_DEFAULT:-x", "env:ARC_TEST_UNSET"} {
		_, err := provider.Retrieve(t.Context(), uri, nil)
		require.NoError(t, err)
	}
	assert.Equal(t, []string{"ARC_TEST_UNSET"}, unset.list())
}

func TestUnreadable(t *testing.T) {
	read := &reads{}
	read.observe("file:config/default.yaml", nil)
	read.observe("file:my.yaml", nil)
	assert.Equal(t, []string{"my.yaml is not valid YAML: line 2: found character that cannot start any token"},
		read.explainContents("failed to get config: cannot resolve the configuration: retrieved value (type=string) cannot be used as a Conf: assuming string type since contents are not valid YAML: yaml: line 2: found character that cannot start any token"))
	assert.Equal(t, []string{"my.yaml has no sections, such as receivers and service"},
		read.explainContents("failed to get config: cannot resolve the configuration: retrieved value (type=[]interface {}) cannot be used as a Conf"))
	assert.Empty(t, read.explainContents("failed to get config: unable to read the file"))
}

func TestExplainReference(t *testing.T) {
	t.Chdir(t.TempDir())
	require.NoError(t, os.WriteFile("my.yaml", []byte(`
exporters:
  email: {username: "${file:/none}", password: "$${file:/none}", to: ["${SMTP-TO}"]}
  slack: {channel: "x ${envs:A}", bot_token: "${file:value}"}
`), 0o600))
	require.NoError(t, os.WriteFile("value", []byte("a"), 0o600))
	for name, tt := range map[string]struct{ last, problem, want string }{
		"missing file":    {"file:/none", "unable to read the file file:/none: open /none: no such file or directory", "exporters::email::username: ${file:/none}, in my.yaml, cannot be resolved"},
		"name":            {"env:SMTP-TO", `environment variable "SMTP-TO" has invalid name: must match regex ^[a-zA-Z_][a-zA-Z0-9_]*$`, "exporters::email::to::0: ${SMTP-TO}, in my.yaml, cannot be resolved"},
		"unknown scheme":  {"file:value", `scheme "envs" is not supported for uri "envs:A"`, "exporters::slack::channel: ${envs:A}, in my.yaml, cannot be resolved"},
		"of another file": {"file:other.yaml", "unable to read the file file:other.yaml: open other.yaml: no such file or directory", ""},
	} {
		t.Run(name, func(t *testing.T) {
			read := &reads{}
			for _, uri := range []string{"file:my.yaml", "file:value", tt.last} {
				read.observe(uri, nil)
			}
			assert.Equal(t, tt.want, strings.Join(read.explainReference("failed to get config: cannot resolve the configuration: "+tt.problem), "\n"))
		})
	}
	assert.Empty(t, (&reads{}).explainReference("cannot start pipelines"))
}

func TestDurationsWithoutUnit(t *testing.T) {
	known, err := readKeys(func() (otelcol.Factories, error) {
		exporters, err := otelcol.MakeFactoryMap[exporter.Factory](slackexporter.NewFactory())
		return otelcol.Factories{Exporters: exporters}, err
	})
	require.NoError(t, err)
	content := `
exporters:
  slack: {http: {timeout: 10, keepalive: {idle_conn_timeout: 1.5}}, retry_on_failure: {max_elapsed_time: 0, initial_interval: 5s}}
  slack/b: {retry_on_failure: {max_interval: 30}, channel: 5, unknown: 5, receivers: {team: {channel: 7}}}
  slack/c:
  unknown: {timeout: 5}
processors: a
`
	retrieved, err := confmap.NewRetrievedFromYAML([]byte(content))
	require.NoError(t, err)
	conf, err := retrieved.AsConf()
	require.NoError(t, err)
	assert.Equal(t, []number{
		{"exporters::slack::http::keepalive::idle_conn_timeout", 1.5},
		{"exporters::slack::http::timeout", 10},
		{"exporters::slack/b::retry_on_failure::max_interval", 30},
	}, known.withoutUnit(conf.ToStringMap()))
}
