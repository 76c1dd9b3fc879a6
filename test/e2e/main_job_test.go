// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"fmt"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-arc/otelcol-arc/internal/testkit/collector"
	"github.com/otelcol-arc/otelcol-arc/internal/testkit/double"
)

// ports are where one collector under test listens.
type ports struct{ grpc, http, arc, page, dashboard string }

// quick are settings with which nothing takes longer than it must.
func quick(tb testing.TB) (ports, []string) {
	tb.Helper()
	p := ports{
		grpc: collector.FreeAddress(tb),
		http: collector.FreeAddress(tb),
		arc:  collector.FreeAddress(tb),
		page: collector.FreeAddress(tb),

		dashboard: collector.FreeAddress(tb),
	}
	return p, []string{
		"receivers::otlp::protocols::grpc::endpoint=" + p.grpc,
		"receivers::otlp::protocols::http::endpoint=" + p.http,
		"receivers::arc::endpoint=" + p.arc,
		"processors::llm_cost::metrics_interval=200ms",
		"processors::alert::evaluation_interval=200ms",
		"extensions::dashboard::endpoint=" + p.dashboard,
		"service::telemetry::metrics::level=none",
	}
}

// The sum of all calls sent in TestMainJob, in tokens.
var mainJobCalls = []call{
	{model: "gpt-4o", input: 1234, output: 567},
	{model: "gpt-4o", input: 89, output: 1},
	{model: "gpt-4o", input: 200_000, output: 0},
}

// dollars prices calls of gpt-4o exactly: $2.50 and $10.00 per million tokens.
func dollars(calls ...call) float64 {
	micro := 0 // hundredths of a millionth
	for _, c := range calls {
		micro += c.input*250 + c.output*1000
	}
	return float64(micro) / 1e8
}

func TestMainJob(t *testing.T) {
	p, set := quick(t)
	process := collector.Start(t, collector.Options{
		Configs: []string{"config/default.yaml"},
		Set:     append(set, "exporters::prometheus::endpoint="+p.page),
	})

	sendSpans(t, grpcExporter(t, p.grpc, security{}), mainJobCalls...)
	sendSpans(t, httpExporter(t, p.http, security{}), mainJobCalls...)
	got := postEvents(t, "http://"+p.arc, security{}, lines(
		llmEvent(mainJobCalls[0], 0.7),
		`{"timestamp":"2026-11-23T10:00:00.123456","level":"INFO","logger":"arc","message":"Agent invoked","module":"agents","function":"run","line":12,"agent_name":"researcher"}`,
		`{"method":"POST","endpoint":"/chat","status":500,"duration":0.2}`,
		`{"method":"POST","endpoint":"/chat","status":200,"duration":0.2}`,
		`{"agent_name":"researcher","status":"success","duration":1.5}`,
		`{"cache_type":"llm","hit":true,"size_bytes":2048}`,
		`{"active_agents":3,"memory_usage_bytes":123456}`,
	))
	require.Equal(t, arcResponse{Status: 200, Accepted: 7}, got)

	want := page{
		`{__name__="arc_llm_cost_dollars", model="gpt-4o"}`:                                            dollars(append(append(mainJobCalls, mainJobCalls...), mainJobCalls[0])...),
		`{__name__="arc_llm_calls_total", model="gpt-4o", status="success"}`:                           7,
		`{__name__="arc_llm_tokens_total", model="gpt-4o", type="prompt"}`:                             2*(1234+89+200_000) + 1234,
		`{__name__="arc_llm_tokens_total", model="gpt-4o", type="completion"}`:                         2*(567+1) + 567,
		`{__name__="arc_llm_duration_seconds_count", model="gpt-4o"}`:                                  7,
		`{__name__="arc_llm_duration_seconds_bucket", le="1.0", model="gpt-4o"}`:                       7,
		`{__name__="arc_llm_duration_seconds_bucket", le="0.5", model="gpt-4o"}`:                       6,
		`{__name__="arc_requests_total", endpoint="/chat", method="POST", status="500"}`:               1,
		`{__name__="arc_requests_total", endpoint="/chat", method="POST", status="200"}`:               1,
		`{__name__="arc_request_duration_seconds_bucket", endpoint="/chat", le="0.25", method="POST"}`: 2,
		`{__name__="arc_agent_executions_total", agent_name="researcher", status="success"}`:           1,
		`{__name__="arc_cache_hits_total", cache_type="llm"}`:                                          1,
		`{__name__="arc_cache_size_bytes", cache_type="llm"}`:                                          2048,
		`{__name__="arc_active_agents"}`:                                                               3,
		`{__name__="arc_memory_usage_bytes"}`:                                                          123456,
	}
	require.EventuallyWithT(t, func(c *assert.CollectT) {
		found := scrape(c, "http://"+p.page+"/metrics")
		for series, value := range want {
			assert.Contains(c, found, series)
			assert.Equal(c, value, found[series], series)
		}
	}, 20*time.Second, 100*time.Millisecond)
	process.Terminate(t, 20*time.Second)
}

// An alert about a call above $1 is on the terminal, with no variable set, and each
// channel that is off logs that once.
func TestAlertOnTheTerminal(t *testing.T) {
	p, set := quick(t)
	process := collector.Start(t, collector.Options{
		Configs: []string{"config/default.yaml"},
		Set:     append(set, "exporters::prometheus::endpoint="+p.page),
	})
	sendSpans(t, grpcExporter(t, p.grpc, security{}), call{model: "gpt-4o", input: 100, output: 200_000})
	require.Eventually(t, func() bool { return len(process.Lines("[WARNING] HighCostLLMCall")) > 0 }, 20*time.Second, 50*time.Millisecond)
	assert.Len(t, process.Lines("[WARNING] HighCostLLMCall"), 1)
	for _, variable := range []string{"webhook_url is empty", "routing_key is empty", "server is empty"} {
		assert.Len(t, process.Lines(variable), 1, "%s\n%s", variable, process.Output())
	}
	process.Terminate(t, 20*time.Second)
}

func TestRubbish(t *testing.T) {
	p, set := quick(t)
	process := collector.Start(t, collector.Options{
		Configs: []string{"config/default.yaml"},
		Set:     append(set, "exporters::prometheus::endpoint="+p.page),
	})
	url := "http://" + p.arc

	rubbish := postEvents(t, url, security{}, "this is not JSON\n")
	assert.Equal(t, 400, rubbish.Status)
	require.Len(t, rubbish.Errors, 1)
	assert.Equal(t, 1, rubbish.Errors[0].Line)
	assert.NotEmpty(t, rubbish.Errors[0].Error)

	mixed := postEvents(t, url, security{}, lines(
		`{"cache_type":"llm","hit":true}`,
		`{"cache_type":"llm","hit":`,
		`{"cache_type":"llm","hit":true}`,
		`{"model":"gpt-4o","prompt_tokens":-5,"completion_tokens":1,"duration_seconds":1,"status":"success"}`,
	))
	assert.Equal(t, 200, mixed.Status)
	assert.Equal(t, 2, mixed.Accepted)
	assert.Equal(t, 2, mixed.Rejected)
	require.Len(t, mixed.Errors, 2)
	assert.Equal(t, 2, mixed.Errors[0].Line)
	assert.Equal(t, 4, mixed.Errors[1].Line)
	assert.Contains(t, mixed.Errors[1].Error, "prompt_tokens")

	require.EventuallyWithT(t, func(c *assert.CollectT) {
		assert.Equal(c, 2., scrape(c, "http://"+p.page+"/metrics")[`{__name__="arc_cache_hits_total", cache_type="llm"}`])
	}, 20*time.Second, 100*time.Millisecond)
	process.Terminate(t, 20*time.Second)
}

// The environment variables of the Arc guide's applications are enough: one that is set
// switches its channel on, in the default configuration. PagerDuty is notified of what is critical.
func TestVariablesOfTheGuide(t *testing.T) {
	cert := double.NewCertificate(t)
	slack, pagerduty := double.NewSlack(t), double.NewPagerDuty(t, routingKey)
	smtp := double.NewSMTP(t, double.SMTPSettings{
		Certificate: &cert, Mechanisms: []string{"PLAIN", "LOGIN"}, Username: "arc@example.com", Password: password,
	})
	p, set := quick(t)
	process := collector.Start(t, collector.Options{
		Configs: []string{"config/default.yaml"},
		Set: append(set, "exporters::prometheus::endpoint="+p.page,
			"processors::alert::rule_files=[test/e2e/testdata/rules.yml]",
			"exporters::pagerduty::endpoint="+pagerduty.URL,
			"exporters::email::tls::ca_file="+cert.CertFile), // a real server's is one that the system trusts
		Env: []string{
			"SLACK_WEBHOOK_URL=" + slack.URL, "PAGERDUTY_API_KEY=" + routingKey,
			"SMTP_SERVER=127.0.0.1", "SMTP_PORT=" + strconv.Itoa(smtp.Port),
			"SMTP_USER=arc@example.com", "SMTP_PASSWORD=" + password,
		},
	})
	sendSpans(t, grpcExporter(t, p.grpc, security{}), call{model: "gpt-4o", input: 100, output: 200_000})
	require.Eventually(t, func() bool { return len(smtp.Emails()) > 0 && len(slack.Bodies()) > 0 }, 20*time.Second, 50*time.Millisecond)
	assert.Len(t, slack.Bodies(), 1)
	require.Len(t, smtp.Emails(), 1)
	assert.Empty(t, pagerduty.Bodies())
	postEvents(t, "http://"+p.arc, security{}, `{"cache_type":"llm","hit":true,"size_bytes":5000}`)
	require.Eventually(t, func() bool { return len(pagerduty.Bodies()) > 0 }, 60*time.Second, 50*time.Millisecond)
	assert.Contains(t, fmt.Sprint(pagerduty.Bodies()), "CacheTooLarge")
	process.Terminate(t, 20*time.Second)

	email := smtp.Emails()[0]
	assert.Equal(t, []string{"arc@example.com"}, email.To, "without SMTP_TO the sender is notified")
	assert.True(t, email.TLS)
	assert.Contains(t, string(email.Message), "Subject: [WARNING] HighCostLLMCall: An LLM call of researcher cost more")
	assert.Regexp(t, `notified +email, pagerduty, slack\n`, process.Output(), "the banner")
	assert.NotContains(t, process.Output(), password)
}
