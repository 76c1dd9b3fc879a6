// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/url"
	"os"
	"regexp"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"go.opentelemetry.io/collector/pdata/ptrace/ptraceotlp"

	"github.com/otelcol-arc/otelcol-arc/internal/testkit/collector"
)

// numberFrom returns the value of an environment variable, or else the number of the
// daily run.
func numberFrom(t *testing.T, variable string, everyDay int) int {
	t.Helper()
	value := os.Getenv(variable)
	if value == "" {
		return everyDay
	}
	n, err := strconv.Atoi(value)
	require.NoError(t, err, variable)
	return n
}

const (
	callsInBatch = 5
	// alertEvery is how many batches there are to one that raises an alert of a
	// rule, and to one that raises an alert of an event. PagerDuty accepts two alerts a
	// second, and a fast disk lets some 500 batches a second through.
	alertEvery = 40
)

// load sends numbered batches until it is stopped. Each is sent again until it is
// acknowledged, as a client does that must not lose anything.
type load struct {
	s      *site
	client *http.Client
	next   atomic.Int64
	acked  atomic.Int64
	again  atomic.Int64 // requests that were sent again
	stop   chan struct{}
	wait   sync.WaitGroup
}

func newLoad(t *testing.T, s *site, senders int) *load {
	t.Helper()
	transport := &http.Transport{TLSClientConfig: s.security.tls(), MaxIdleConnsPerHost: senders}
	t.Cleanup(transport.CloseIdleConnections)
	l := &load{s: s, client: &http.Client{Transport: transport, Timeout: 10 * time.Second}, stop: make(chan struct{})}
	for range senders {
		l.wait.Go(func() {
			for {
				select {
				case <-l.stop:
					return
				case <-t.Context().Done():
					return
				default:
				}
				number := l.next.Add(1)
				if !l.send(t, "https://"+s.http+"/v1/traces", "application/x-protobuf", numberedSpans(t, number)) ||
					!l.send(t, s.arcURL()+"/v1/events", "application/x-ndjson", []byte(numberedEvents(number))) {
					return
				}
				l.acked.Add(1)
			}
		})
	}
	return l
}

// end has each sender finish its batch. It returns how many there are: the
// numbers from 1 on, all acknowledged.
func (l *load) end(t *testing.T) int64 {
	t.Helper()
	close(l.stop)
	l.wait.Wait()
	require.Equal(t, l.next.Load(), l.acked.Load())
	return l.acked.Load()
}

// send posts until it is acknowledged, or the test ends.
func (l *load) send(t *testing.T, url, contentType string, body []byte) bool {
	t.Helper()
	for t.Context().Err() == nil {
		if l.post(t.Context(), url, contentType, body) {
			return true
		}
		l.again.Add(1)
		time.Sleep(20 * time.Millisecond)
	}
	return false
}

func (l *load) post(ctx context.Context, url, contentType string, body []byte) bool {
	status, err := l.status(ctx, url, contentType, body)
	return err == nil && status == http.StatusOK
}

// status posts once, and returns the status code.
func (l *load) status(ctx context.Context, url, contentType string, body []byte) (int, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, url, bytes.NewReader(body))
	if err != nil {
		return 0, err
	}
	request.Header.Set("Content-Type", contentType)
	for key, value := range l.s.security.headers() {
		request.Header.Set(key, value)
	}
	response, err := l.client.Do(request)
	if err != nil {
		return 0, err
	}
	defer response.Body.Close()
	_, err = io.Copy(io.Discard, response.Body)
	return response.StatusCode, err
}

// numberedSpans are calls of gpt-4o, $0.0075 each, and now and then one of $1.25,
// with IDs that depend on the number alone.
func numberedSpans(t *testing.T, number int64) []byte {
	t.Helper()
	td := ptrace.NewTraces()
	spans := td.ResourceSpans().AppendEmpty().ScopeSpans().AppendEmpty().Spans()
	now := time.Now()
	add := func(id byte, input, output int64) {
		span := spans.AppendEmpty()
		span.SetName("chat gpt-4o")
		var trace pcommon.TraceID
		binary.BigEndian.PutUint64(trace[:], uint64(number))
		span.SetTraceID(trace)
		span.SetSpanID(pcommon.SpanID{7: id})
		span.SetStartTimestamp(pcommon.NewTimestampFromTime(now.Add(-time.Second)))
		span.SetEndTimestamp(pcommon.NewTimestampFromTime(now))
		span.Attributes().PutInt("batch", number)
		span.Attributes().PutStr("gen_ai.operation.name", "chat")
		span.Attributes().PutStr("gen_ai.provider.name", "openai")
		span.Attributes().PutStr("gen_ai.request.model", "gpt-4o")
		span.Attributes().PutInt("gen_ai.usage.input_tokens", input)
		span.Attributes().PutInt("gen_ai.usage.output_tokens", output)
	}
	for n := range callsInBatch {
		add(byte(n+1), 1000, 500)
	}
	if number%alertEvery == 0 {
		add(callsInBatch+1, 500_000, 0)
	}
	body, err := ptraceotlp.NewExportRequestFromTraces(td).MarshalProto()
	assert.NoError(t, err)
	return body
}

// numberedEvents are a log line, and now and then what breaches a rule.
func numberedEvents(number int64) string {
	events := []string{fmt.Sprintf(`{"level":"INFO","logger":"arc","message":"log line %d."}`, number)}
	if number%alertEvery == 0 {
		events = append(events, fmt.Sprintf(`{"cache_type":"cache %d.","hit":true,"size_bytes":5000}`, number))
	}
	return lines(events...)
}

// numberedEvent is a rule on spans whose alerts are distinguished by a number.
const numberedEvent = `yaml:
processors:
  alert:
    events:
      - name: HighCostLLMCall
        context: span
        condition: attributes["gen_ai.usage.cost"] > 1.0
        severity: critical # PagerDuty is notified of these
        labels_from: [batch]
        summary: "Call {{ $labels.batch }}. cost more than $1"
`

// counts are how often each number was found.
type counts map[int64]int

// missing are the numbers from step to last, in steps, that were not found.
func (c counts) missing(step, last int64) (missing []int64) {
	for n := step; n <= last; n += step {
		if c[n] == 0 {
			missing = append(missing, n)
		}
	}
	return missing
}

// duplicates are how many were found more often than once.
func (c counts) duplicates() (n int) {
	for _, count := range c {
		n += count - 1
	}
	return n
}

// numbersIn counts the numbers that a pattern finds in texts.
func numbersIn(texts []string, pattern *regexp.Regexp) counts {
	c := counts{}
	for _, text := range texts {
		for _, match := range pattern.FindAllStringSubmatch(text, -1) {
			n, err := strconv.ParseInt(match[1], 10, 64)
			if err == nil {
				c[n]++
			}
		}
	}
	return c
}

// arrived is what the far ends have of numbered batches.
type arrived struct{ spans, logs, ruleAlerts, eventAlerts counts }

var (
	logLine   = regexp.MustCompile(`log line (\d+)\.`)
	ruleAlert = regexp.MustCompile(`The cache (\d+)\. cache holds`)
	eventLine = regexp.MustCompile(`Call (\d+)\. cost more`)
)

func (s *site) arrived() arrived {
	a := arrived{spans: counts{}}
	for _, span := range s.jaeger.Spans() {
		trace, id := span.TraceID(), span.SpanID()
		number := int64(binary.BigEndian.Uint64(trace[:8]))
		if int(id[7]) <= callsInBatch {
			a.spans[number*callsInBatch+int64(id[7])-callsInBatch]++
		}
	}
	var bodies []string
	for _, document := range s.elastic.Documents() {
		bodies = append(bodies, fmt.Sprint(document.Source["body"]))
	}
	a.logs = numbersIn(bodies, logLine)
	var summaries []string
	for _, body := range s.pagerduty.Bodies() {
		if payload, ok := body["payload"].(map[string]any); ok {
			summaries = append(summaries, fmt.Sprint(payload["summary"]))
		}
	}
	a.ruleAlerts, a.eventAlerts = numbersIn(summaries, ruleAlert), numbersIn(summaries, eventLine)
	return a
}

// requireAll waits until everything of the batches has arrived.
func (s *site) requireAll(t *testing.T, batches int64) arrived {
	t.Helper()
	require.EventuallyWithT(t, func(c *assert.CollectT) {
		a := s.arrived()
		assert.Empty(c, a.spans.missing(1, batches*callsInBatch), "spans")
		assert.Empty(c, a.logs.missing(1, batches), "log lines")
		assert.Empty(c, a.ruleAlerts.missing(alertEvery, batches), "alerts of rules")
		assert.InDelta(c, float64(batches)*callsInBatch*0.0075+float64(batches/alertEvery)*1.25, s.latest("arc_llm_cost_dollars", "gpt-4o"), 1e-6, "ledger")
	}, patience(batches), 500*time.Millisecond)
	return s.arrived()
}

// requireEventAlerts waits until every alert of an event of the batches has arrived.
func (s *site) requireEventAlerts(t *testing.T, batches int64) {
	t.Helper()
	require.EventuallyWithT(t, func(c *assert.CollectT) {
		assert.Empty(c, s.arrived().eventAlerts.missing(alertEvery, batches), "alerts of events")
	}, patience(batches), 500*time.Millisecond)
}

// patience is how long what was sent may take to arrive: PagerDuty accepts two alerts a
// second, and of every alertEvery batches come one of a rule and one of an event.
func patience(batches int64) time.Duration {
	return time.Minute + time.Duration(batches/alertEvery)*2*time.Second
}

// The production configuration is killed at random moments under load. All that
// was acknowledged is at the far end, and so are the alerts of rules; the ledger
// counted each call once, and nobody was paged twice.
//
// ARC_CRASH_ROUNDS is how often it is killed: 10, or 100 for docs/reliability.md.
func TestKilledAtRandomMoments(t *testing.T) {
	rounds := numberFrom(t, "ARC_CRASH_ROUNDS", 10)
	s := newSite(t)
	s.options.Configs = append(s.options.Configs, numberedEvent)
	s.options.Env = without(s.options.Env, "SLACK_WEBHOOK_URL") // which takes one message in a second
	process := collector.Start(t, s.options)
	l := newLoad(t, s, 4)
	for range rounds {
		time.Sleep(time.Duration(50+rand.IntN(750)) * time.Millisecond)
		process.Kill()
		assert.NotContains(t, process.Output(), "panic", "as a queue does that is given data before its start")
		process = collector.Start(t, s.options)
	}
	batches := l.end(t)
	a := s.requireAll(t, batches)
	for key, alert := range s.pagerduty.Alerts() {
		assert.Equal(t, 1, alert.Pages, "nobody is paged twice for %s", key)
	}
	t.Logf("%d kills, %d requests sent again; %d spans (%d duplicates), %d log lines (%d duplicates), %d alerts of rules (%d duplicates)",
		rounds, l.again.Load(), len(a.spans), a.spans.duplicates(), len(a.logs), a.logs.duplicates(), len(a.ruleAlerts), a.ruleAlerts.duplicates())
	s.requireEventAlerts(t, batches)
	process.Terminate(t, 20*time.Second)
}

// without are the variables but one.
func without(env []string, variable string) []string {
	var rest []string
	for _, v := range env {
		if len(v) <= len(variable) || v[:len(variable)+1] != variable+"=" {
			rest = append(rest, v)
		}
	}
	return rest
}

// behindGates puts a gate before each backend.
func (s *site) behindGates(t *testing.T) []*gate {
	t.Helper()
	var gates []*gate
	guard := func(address string) string {
		g := newGate(t, address)
		gates = append(gates, g)
		return g.address
	}
	guardURL := func(address string) string {
		u, err := url.Parse(address)
		require.NoError(t, err)
		u.Host = guard(u.Host)
		return u.String()
	}
	s.options.Env = append(s.options.Env,
		"JAEGER_ENDPOINT="+guard(s.jaeger.Endpoint),
		"ELASTICSEARCH_URL="+guardURL(s.elastic.URL),
		"PROMETHEUS_URL="+guardURL(s.prometheus.URL),
	)
	s.options.Set = append(s.options.Set, "exporters::pagerduty::endpoint="+guardURL(s.pagerduty.URL))
	return gates
}

// Every backend is down when the Collector is asked to stop. It ends within ten
// seconds, and after a restart everything arrives.
func TestTerminatedWithEveryBackendDown(t *testing.T) {
	s := newSite(t)
	s.options.Configs = append(s.options.Configs, numberedEvent)
	s.options.Env = without(s.options.Env, "SLACK_WEBHOOK_URL")
	gates := s.behindGates(t)
	process := collector.Start(t, s.options)
	l := newLoad(t, s, 2)
	require.Eventually(t, func() bool { return l.acked.Load() >= 2*alertEvery }, 60*time.Second, 10*time.Millisecond)
	batches := l.end(t)
	for _, g := range gates {
		require.Eventually(t, func() bool { return g.knocks.Load() > 0 }, 30*time.Second, 20*time.Millisecond)
	}
	began := time.Now()
	killed := process.TerminateOrKill(t, 10*time.Second)
	t.Logf("stopped within %s, killed: %t", time.Since(began), killed)
	assert.False(t, killed, "stops by itself")
	assert.Empty(t, process.Lines("Dropping data"), "nothing is dropped")
	assert.Empty(t, s.jaeger.Spans())

	for _, g := range gates {
		g.open.Store(true)
	}
	process = collector.Start(t, s.options)
	a := s.requireAll(t, batches)
	s.requireEventAlerts(t, batches)
	t.Logf("duplicates: %d spans, %d log lines, %d alerts", a.spans.duplicates(), a.logs.duplicates(), a.ruleAlerts.duplicates()+a.eventAlerts.duplicates())
	process.Terminate(t, 20*time.Second)
}
