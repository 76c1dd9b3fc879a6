// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package command

import (
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
		"far from all":  {"'exporters' error reading configuration for \"slack\": x\n'slackexporter.Config' has invalid keys: zzzzzz", nil},
		"component":     {`'exporters' unknown type: "slak" for id: "slak" (valid values: [slack teams])`, []string{`exporters: the component "slak" is unknown; did you mean "slack"?`}},
		"section":       {`'otelcol.configSettings' has invalid keys: exportrs`, []string{`the section "exportrs" is unknown; did you mean "exporters"?`}},
		"service":       {`'service' has invalid keys: pipelins`, []string{`service: the key "pipelins" is unknown; did you mean "pipelines"?`}},
		"pipeline":      {`'service.pipelines[traces]' has invalid keys: procesors`, []string{`service: the key "procesors" is unknown; did you mean "processors"?`}},
		"another error": {"cannot start pipelines: connection refused", nil},
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

func TestDistance(t *testing.T) {
	for _, tt := range []struct {
		a, b string
		want int
	}{{"", "", 0}, {"", "abc", 3}, {"abc", "", 3}, {"kitten", "sitting", 3}, {"rule_file", "rule_files", 1}, {"ab", "ba", 2}} {
		assert.Equal(t, tt.want, distance(tt.a, tt.b), "%s %s", tt.a, tt.b)
		assert.Equal(t, tt.want, distance(tt.b, tt.a))
	}
}
