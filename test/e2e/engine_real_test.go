//go:build e2e

// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/ptrace/ptraceotlp"

	"github.com/otelcol-arc/otelcol-arc/internal/testkit/collector"
)

// The shipped tables, views and dashboard, on ClickHouse's engine: each call counts once,
// however its records were spread over collectors, and every panel has data.
func TestRealClickHouse(t *testing.T) {
	ch := startClickHouse(t)
	collectors := startCounted(t, 3, ch)
	apps := newApplications()
	apps.spread(t, 30, collectors)
	apps.scatter(t, 60, collectors)
	collectors[1].process.Kill()
	apps.spread(t, 10, []*agentProcess{collectors[0], collectors[2]})
	collectors[1].process = collector.Start(t, collectors[1].options) // what it had not sent is in its queue
	apps.requireExactInEngine(t, ch)
	requireDashboard(t, ch)
}

// Macros and variables of Grafana's data source for ClickHouse, as it replaces them.
func replaceMacros(sql string) string {
	return strings.NewReplacer(
		"${__from:date:iso}", "2020-01-01T00:00:00.000Z", "${__to:date:iso}", "2100-01-01T00:00:00.000Z",
		"$__timeInterval(time)", "toStartOfInterval(toDateTime(time), INTERVAL 60 second)", "${dimension}", "user.id", "${model:sqlstring}", "'gpt-4o'",
	).Replace(sql)
}

// requireDashboard requires that every panel and variable of the dashboard has data.
func requireDashboard(t *testing.T, ch *clickhouse) {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(collector.Root(), "config", "clickhouse", "dashboard.json"))
	require.NoError(t, err)
	var dashboard struct {
		Panels []struct {
			Title   string
			Targets []struct {
				RawSQL string `json:"rawSql"`
			}
		}
		Templating struct {
			List []struct{ Name, Type, Query string }
		}
	}
	require.NoError(t, json.Unmarshal(content, &dashboard))
	require.NotEmpty(t, dashboard.Panels)
	for _, panel := range dashboard.Panels {
		for _, target := range panel.Targets {
			assert.NotEmpty(t, ch.query(t, replaceMacros(target.RawSQL)), panel.Title)
		}
	}
	for _, variable := range dashboard.Templating.List {
		if variable.Type == "query" {
			assert.NotEmpty(t, ch.query(t, replaceMacros(variable.Query)), variable.Name)
		}
	}
}

// The shipped pipeline and template, on a real OpenSearch: the document of a call has its ID, and that of
// the highest version counts, in whatever order collectors send them.
func TestRealOpenSearchOfCalls(t *testing.T) {
	node := startOpenSearch(t)
	for _, part := range []string{"_ingest/pipeline/llm-calls", "_index_template/llm-calls"} {
		kind := "pipeline"
		if strings.Contains(part, "template") {
			kind = "template"
		}
		content, err := os.ReadFile(filepath.Join(collector.Root(), "config", "elasticsearch", "llm-calls."+kind+".json"))
		require.NoError(t, err)
		send(t, http.MethodPut, node+"/"+part, string(content))
	}
	collectors := make([]*agentProcess, 3)
	for i := range collectors {
		p, own := quick(t)
		collectors[i] = &agentProcess{ports: p, options: collector.Options{
			Configs: []string{"config/default.yaml", "config/policies/state.yaml", "config/scale/opensearch.yaml"},
			Set:     append(own, "exporters::prometheus::endpoint="+p.page),
			Env:     []string{"OTELCOL_ARC_STATE=" + t.TempDir(), "OTELCOL_ARC_QUEUES=wal_storage", "CALLS_URL=" + node},
		}}
		collectors[i].process = collector.Start(t, collectors[i].options)
	}
	apps := newApplications()
	apps.spread(t, 30, collectors)
	// The SDK's span and the framework's around it reach one collector, by turns in either order.
	for i := range 20 {
		number, user := apps.group(1)
		request := ptraceotlp.NewExportRequest()
		require.NoError(t, request.UnmarshalProto(callBatch(t, uint32(number), 1)))
		sdk := request.Traces().ResourceSpans().At(0).ScopeSpans().At(0).Spans().At(0)
		sdk.Attributes().PutStr("user.id", user)
		framework := frameworkAround(sdk)
		inner, err := request.MarshalProto()
		require.NoError(t, err)
		outer, err := ptraceotlp.NewExportRequestFromTraces(framework).MarshalProto()
		require.NoError(t, err)
		for j := range 2 {
			apps.post(t, "/v1/traces", [][]byte{inner, outer}[(i+j)%2], collectors[i%3])
		}
		apps.post(t, "/v1/traces", inner, collectors[(i+1)%3])
	}
	collectors[1].process.Kill()
	apps.spread(t, 10, []*agentProcess{collectors[0], collectors[2]})
	collectors[1].process = collector.Start(t, collectors[1].options) // what it had not sent is in its queue
	require.EventuallyWithT(t, func(c *assert.CollectT) {
		send(c, http.MethodPost, node+"/_refresh", "")
		var result struct {
			Aggregations struct {
				Users struct {
					Buckets []struct {
						Key   string
						Count int `json:"doc_count"`
						Cost  struct{ Value float64 }
						Input struct{ Value float64 }
					}
				}
			}
		}
		require.NoError(c, json.Unmarshal([]byte(send(c, http.MethodPost, node+"/llm-calls/_search", `{"size": 0, "query": {"term": {"arc.llm.call.duplicate": false}},
			"aggs": {"users": {"terms": {"field": "arc.llm.dimension.user.id", "size": 1000}, "aggs": {
				"cost": {"sum": {"field": "arc.llm.cost.picodollars"}}, "input": {"sum": {"field": "arc.llm.tokens.input"}}}}}}`)), &result))
		counted := map[string]int{}
		for _, user := range result.Aggregations.Users.Buckets {
			counted[user.Key] = user.Count
			assert.InDelta(c, float64(user.Count)*callDollars*1e12, user.Cost.Value, 1)
			assert.InDelta(c, 1000*user.Count, user.Input.Value, 1e-9)
		}
		r := apps.compare(counted)
		assert.Zero(c, r.missing)
		assert.Zero(c, r.doubled)
		assert.Equal(c, apps.sent(), r.counted)
	}, 90*time.Second, 500*time.Millisecond)
	for _, c := range collectors {
		assert.Empty(t, c.process.Lines("failed to index"))
	}
}
