// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/prometheus/prometheus/promql/parser"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"

	"github.com/otelcol-arc/otelcol-arc/internal/testkit/collector"
)

// grafanaDashboard is what the test checks in a file of config/grafana.
type grafanaDashboard struct {
	UID, Title    string
	SchemaVersion int
	Panels        []grafanaPanel
	Templating    struct {
		List []struct{ Name, Type string }
	}
}

type grafanaPanel struct {
	ID                       int
	Type, Title, Description string
	GridPos                  struct{ X, Y, W, H int }
	Datasource               struct{ Type, UID string }
	FieldConfig              struct {
		Defaults struct{ Unit string }
	}
	Targets []struct{ RefID, Expr string }
}

func readDashboard(t *testing.T, name string) grafanaDashboard {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(collector.Root(), "config", "grafana", name))
	require.NoError(t, err)
	var d grafanaDashboard
	require.NoError(t, json.Unmarshal(content, &d))
	return d
}

// queryOf is an expression as Grafana sends it.
func queryOf(expr string) string {
	return strings.NewReplacer("$__rate_interval", "1m", "$__range", "1h", "$model", ".*", "$dimension", "service_name", "$instance", ".*").Replace(expr)
}

// Every dashboard has a unique identity, and what people look for is on it.
func TestGrafanaDashboards(t *testing.T) {
	paths, err := filepath.Glob(filepath.Join(collector.Root(), "config", "grafana", "*.json"))
	require.NoError(t, err)
	titles := map[string][]string{
		"arc.json":       {"Request rate", "Error rate", "P99 latency", "LLM cost (hourly)", "Cache hit rate"},
		"usage.json":     {"Spend (hourly)", "Spenders", "Calls a second", "Spend by model (hourly)"},
		"collector.json": {"Queues", "Refused to senders", "Given up", "Memory", "Ledger rows"},
	}
	require.Len(t, paths, len(titles))
	uids := map[string]bool{}
	for _, path := range paths {
		t.Run(filepath.Base(path), func(t *testing.T) {
			d := readDashboard(t, filepath.Base(path))
			assert.False(t, uids[d.UID], d.UID)
			uids[d.UID] = true
			checkDashboard(t, d, titles[filepath.Base(path)])
		})
	}
}

// The dashboard of the collector asks for metrics that the collector has.
func TestCollectorDashboardAsksForWhatIsThere(t *testing.T) {
	known := selfMetrics(t)
	for _, panel := range readDashboard(t, "collector.json").Panels {
		for _, target := range panel.Targets {
			for _, name := range metricsOf(t, queryOf(target.Expr)) {
				assert.Contains(t, known, name, panel.Title)
			}
		}
	}
}

// checkDashboard checks what Grafana and its users need: panels with unique titles
// that do not overlap, with a unit and a description, and queries that are PromQL.
func checkDashboard(t *testing.T, d grafanaDashboard, wanted []string) {
	t.Helper()
	assert.NotEmpty(t, d.UID)
	assert.GreaterOrEqual(t, d.SchemaVersion, 36)
	ids, titles, taken := map[int]bool{}, map[string]bool{}, map[[2]int]string{}
	for _, p := range d.Panels {
		assert.False(t, ids[p.ID], "id %d", p.ID)
		assert.False(t, titles[p.Title], p.Title)
		ids[p.ID], titles[p.Title] = true, true
		for x := p.GridPos.X; x < p.GridPos.X+p.GridPos.W; x++ {
			for y := p.GridPos.Y; y < p.GridPos.Y+p.GridPos.H; y++ {
				assert.Less(t, x, 24, p.Title)
				assert.Empty(t, taken[[2]int{x, y}], p.Title)
				taken[[2]int{x, y}] = p.Title
			}
		}
		if p.Type == "row" {
			continue
		}
		assert.Contains(t, []string{"s", "none", "reqps", "cps", "percentunit", "currencyUSD", "bytes"}, p.FieldConfig.Defaults.Unit, p.Title)
		assert.NotEmpty(t, p.Description, p.Title)
		assert.Equal(t, "${datasource}", p.Datasource.UID, p.Title)
		assert.NotEmpty(t, p.Targets, p.Title)
		refs := map[string]bool{}
		for _, target := range p.Targets {
			assert.False(t, refs[target.RefID], "%s %s", p.Title, target.RefID)
			refs[target.RefID] = true
			_, err := parser.NewParser(parser.Options{}).ParseExpr(queryOf(target.Expr))
			assert.NoError(t, err, "%s: %s", p.Title, target.Expr)
		}
	}
	for _, title := range wanted {
		assert.True(t, titles[title], title)
	}
}

func TestGrafanaProvisioning(t *testing.T) {
	paths, err := filepath.Glob(filepath.Join(collector.Root(), "config", "grafana", "provisioning", "*", "*.yaml"))
	require.NoError(t, err)
	require.Len(t, paths, 2)
	for _, path := range paths {
		content, err := os.ReadFile(path)
		require.NoError(t, err)
		var file struct {
			APIVersion             int `yaml:"apiVersion"`
			Datasources, Providers []struct{ Name, Type string }
		}
		require.NoError(t, yaml.Unmarshal(content, &file))
		assert.Equal(t, 1, file.APIVersion)
		assert.Len(t, append(file.Datasources, file.Providers...), 1, path)
	}
}
