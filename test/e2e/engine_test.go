// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"go.opentelemetry.io/collector/pdata/ptrace/ptraceotlp"

	"github.com/otelcol-arc/otelcol-arc/internal/testkit/collector"
)

// clickhouse is ClickHouse's engine behind its HTTP interface, with the shipped tables.
type clickhouse struct {
	address, dir string
	process      *exec.Cmd
}

// startClickHouse starts the engine that test/e2e/install/clickhouse.sh has installed.
func startClickHouse(tb testing.TB) *clickhouse {
	tb.Helper()
	if _, err := os.Stat(clickhousePython()); err != nil {
		const missing = "test/e2e/install/clickhouse.sh installs what this needs"
		reportSkipped(tb, missing)
		tb.Skip(missing)
	}
	ch := &clickhouse{address: collector.FreeAddress(tb), dir: tb.TempDir()}
	ch.start(tb)
	tb.Cleanup(ch.stop)
	for _, statement := range statementsOf(tb, "config/clickhouse/schema.sql") {
		ch.query(tb, statement)
	}
	return ch
}

func clickhousePython() string {
	return filepath.Join(collector.Root(), "build", "clickhouse", "bin", "python")
}

func (ch *clickhouse) start(tb testing.TB) {
	tb.Helper()
	_, port, _ := strings.Cut(ch.address, ":")
	ch.process = exec.Command(clickhousePython(), filepath.Join(collector.Root(), "test", "e2e", "servers", "clickhouse", "server.py"), port, ch.dir)
	log, err := os.Create(filepath.Join(tb.TempDir(), "log"))
	require.NoError(tb, err)
	ch.process.Stdout, ch.process.Stderr = log, log
	require.NoError(tb, ch.process.Start())
	tb.Cleanup(func() {
		assert.NoError(tb, log.Close())
		if content, err := os.ReadFile(log.Name()); tb.Failed() && err == nil {
			tb.Logf("output of the engine:\n%s", content[max(0, len(content)-4000):])
		}
	})
	require.Eventually(tb, func() bool {
		response, err := http.Get("http://" + ch.address)
		if err != nil {
			return false
		}
		return response.Body.Close() == nil && response.StatusCode == http.StatusOK
	}, 60*time.Second, 100*time.Millisecond)
}

func (ch *clickhouse) stop() {
	_ = ch.process.Process.Kill()
	_ = ch.process.Wait()
}

// query runs a statement, and returns the rows as JSON has them.
func (ch *clickhouse) query(t require.TestingT, statement string) (rows [][]any) {
	response, err := http.Post("http://"+ch.address+"/?default_format=JSONCompact", "text/plain", strings.NewReader(statement))
	require.NoError(t, err)
	defer func() { _ = response.Body.Close() }()
	content, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	require.Equal(t, http.StatusOK, response.StatusCode, "%s\n%s", statement, content)
	if len(content) == 0 {
		return nil
	}
	var result struct{ Data [][]any }
	require.NoError(t, json.Unmarshal(content, &result), "%s", content)
	return result.Data
}

var sqlComments = regexp.MustCompile(`(?m)^--.*$|\s--.*$`)

// statementsOf are those of a file.
func statementsOf(tb testing.TB, file string) (all []string) {
	tb.Helper()
	content, err := os.ReadFile(filepath.Join(collector.Root(), file))
	require.NoError(tb, err)
	for statement := range strings.SplitSeq(sqlComments.ReplaceAllString(string(content), ""), ";") {
		if strings.TrimSpace(statement) != "" {
			all = append(all, statement)
		}
	}
	return all
}

// startCounted starts collectors whose calls the engine counts. Spans reach any of them.
func startCounted(t *testing.T, n int, ch *clickhouse, set ...string) []*agentProcess {
	t.Helper()
	all := make([]*agentProcess, n)
	for i := range all {
		p, own := quick(t)
		all[i] = &agentProcess{ports: p, options: collector.Options{
			Configs: []string{"config/default.yaml", "config/policies/state.yaml", "config/scale/clickhouse.yaml"},
			Set:     append(append(own, "exporters::prometheus::endpoint="+p.page, "exporters::clickhouse::compress=none", "exporters::clickhouse::retry_on_failure::max_interval=1s"), set...),
			Env: []string{
				"OTELCOL_ARC_STATE=" + t.TempDir(), "OTELCOL_ARC_QUEUES=wal_storage", "CLICKHOUSE_ENDPOINT=http://" + ch.address,
			},
		}}
		all[i].process = collector.Start(t, all[i].options)
	}
	return all
}

// countInEngine are the calls by user, of which each costs as much as one of callBatch.
func countInEngine(t require.TestingT, ch *clickhouse) map[string]int {
	counted := map[string]int{}
	for _, row := range ch.query(t, "SELECT dimensions['user.id'], count(), toString(sum(cost_dollars)), sum(input_tokens) FROM llm_calls GROUP BY 1") {
		n, err := strconv.Atoi(fmt.Sprint(row[1]))
		require.NoError(t, err)
		dollars, err := strconv.ParseFloat(row[2].(string), 64)
		require.NoError(t, err)
		require.InDelta(t, float64(n)*callDollars, dollars, 1e-9)
		require.Equal(t, strconv.Itoa(1000*n), fmt.Sprint(row[3]))
		counted[row[0].(string)] = n
	}
	return counted
}

func (a *applications) requireExactInEngine(t *testing.T, ch *clickhouse) {
	t.Helper()
	var r result
	require.EventuallyWithT(t, func(c *assert.CollectT) {
		r = a.compare(countInEngine(c, ch))
		assert.Zero(c, r.missing)
		assert.Zero(c, r.doubled) // until the record that knows most has arrived
	}, 90*time.Second, 500*time.Millisecond)
	time.Sleep(time.Second) // what would be doubled may come later
	r = a.compare(countInEngine(t, ch))
	report(t, r)
	assert.Zero(t, r.missing)
	assert.Zero(t, r.doubled)
}

// spread sends batches of calls to the collectors in turn, one in three of them to two of them.
func (a *applications) spread(t *testing.T, batches int, to []*agentProcess) {
	t.Helper()
	for batch := range batches {
		first := to[batch%len(to)]
		if batch%3 > 0 {
			a.send(t, 20, nil, first)
			continue
		}
		number, user := a.group(20)
		request := ptraceotlp.NewExportRequest()
		require.NoError(t, request.UnmarshalProto(callBatch(t, uint32(number), 20)))
		for _, span := range request.Traces().ResourceSpans().At(0).ScopeSpans().At(0).Spans().All() {
			span.Attributes().PutStr("user.id", user)
		}
		body, err := request.MarshalProto()
		require.NoError(t, err)
		a.post(t, "/v1/traces", body, first)
		a.post(t, "/v1/traces", body, to[(batch+1)%len(to)])
	}
}

// scatter sends every record of a call by itself to another collector: the span of an SDK, that
// of a framework around it, and a chain that is not a call in between.
func (a *applications) scatter(t *testing.T, calls int, to []*agentProcess) {
	t.Helper()
	for i := range calls {
		number, user := a.group(1)
		request := ptraceotlp.NewExportRequest()
		require.NoError(t, request.UnmarshalProto(callBatch(t, uint32(number), 1)))
		sdk := request.Traces().ResourceSpans().At(0).ScopeSpans().At(0).Spans().At(0)
		sdk.Attributes().PutStr("user.id", user)
		sdk.Attributes().PutStr("gen_ai.response.id", fmt.Sprintf("chatcmpl-%d", number))
		framework, again := frameworkAround(sdk), ptrace.NewTraces()
		// The same span, of which another exporter knows no response ID.
		sdk.CopyTo(again.ResourceSpans().AppendEmpty().ScopeSpans().AppendEmpty().Spans().AppendEmpty())
		again.ResourceSpans().At(0).ScopeSpans().At(0).Spans().At(0).Attributes().Remove("gen_ai.response.id")
		for j, td := range []ptrace.Traces{request.Traces(), framework, again} {
			if j == 2 && i%2 == 0 {
				continue
			}
			body, err := ptraceotlp.NewExportRequestFromTraces(td).MarshalProto()
			require.NoError(t, err)
			a.post(t, "/v1/traces", body, to[(i+j)%len(to)])
		}
	}
}

// frameworkAround makes the span of a framework around that of an SDK, and has that refer to it.
func frameworkAround(sdk ptrace.Span) ptrace.Traces {
	framework := ptrace.NewTraces()
	around := framework.ResourceSpans().AppendEmpty().ScopeSpans().AppendEmpty().Spans().AppendEmpty()
	sdk.CopyTo(around)
	around.Attributes().Remove("gen_ai.response.id")
	around.SetSpanID(pcommon.SpanID{9})
	around.SetStartTimestamp(sdk.StartTimestamp() - 1000)
	around.SetEndTimestamp(sdk.EndTimestamp() + 1000)
	sdk.SetParentSpanID(around.SpanID())
	return framework
}

func engineNothing(t *testing.T) {
	t.Helper()
	ch := startClickHouse(t)
	collectors := startCounted(t, 3, ch)
	apps := newApplications()
	apps.spread(t, 60, collectors)
	apps.requireExactInEngine(t, ch)
}

func engineScattered(t *testing.T) {
	t.Helper()
	ch := startClickHouse(t)
	collectors := startCounted(t, 3, ch)
	apps := newApplications()
	apps.scatter(t, 90, collectors)
	apps.requireExactInEngine(t, ch)
}

// Who sends to a collector that is killed goes on with the next one.
func engineKilled(t *testing.T) {
	t.Helper()
	ch := startClickHouse(t)
	collectors := startCounted(t, 3, ch)
	apps := newApplications()
	var wg sync.WaitGroup
	ctx, done := context.WithCancel(t.Context())
	wg.Go(func() {
		for i := 0; ctx.Err() == nil; i++ {
			apps.send(t, 20, nil, collectors[i%3], collectors[(i+1)%3], collectors[(i+2)%3])
		}
	})
	for _, c := range collectors {
		apps.spread(t, 10, collectors)
		c.process.Kill()
		c.process = collector.Start(t, c.options)
	}
	done()
	wg.Wait()
	apps.requireExactInEngine(t, ch)
}

// Meanwhile the records wait in the collectors' queues, on disk, over a kill.
func engineAway(t *testing.T) {
	t.Helper()
	ch := startClickHouse(t)
	collectors := startCounted(t, 2, ch)
	apps := newApplications()
	apps.spread(t, 20, collectors)
	ch.stop()
	apps.spread(t, 30, collectors)
	collectors[1].process.Kill()
	collectors[1].process = collector.Start(t, collectors[1].options)
	apps.spread(t, 10, collectors)
	ch.start(t)
	apps.requireExactInEngine(t, ch)
}

// The shipped configurations start, and an engine that is away stops nothing.
func TestCallRecordsWithoutEngine(t *testing.T) {
	t.Parallel()
	for config, variable := range map[string]string{
		"config/scale/clickhouse.yaml": "CLICKHOUSE_ENDPOINT=clickhouse://", "config/scale/opensearch.yaml": "CALLS_URL=http://",
	} {
		t.Run(filepath.Base(config), func(t *testing.T) {
			t.Parallel()
			p, set := quick(t)
			process := collector.Start(t, collector.Options{
				Configs: []string{"config/default.yaml", config},
				Set:     append(set, "exporters::prometheus::endpoint="+p.page),
				Env:     []string{variable + collector.FreeAddress(t)},
			})
			require.True(t, postTraces(t.Context(), "http://"+p.http+"/v1/traces", callBatch(t, 1, 5)))
			if strings.HasPrefix(variable, "CLICKHOUSE") { // the other exporter reports it after its tries
				require.Eventually(t, func() bool { return len(process.Lines("Exporting failed. Will retry")) > 0 }, 60*time.Second, 100*time.Millisecond)
			}
		})
	}
}
