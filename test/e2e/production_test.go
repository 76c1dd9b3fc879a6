// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"golang.org/x/sync/errgroup"

	"github.com/otelcol-arc/otelcol-arc/internal/testkit/collector"
	"github.com/otelcol-arc/otelcol-arc/internal/testkit/double"
)

const (
	routingKey = "0123456789abcdef0123456789abcdef"
	token      = "a-token-that-senders-know"
	password   = "a-password-of-the-backends"
)

// site is config/production.yaml with everything it sends to.
type site struct {
	ports
	options    collector.Options
	security   security
	jaeger     *double.Jaeger
	elastic    *double.Elasticsearch
	prometheus *double.Prometheus
	slack      *double.Inbox
	pagerduty  *double.PagerDuty
}

func newSite(t *testing.T) *site {
	t.Helper()
	cert := double.NewCertificate(t)
	p, set := quick(t)
	s := &site{
		ports:      p,
		security:   security{pool: cert.Pool, token: token},
		jaeger:     double.NewJaeger(t, cert),
		elastic:    double.NewElasticsearch(t, cert, "collector", password),
		prometheus: double.NewPrometheus(t, cert, "collector", password),
		slack:      double.NewSlack(t),
		pagerduty:  double.NewPagerDuty(t, routingKey),
	}
	s.options = collector.Options{
		Configs: []string{"config/production.yaml"},
		Set: append(set,
			"processors::alert::rule_files=[test/e2e/testdata/rules.yml]",
			"exporters::pagerduty::endpoint="+s.pagerduty.URL,
			"exporters::elasticsearch::flush::interval=100ms",
		),
		Env: []string{
			"OTELCOL_ARC_TLS_CERT=" + cert.CertFile,
			"OTELCOL_ARC_TLS_KEY=" + cert.KeyFile,
			"OTELCOL_ARC_CA=" + cert.CertFile,
			"OTELCOL_ARC_TOKEN=" + token,
			"OTELCOL_ARC_PAGE_USERS=" + pageUsers(t),
			"OTELCOL_ARC_STATE=" + t.TempDir(),
			"JAEGER_ENDPOINT=" + s.jaeger.Endpoint,
			"ELASTICSEARCH_URL=" + s.elastic.URL,
			"ELASTICSEARCH_USER=collector",
			"ELASTICSEARCH_PASSWORD=" + password,
			"PROMETHEUS_URL=" + s.prometheus.URL,
			"PROMETHEUS_USER=collector",
			"PROMETHEUS_PASSWORD=" + password,
			"SLACK_WEBHOOK_URL=" + s.slack.URL,
			"PAGERDUTY_API_KEY=" + routingKey,
		},
	}
	return s
}

func (s *site) arcURL() string { return "https://" + s.arc }

// spansNamed are those that Jaeger has, by span ID.
func (s *site) spansNamed(name string) map[string]ptrace.Span {
	spans := map[string]ptrace.Span{}
	for _, span := range s.jaeger.Spans() {
		if span.Name() == name {
			spans[span.SpanID().String()] = span
		}
	}
	return spans
}

// documentsWith are those that Elasticsearch has and that contain the text.
func (s *site) documentsWith(text string) []double.Document {
	var found []double.Document
	for _, document := range s.elastic.Documents() {
		source, err := json.Marshal(document.Source)
		if err == nil && strings.Contains(string(source), text) {
			found = append(found, document)
		}
	}
	return found
}

// latest is the newest value that Prometheus was sent of a metric's series with the model.
func (s *site) latest(metric, model string) float64 {
	var value float64
	for _, md := range s.prometheus.Metrics() {
		for _, rm := range md.ResourceMetrics().All() {
			for _, sm := range rm.ScopeMetrics().All() {
				for _, m := range sm.Metrics().All() {
					if m.Name() != metric {
						continue
					}
					for _, point := range m.Sum().DataPoints().All() {
						if v, _ := point.Attributes().Get("model"); v.AsString() == model {
							value = point.DoubleValue()
						}
					}
				}
			}
		}
	}
	return value
}

// notificationsWith returns the notifications in an inbox that contain the text, as
// JSON.
func notificationsWith(inbox *double.Inbox, text string) []string {
	var found []string
	for _, body := range inbox.Bodies() {
		content, err := json.Marshal(body)
		if err == nil && strings.Contains(string(content), text) {
			found = append(found, string(content))
		}
	}
	return found
}

func TestProductionReachesEveryBackend(t *testing.T) {
	s := newSite(t)
	process := collector.Start(t, s.options)

	sendSpans(t, grpcExporter(t, s.grpc, s.security), call{model: "gpt-4o", input: 1000, output: 500})
	sendSpans(t, httpExporter(t, s.http, s.security), call{model: "gpt-4o", input: 1000, output: 500})
	got := postEvents(t, s.arcURL(), s.security, lines(
		llmEvent(call{model: "gpt-4o", input: 1000, output: 500}, 0.7),
		`{"level":"ERROR","logger":"arc","message":"the far end shall see this","module":"agents","function":"run","line":12}`,
	))
	require.Equal(t, arcResponse{Status: 200, Accepted: 2}, got)

	require.EventuallyWithT(t, func(c *assert.CollectT) {
		spans := s.spansNamed("chat gpt-4o")
		assert.Len(c, spans, 3)
		for _, span := range spans {
			cost, ok := span.Attributes().Get("gen_ai.usage.cost")
			assert.True(c, ok)
			assert.Equal(c, 0.0075, cost.Double())
		}
		assert.Len(c, s.spansNamed("invoke_agent researcher"), 2)
		assert.Len(c, s.documentsWith("the far end shall see this"), 1)
		assert.Len(c, s.documentsWith("arc.llm.call"), 1)
		assert.Equal(c, 0.0225, s.latest("arc_llm_cost_dollars", "gpt-4o"))
	}, 30*time.Second, 100*time.Millisecond)
	process.Terminate(t, 20*time.Second)
}

func TestStrangersAreRefused(t *testing.T) {
	s := newSite(t)
	process := collector.Start(t, s.options)
	stranger := security{pool: s.security.pool, token: "not-the-token"}
	got := postStatus(t, s.arcURL(), stranger, llmEvent(call{model: "gpt-4o", input: 1, output: 1}, 1))
	assert.Equal(t, 401, got)
	process.Terminate(t, 20*time.Second)
}

func TestBreachResolutionAndReturn(t *testing.T) {
	s := newSite(t)
	process := collector.Start(t, s.options)
	size := func(bytes int, agents int) {
		t.Helper()
		got := postEvents(t, s.arcURL(), s.security, lines(
			fmt.Sprintf(`{"cache_type":"llm","hit":true,"size_bytes":%d}`, bytes),
			fmt.Sprintf(`{"active_agents":%d}`, agents),
		))
		require.Equal(t, arcResponse{Status: 200, Accepted: 2}, got)
	}
	arrives := func(inbox *double.Inbox, text string, n int) {
		t.Helper()
		require.Eventually(t, func() bool { return len(notificationsWith(inbox, text)) >= n }, 30*time.Second, 50*time.Millisecond, "%v", inbox.Bodies())
	}

	size(5000, 1)
	arrives(s.slack, "CacheTooLarge", 1)
	arrives(s.pagerduty.Inbox, "CacheTooLarge", 1)
	size(10, 1)
	arrives(s.slack, "RESOLVED", 1)
	arrives(s.pagerduty.Inbox, `"event_action":"resolve"`, 1)
	// Again within the cooldown: recipients must not be left with "resolved". The
	// marker fires in the same evaluation.
	size(5000, 1000)
	arrives(s.slack, "Marker", 1)
	arrives(s.pagerduty.Inbox, "Marker", 1)

	slack := notificationsWith(s.slack, "CacheTooLarge")
	require.Len(t, slack, 3, "one for the breach, one for its resolution, one for its return")
	assert.Contains(t, slack[0], "[CRITICAL] CacheTooLarge: The llm cache holds 4.883kiB")
	assert.Contains(t, slack[0], "#ff0000")
	assert.Contains(t, slack[0], "Arc Monitoring")

	triggers := notificationsWith(s.pagerduty.Inbox, `"event_action":"trigger"`)
	require.Len(t, triggers, 3, "CacheTooLarge twice, and Marker")
	require.Len(t, s.pagerduty.Bodies(), 4)
	assert.Equal(t, s.pagerduty.Bodies()[0]["dedup_key"], s.pagerduty.Bodies()[1]["dedup_key"], "the end closes the incident that the breach opened")

	// Elasticsearch keeps the alerts too.
	require.Eventually(t, func() bool { return len(s.documentsWith("arc.alert.fingerprint")) >= 3 }, 30*time.Second, 50*time.Millisecond)
	for _, secret := range []string{s.slack.URL, routingKey, token, password} {
		assert.NotContains(t, process.Output(), secret)
	}
	process.Terminate(t, 20*time.Second)
}

// The first dollars that are ever seen of a model are an increase: a counter
// that begins at 160 went up by 160.
func TestFirstSpendRaisesAnAlert(t *testing.T) {
	s := newSite(t)
	process := collector.Start(t, s.options)
	expensive := call{model: "gpt-4-turbo", input: 4_000_000}
	sendSpans(t, grpcExporter(t, s.grpc, s.security), expensive, expensive, expensive, expensive)
	// The amount depends on when the rule is evaluated: increase() extrapolates from
	// the few samples there are at first, here as in Prometheus.
	require.Eventually(t, func() bool { return len(notificationsWith(s.slack, "HourIsExpensive: This hour cost $")) > 0 }, 30*time.Second, 50*time.Millisecond)
	process.Terminate(t, 20*time.Second)
}

// A reload rebuilds every pipeline with its cores, which load the state that the old
// ones persisted.
func TestReloadGoesOnCounting(t *testing.T) {
	s := newSite(t)
	process := collector.Start(t, s.options)
	one := call{model: "gpt-4o", input: 1000, output: 500}
	const breach = `{"cache_type":"llm","hit":true,"size_bytes":5000}`
	for i := range 3 {
		got := postEvents(t, s.arcURL(), s.security, lines(llmEvent(one, 0.7), breach))
		require.Equal(t, arcResponse{Status: 200, Accepted: 2}, got)
		require.EventuallyWithT(t, func(c *assert.CollectT) {
			assert.InDelta(c, float64(i+1)*0.0075, s.latest("arc_llm_cost_dollars", "gpt-4o"), 1e-12)
			assert.Len(c, s.spansNamed("chat gpt-4o"), i+1)
		}, 30*time.Second, 100*time.Millisecond)
		process.Reload(t)
	}
	require.Eventually(t, func() bool { return len(notificationsWith(s.slack, "CacheTooLarge")) > 0 }, 30*time.Second, 50*time.Millisecond)
	process.Terminate(t, 20*time.Second)
}

func TestTerminateLosesNothing(t *testing.T) {
	const calls = 200
	s := newSite(t)
	// Slow backends, so that much is still on its way when the signal comes.
	s.jaeger.SetDelay(100 * time.Millisecond)
	process := collector.Start(t, s.options)
	var batch []call
	for range calls {
		batch = append(batch, call{model: "gpt-4o", input: 1000, output: 500})
	}
	sendSpans(t, grpcExporter(t, s.grpc, s.security), batch...)
	var events []string
	for i := range calls {
		events = append(events, fmt.Sprintf(`{"level":"INFO","logger":"arc","message":"message number %03d."}`, i))
	}
	require.Equal(t, arcResponse{Status: 200, Accepted: calls}, postEvents(t, s.arcURL(), s.security, lines(events...)))
	process.Terminate(t, 30*time.Second)
	early := len(s.spansNamed("chat gpt-4o"))

	s.jaeger.SetDelay(0)
	process = collector.Start(t, s.options)
	require.EventuallyWithT(t, func(c *assert.CollectT) {
		assert.Len(c, s.spansNamed("chat gpt-4o"), calls)
		for i := range calls {
			assert.NotEmpty(c, s.documentsWith(fmt.Sprintf("message number %03d.", i)), i)
		}
		assert.Equal(c, calls*0.0075, s.latest("arc_llm_cost_dollars", "gpt-4o"))
	}, 30*time.Second, 200*time.Millisecond)
	process.Terminate(t, 20*time.Second)
	t.Logf("%d of %d spans had arrived before the restart", early, calls)
}

// Requests of one event each, as many as come, are all accepted and arrive: none is refused
// because what is gathered into a batch fills a queue.
func TestSmallRequestsAreAccepted(t *testing.T) {
	const requests, senders = 3000, 8
	s := newSite(t)
	s.options.Set = slices.DeleteFunc(s.options.Set, func(set string) bool { return strings.Contains(set, "flush::interval") })
	collector.Start(t, s.options)
	transport := &http.Transport{TLSClientConfig: s.security.tls(), MaxIdleConnsPerHost: senders}
	t.Cleanup(transport.CloseIdleConnections)
	client := &http.Client{Transport: transport, Timeout: 30 * time.Second}
	send := func(number int) error {
		body := fmt.Sprintf(`{"level":"INFO","logger":"arc","message":"small request %d"}`, number)
		request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.arcURL()+"/v1/events", strings.NewReader(body))
		if err != nil {
			return err
		}
		request.Header.Set("Content-Type", "application/x-ndjson")
		for key, value := range s.security.headers() {
			request.Header.Set(key, value)
		}
		response, err := client.Do(request)
		if err != nil {
			return err
		}
		defer response.Body.Close()
		content, err := io.ReadAll(response.Body)
		if response.StatusCode != http.StatusOK {
			return fmt.Errorf("status %d: %s", response.StatusCode, content)
		}
		return err
	}
	var group errgroup.Group
	group.SetLimit(senders)
	for number := range requests {
		group.Go(func() error { return send(number) })
	}
	require.NoError(t, group.Wait())
	require.EventuallyWithT(t, func(c *assert.CollectT) {
		assert.Len(c, s.documentsWith("small request "), requests)
	}, time.Minute, 500*time.Millisecond)
}
