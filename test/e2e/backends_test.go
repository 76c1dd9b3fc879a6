// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"maps"
	"net"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/pmetric"
	"go.opentelemetry.io/collector/pdata/pmetric/pmetricotlp"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/otelcol-arc/otelcol-arc/internal/testkit/collector"
	"github.com/otelcol-arc/otelcol-arc/internal/testkit/double"
)

// backend is one of those that TestFaultyBackends sends to.
type backend struct {
	*injector
	// spans, logs, points and alerts are the numbers of what it has; nil of what it does not take.
	spans, logs, points, alerts func() counts
	// texts are the notifications that it has, in order.
	texts func() []string
}

// backends are one of each that we ship and that speaks HTTP, OTLP or SMTP, and
// what config/default.yaml needs to send to them.
func backends(t *testing.T) (all map[string]backend, options func(ports, []string) collector.Options) {
	t.Helper()
	all = map[string]backend{}
	before := func(name, address string, b backend) string {
		b.injector = newInjector()
		all[name] = b
		return b.proxyHTTP(t, address)
	}
	ofAlerts := func(texts func() []string) backend {
		return backend{alerts: func() counts { return numbersIn(texts(), eventLine) }, texts: texts}
	}

	jaeger := newFaultyJaeger(t)
	all["otlp_grpc/jaeger"] = backend{injector: jaeger.injector, spans: func() counts {
		jaeger.spans.Lock()
		defer jaeger.spans.Unlock()
		return numbersOfSpans(jaeger.spans.all)
	}}
	prometheus := double.NewOTLP(t, "/api/v1/otlp", "", "")
	newrelic := double.NewOTLP(t, "", "", "")
	sentry := double.NewOTLP(t, "", "", "")
	remoteWrite := double.NewRemoteWrite(t)
	elastic := double.NewElasticsearchWithKey(t, "an-encoded-key")
	cloudwatch := double.NewCloudWatch(t, "AKIDEXAMPLE")
	slack, pagerduty, alertmanager := double.NewSlack(t), double.NewPagerDuty(t, routingKey), double.NewAlertmanager(t)
	email := double.NewSMTP(t, double.SMTPSettings{})

	emailFaults := newInjector()
	emailBackend := ofAlerts(func() []string { return jsonOf(email.Bodies()) })
	emailBackend.injector = emailFaults
	all["email"] = emailBackend

	env := []string{
		"JAEGER_ENDPOINT=" + jaeger.endpoint, "JAEGER_INSECURE=true",
		"PROMETHEUS_URL=" + before("otlp_http/prometheus", "http://"+prometheus.HTTP, backend{points: func() counts { return numbersOfPoints(prometheus.Metrics.AllMetrics()) }}),
		"NEW_RELIC_OTLP_ENDPOINT=" + before("otlp_http/newrelic", "http://"+newrelic.HTTP, backend{
			spans:  func() counts { return numbersOfSpans(newrelic.Spans()) },
			points: func() counts { return numbersOfPoints(newrelic.Metrics.AllMetrics()) },
			logs:   func() counts { return numbersIn(bodiesOf(newrelic.Records()), logLine) },
		}), "NEW_RELIC_LICENSE_KEY=a-key",
		"SENTRY_OTLP_ENDPOINT=" + before("otlp_http/sentry", "http://"+sentry.HTTP, backend{
			logs: func() counts { return numbersIn(bodiesOf(sentry.Records()), logLine) },
		}), "SENTRY_PUBLIC_KEY=a-key",
		"REMOTE_WRITE_URL=" + before("prometheusremotewrite", remoteWrite.URL, backend{points: func() counts {
			found := counts{}
			for n := int64(1); n <= int64(len(faults)+1); n++ {
				if _, ok := remoteWrite.Latest(map[string]string{"__name__": "numbered", "number": strconv.FormatInt(n, 10)}); ok {
					found[n]++
				}
			}
			return found
		}}),
		"ELASTICSEARCH_URL=" + before("elasticsearch", elastic.URL, backend{logs: func() counts {
			var bodies []string
			for _, document := range elastic.Documents() {
				bodies = append(bodies, fmt.Sprint(document.Source["body"]))
			}
			return numbersIn(bodies, logLine)
		}}), "ELASTICSEARCH_API_KEY=an-encoded-key",
		"CLOUDWATCH_ENDPOINT=" + before("awscloudwatchlogs", cloudwatch.URL, backend{logs: func() counts {
			return numbersIn(cloudwatch.Messages("/aws/arc", "production"), logLine)
		}}), "AWS_REGION=eu-central-1", "AWS_ACCESS_KEY_ID=AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY=a-secret", "AWS_EC2_METADATA_DISABLED=true",
		"ALERTMANAGER_URL=" + before("alertmanager", alertmanager.URL, ofAlerts(func() []string { return jsonOf(withResolution(alertmanager.Bodies())) })),
		"SLACK_WEBHOOK_URL=" + before("slack", slack.URL, ofAlerts(func() []string { return jsonOf(slack.Bodies()) })),
		"PAGERDUTY_API_KEY=" + routingKey,
		"SMTP_SERVER=127.0.0.1", "SMTP_PORT=" + emailFaults.proxySMTP(t, fmt.Sprintf("127.0.0.1:%d", email.Port)),
	}
	pagerdutyURL := before("pagerduty", pagerduty.URL, ofAlerts(func() []string { return jsonOf(withTriggerPayload(pagerduty.Bodies())) }))
	var soon strings.Builder
	soon.WriteString("yaml:\nexporters:\n")
	for _, name := range slices.Sorted(maps.Keys(all)) {
		switch name {
		case "elasticsearch":
			fmt.Fprintf(&soon, "  %s: {retry: {max_interval: 300ms}, sending_queue: {batch: {flush_timeout: 50ms}}}\n", name)
		default:
			fmt.Fprintf(&soon, "  %s: {retry_on_failure: {initial_interval: 100ms, max_interval: 300ms}}\n", name)
		}
	}
	return all, func(p ports, set []string) collector.Options {
		configs := []string{"config/default.yaml"}
		for _, name := range []string{"jaeger", "prometheus-otlp", "newrelic", "sentry", "prometheus-remote-write", "elasticsearch", "cloudwatch", "alertmanager"} {
			configs = append(configs, "config/destinations/"+name+".yaml")
		}
		return collector.Options{
			Configs: append(configs, soon.String(), numberedEvent),
			Merge:   true,
			Gates:   []string{"exporter.prometheusremotewritexporter.RetryOn429"},
			Env:     env,
			Set: append(set,
				"exporters::prometheus::endpoint="+p.page,
				"exporters::pagerduty::endpoint="+pagerdutyURL,
				"exporters::email::from=arc@arc.example",
				"exporters::email::tls_mode=none",
				"processors::alert::rule_files=[test/e2e/testdata/rules.yml]",
				"exporters::debug::verbosity=basic",
			),
		}
	}
}

// withResolution returns alerts of Alertmanager, and adds event_action to those that
// are resolved, so that lastWord recognizes them.
func withResolution(bodies []map[string]any) (all []map[string]any) {
	for _, body := range bodies {
		end, err := time.Parse(time.RFC3339, fmt.Sprint(body["endsAt"]))
		if err == nil && end.Before(time.Now()) {
			body = maps.Clone(body)
			body["event_action"] = "resolve"
		}
		all = append(all, body)
	}
	return all
}

// withTriggerPayload returns events of PagerDuty, and adds to those that resolve an
// incident the payload of the event that triggered it.
func withTriggerPayload(bodies []map[string]any) (all []map[string]any) {
	triggers := map[any]any{}
	for _, body := range bodies {
		if body["event_action"] == "trigger" {
			triggers[body["dedup_key"]] = body["payload"]
		} else {
			body = maps.Clone(body)
			body["payload"] = triggers[body["dedup_key"]]
		}
		all = append(all, body)
	}
	return all
}

func jsonOf(bodies []map[string]any) (texts []string) {
	for _, body := range bodies {
		content, err := json.Marshal(body)
		if err != nil {
			content = []byte(err.Error())
		}
		texts = append(texts, string(content))
	}
	return texts
}

func bodiesOf(records []plog.LogRecord) (bodies []string) {
	for _, record := range records {
		bodies = append(bodies, record.Body().AsString())
	}
	return bodies
}

func numbersOfSpans(spans []ptrace.Span) counts {
	c := counts{}
	for _, span := range spans {
		trace := span.TraceID()
		if id := span.SpanID(); int(id[7]) == 1 {
			c[int64(binary.BigEndian.Uint64(trace[:8]))]++
		}
	}
	return c
}

func numbersOfPoints(all []pmetric.Metrics) counts {
	c := counts{}
	for _, md := range all {
		for _, rm := range md.ResourceMetrics().All() {
			for _, sm := range rm.ScopeMetrics().All() {
				for _, m := range sm.Metrics().All() {
					if m.Name() != "numbered" {
						continue
					}
					for _, point := range m.Gauge().DataPoints().All() {
						if number, ok := point.Attributes().Get("number"); ok {
							n, err := strconv.ParseInt(number.Str(), 10, 64)
							if err == nil {
								c[n]++
							}
						}
					}
				}
			}
		}
	}
	return c
}

func numberedPoint(t *testing.T, number int64) []byte {
	t.Helper()
	md := pmetric.NewMetrics()
	m := md.ResourceMetrics().AppendEmpty().ScopeMetrics().AppendEmpty().Metrics().AppendEmpty()
	m.SetName("numbered")
	point := m.SetEmptyGauge().DataPoints().AppendEmpty()
	point.SetTimestamp(pcommon.NewTimestampFromTime(time.Now()))
	point.SetIntValue(1)
	point.Attributes().PutStr("number", strconv.FormatInt(number, 10))
	body, err := pmetricotlp.NewExportRequestFromMetrics(md).MarshalProto()
	require.NoError(t, err)
	return body
}

// faults are those that each backend has, in turn.
var faults = []fault{down, hanging, slow, throttling, unavailable, garbage, cutting}

// A breach that started, and was resolved, while no channel worked.
var (
	cacheLine = regexp.MustCompile(`The cache (\d+)\. cache holds`)
	ended     = regexp.MustCompile(`(?i)resolve`)
)

// All backends have the same fault at the same time. What was acknowledged meanwhile
// arrives at each of them afterward, and the last notification about each breach is
// that it is resolved.
func TestFaultyBackends(t *testing.T) {
	all, options := backends(t)
	p, set := quick(t)
	process := collector.Start(t, options(p, set))
	for i, now := range append(slices.Clone(faults), healthy) {
		number := int64(i + 1)
		t.Run(string(now), func(t *testing.T) {
			for _, b := range all {
				b.set(now)
			}
			size := func(bytes int) {
				t.Helper()
				got := postEvents(t, "http://"+p.arc, security{}, lines(
					fmt.Sprintf(`{"level":"ERROR","logger":"arc","message":"log line %d."}`, number),
					fmt.Sprintf(`{"cache_type":"cache %d.","hit":true,"size_bytes":%d}`, number, bytes)))
				require.Equal(t, http.StatusOK, got.Status)
			}
			require.True(t, postTraces(t.Context(), "http://"+p.http+"/v1/traces", numberedSpans(t, number*alertEvery)))
			require.True(t, postTraces(t.Context(), "http://"+p.http+"/v1/metrics", numberedPoint(t, number)))
			size(5000)
			for name, b := range all {
				require.Eventually(t, func() bool { return b.requests() > 0 }, 20*time.Second, 10*time.Millisecond, name)
			}
			// The breach has been detected when it is on the terminal.
			require.Eventually(t, func() bool { return len(process.Lines(fmt.Sprintf("The cache %d. cache", number))) > 0 }, 20*time.Second, 10*time.Millisecond)
			size(10)
			require.Eventually(t, func() bool { return len(process.Lines(fmt.Sprintf("The cache %d. cache", number))) > 1 }, 20*time.Second, 10*time.Millisecond)
			for _, b := range all {
				b.set(healthy)
			}
			require.EventuallyWithT(t, func(c *assert.CollectT) {
				for name, b := range all {
					for what, found := range map[string]func() counts{"span": b.spans, "log line": b.logs, "point": b.points, "alert": b.alerts} {
						if found == nil {
							continue
						}
						want := number
						if what == "span" || what == "alert" {
							want *= alertEvery
						}
						assert.Positive(c, found()[want], "%s: %s %d", name, what, want)
					}
					if b.texts != nil {
						mentioned, resolved := lastWord(b.texts(), number)
						// What was resolved before it was sent is not sent as firing, and then
						// PagerDuty has no text of it.
						assert.True(c, resolved || name == "pagerduty" && !mentioned, "%s: the last word about breach %d of\n%s", name, number, strings.Join(b.texts(), "\n"))
					}
				}
			}, 25*time.Second, 50*time.Millisecond)
		})
	}
	process.Terminate(t, 20*time.Second)
}

// lastWord is whether any message mentions the breach, and whether the last that
// does reports a resolution.
func lastWord(texts []string, number int64) (mentioned, resolved bool) {
	for _, text := range texts {
		for _, match := range cacheLine.FindAllStringSubmatch(text, -1) {
			if match[1] == strconv.FormatInt(number, 10) {
				mentioned, resolved = true, ended.MatchString(text)
			}
		}
	}
	return mentioned, resolved
}

// measured has the collector serve its own metrics at the URL that is returned.
func measured(t *testing.T, o collector.Options) (collector.Options, string) {
	t.Helper()
	address := collector.FreeAddress(t)
	host, port, err := net.SplitHostPort(address)
	require.NoError(t, err)
	o.Configs = append(slices.Clone(o.Configs), fmt.Sprintf(`yaml:
service:
  telemetry:
    metrics:
      level: normal
      readers:
        - pull: {exporter: {prometheus: {host: %s, port: %s, without_type_suffix: false, without_units: false, without_scope_info: false}}}
`, host, port))
	o.Set = slices.DeleteFunc(slices.Clone(o.Set), func(s string) bool { return strings.HasPrefix(s, "service::telemetry::metrics::level=") })
	return o, "http://" + address + "/metrics"
}

// A full queue rejects data with a retryable status, and it is counted. What was
// acknowledged arrives, and nothing else has to be sent again.
func TestFullQueue(t *testing.T) {
	o := double.NewOTLP(t, "", "", "")
	f := newInjector()
	p, options := adding(t, []string{"destinations/newrelic.yaml"}, "NEW_RELIC_LICENSE_KEY=a-key", "NEW_RELIC_OTLP_ENDPOINT="+f.proxyHTTP(t, "http://"+o.HTTP))
	options.Set = append(options.Set,
		"exporters::otlp_http/newrelic::sending_queue::queue_size=5",
		"exporters::otlp_http/newrelic::sending_queue::num_consumers=1",
		"exporters::otlp_http/newrelic::retry_on_failure::initial_interval=100ms",
		"exporters::otlp_http/newrelic::retry_on_failure::max_interval=200ms",
	)
	options, metrics := measured(t, options)
	process := collector.Start(t, options)
	f.set(unavailable)
	const batches = 20
	var accepted, refused []int64
	for number := int64(1); number <= batches; number++ {
		response, err := http.Post("http://"+p.http+"/v1/traces", "application/x-protobuf", bytes.NewReader(numberedSpans(t, number)))
		require.NoError(t, err)
		require.NoError(t, response.Body.Close())
		if response.StatusCode == http.StatusOK {
			accepted = append(accepted, number)
			continue
		}
		assert.Equal(t, http.StatusServiceUnavailable, response.StatusCode, "a sender sends again what is refused so")
		refused = append(refused, number)
	}
	require.NotEmpty(t, refused)
	require.GreaterOrEqual(t, len(accepted), 5)
	assert.LessOrEqual(t, len(accepted), 6, "five that wait and one on its way")
	require.EventuallyWithT(t, func(c *assert.CollectT) {
		found := scrape(c, metrics)
		// The last span of every tenth batch is of its own.
		extra := 0
		for _, n := range refused {
			if n%alertEvery == 0 {
				extra++
			}
		}
		assert.Equal(c, float64(len(refused)*callsInBatch+extra), found.sum("otelcol_exporter_enqueue_failed_spans_total"))
	}, 20*time.Second, 100*time.Millisecond)
	f.set(healthy)
	require.EventuallyWithT(t, func(c *assert.CollectT) {
		assert.Equal(c, accepted, slices.Sorted(maps.Keys(numbersOfSpans(o.Spans()))))
	}, 20*time.Second, 50*time.Millisecond)
	process.Terminate(t, 20*time.Second)
}

// What a backend rejects permanently is dropped, and counted. In OTLP over HTTP a
// response of 500 is permanent.
func TestDroppedIsCounted(t *testing.T) {
	o := double.NewOTLP(t, "", "", "")
	f := newInjector()
	p, options := adding(t, []string{"destinations/newrelic.yaml"}, "NEW_RELIC_LICENSE_KEY=a-key", "NEW_RELIC_OTLP_ENDPOINT="+f.proxyHTTP(t, "http://"+o.HTTP))
	options, metrics := measured(t, options)
	process := collector.Start(t, options)
	f.set(broken)
	require.True(t, postTraces(t.Context(), "http://"+p.http+"/v1/traces", numberedSpans(t, 1)))
	require.EventuallyWithT(t, func(c *assert.CollectT) {
		assert.Equal(c, float64(callsInBatch), scrape(c, metrics).sum("otelcol_exporter_send_failed_spans_total"))
	}, 20*time.Second, 100*time.Millisecond)
	f.set(healthy)
	require.True(t, postTraces(t.Context(), "http://"+p.http+"/v1/traces", numberedSpans(t, 2)))
	require.EventuallyWithT(t, func(c *assert.CollectT) {
		assert.Equal(c, counts{2: 1}, numbersOfSpans(o.Spans()))
	}, 20*time.Second, 50*time.Millisecond)
	process.Terminate(t, 20*time.Second)
}
