// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"encoding/base64"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/crypto/bcrypt"

	"github.com/otelcol-arc/otelcol-arc/internal/testkit/collector"
	"github.com/otelcol-arc/otelcol-arc/internal/testkit/double"
)

// echo refuses with changing statuses, and repeats all that it was sent: address,
// headers and body.
type echo struct {
	URL string

	mu   sync.Mutex
	seen []string
}

func newEcho(t *testing.T) *echo {
	t.Helper()
	statuses := []int{http.StatusUnauthorized, http.StatusInternalServerError, http.StatusServiceUnavailable, http.StatusTooManyRequests}
	e := &echo{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		content, err := httputil.DumpRequest(r, true)
		if err != nil {
			content = []byte(err.Error())
		}
		e.mu.Lock()
		e.seen = append(e.seen, string(content))
		status := statuses[len(e.seen)%len(statuses)]
		e.mu.Unlock()
		w.Header().Set("X-Elastic-Product", "Elasticsearch")
		w.WriteHeader(status)
		_, _ = w.Write(content)
	}))
	t.Cleanup(server.Close)
	e.URL = server.URL
	return e
}

func (e *echo) all() string {
	e.mu.Lock()
	defer e.mu.Unlock()
	return strings.Join(e.seen, "\n")
}

// A collector that logs all there is to log, with every secret that the shipped
// files know, and backends that refuse and repeat them: none of the secrets is in
// its output: the terminal, the dashboard, its metrics, its printed configuration, and
// the errors of a wrong configuration.
func TestSecretsAreNotShown(t *testing.T) {
	secrets := map[string]string{}
	secret := func(name string) string {
		secrets[name] = "SECRET-" + name + "-0123456789abcdef"
		return secrets[name]
	}
	cert := double.NewCertificate(t)
	email := double.NewSMTP(t, double.SMTPSettings{Certificate: &cert, Mechanisms: []string{"PLAIN", "LOGIN"}, Username: "arc@example.com", Password: "another"})
	e := newEcho(t)
	p, set := quick(t)
	page := secret("page")
	hash, err := bcrypt.GenerateFromPassword([]byte(page), bcrypt.MinCost)
	require.NoError(t, err)
	users := filepath.Join(t.TempDir(), "users")
	require.NoError(t, os.WriteFile(users, append([]byte("viewer:"), hash...), 0o600))
	secrets["hash of the dashboard's password"] = string(hash)
	health := collector.FreeAddress(t)
	options := collector.Options{
		Merge: true,
		Configs: []string{
			"config/production.yaml", "config/destinations/newrelic.yaml", "config/destinations/sentry.yaml", "config/destinations/alertmanager.yaml",
			fmt.Sprintf(`yaml:
exporters:
  slack/bot: {endpoint: %s/api, bot_token: %s, channel: "#alerts"}
  elasticsearch/key: {endpoints: [%s], api_key: %s, retry: {max_interval: 200ms}}
  alertmanager: {http: {headers: {authorization: %s}}}
service:
  telemetry: {logs: {level: debug}}
  pipelines:
    logs: {exporters: [elasticsearch/key]}
    logs/alerts: {exporters: [slack/bot]}
`, e.URL, secret("bot"), e.URL, secret("apikey"), secret("alertmanager")), numberedEvent,
		},
		Set: append(set,
			"processors::alert::rule_files=[test/e2e/testdata/rules.yml]",
			"exporters::pagerduty::endpoint="+e.URL,
			"exporters::email::tls::ca_file="+cert.CertFile,
			"exporters::elasticsearch::retry::max_interval=200ms",
		),
		Env: []string{
			"OTELCOL_ARC_TLS_CERT=" + cert.CertFile, "OTELCOL_ARC_TLS_KEY=" + cert.KeyFile, "OTELCOL_ARC_CA=" + cert.CertFile,
			"OTELCOL_ARC_TOKEN=" + secret("token"), "OTELCOL_ARC_PAGE_USERS=" + users, "OTELCOL_ARC_STATE=" + t.TempDir(),
			"JAEGER_ENDPOINT=" + strings.TrimPrefix(e.URL, "http://"),
			"ELASTICSEARCH_URL=" + e.URL, "ELASTICSEARCH_USER=collector", "ELASTICSEARCH_PASSWORD=" + secret("elasticsearch"),
			"PROMETHEUS_URL=" + e.URL, "PROMETHEUS_USER=collector", "PROMETHEUS_PASSWORD=" + secret("prometheus"),
			"NEW_RELIC_OTLP_ENDPOINT=" + e.URL, "NEW_RELIC_LICENSE_KEY=" + secret("newrelic"),
			"SENTRY_OTLP_ENDPOINT=" + e.URL, "SENTRY_PUBLIC_KEY=" + secret("sentry"),
			"ALERTMANAGER_URL=" + e.URL,
			"SLACK_WEBHOOK_URL=" + e.URL + "/services/T00000000/B00000000/" + secret("webhook"),
			"PAGERDUTY_API_KEY=" + secret("pagerduty")[:32],
			"SMTP_SERVER=127.0.0.1", "SMTP_PORT=" + strconv.Itoa(email.Port), "SMTP_USER=arc@example.com", "SMTP_PASSWORD=" + secret("smtp"),
		},
	}
	secrets["pagerduty"] = secrets["pagerduty"][:32]
	for _, of := range []string{"elasticsearch", "prometheus"} {
		secrets["header of "+of] = base64.StdEncoding.EncodeToString([]byte("collector:" + secrets[of]))
	}
	options, metrics := measured(t, options)
	process := collector.Start(t, options)
	s := security{pool: cert.Pool, token: secrets["token"]}
	require.Equal(t, http.StatusOK, postStatus(t, "https://"+p.arc, s, lines(
		`{"level":"ERROR","logger":"arc","message":"log line 1."}`, `{"cache_type":"llm","hit":true,"size_bytes":5000}`)))
	require.Equal(t, http.StatusUnauthorized, postStatus(t, "https://"+p.arc, security{pool: cert.Pool, token: secret("wrong")}, "{}"))
	l := &load{s: &site{security: s}, client: &http.Client{Transport: &http.Transport{TLSClientConfig: s.tls(), DisableKeepAlives: true}, Timeout: 10 * time.Second}}
	require.True(t, l.send(t, "https://"+p.http+"/v1/traces", "application/x-protobuf", numberedSpans(t, alertEvery)))

	// Each of them has been used.
	require.EventuallyWithT(t, func(c *assert.CollectT) {
		seen := e.all()
		for _, name := range []string{
			"header of elasticsearch", "header of prometheus", "newrelic", "sentry", "webhook", "bot", "pagerduty", "apikey", "alertmanager",
		} {
			assert.Contains(c, seen, secrets[name], name)
		}
		assert.NotEmpty(c, process.Lines("535"), "the email has been rejected")
	}, 60*time.Second, 100*time.Millisecond)

	outputs := map[string]string{"metrics": get(t, metrics)}
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: s.tls(), DisableKeepAlives: true}, Timeout: 10 * time.Second}
	for _, path := range []string{"/", "/alerts", "/api/usage/summary", "/api/usage/hourly?hours=24", "/api/alerts", "/api/rules"} {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "https://"+p.dashboard+path, http.NoBody)
		require.NoError(t, err)
		request.SetBasicAuth("viewer", page)
		response, err := client.Do(request)
		require.NoError(t, err)
		content, err := io.ReadAll(response.Body)
		require.NoError(t, err)
		require.NoError(t, response.Body.Close())
		assert.NotEqual(t, http.StatusUnauthorized, response.StatusCode)
		outputs["page "+path] = string(content)
	}
	process.TerminateOrKill(t, 10*time.Second)
	outputs["terminal"] = process.Output()
	assert.NotEmpty(t, process.Lines("\tdebug\t"), "all there is to log")

	configs := func(args ...string) []string {
		args = append(args, "--feature-gates=confmap.enableMergeAppendOption", "--set", "extensions::health_check::endpoint="+health)
		for _, config := range options.Configs {
			args = append(args, "--config", config)
		}
		for _, set := range options.Set {
			args = append(args, "--set", set)
		}
		return args
	}
	for name, args := range map[string][]string{
		"print-config":            configs("print-config"),
		"a wrong key":             configs("validate", "--set", "exporters::slack/bot::nothing=1"),
		"a wrong value":           configs("validate", "--config", "test/e2e/testdata/five-mistakes.yaml"),
		"a secret in wrong place": configs("validate", "--set", "exporters::pagerduty::sending_queue::queue_size=${env:PAGERDUTY_API_KEY}"),
	} {
		cmd := collector.Command(t.Context(), t, args...)
		cmd.Env = append(cmd.Env, options.Env...)
		output, err := cmd.CombinedOutput()
		assert.Equal(t, name == "print-config", err == nil, "%s: %s", name, output)
		outputs[name] = string(output)
	}
	for _, where := range slices.Sorted(maps.Keys(outputs)) {
		require.NotEmpty(t, outputs[where], where)
		for name, value := range secrets {
			if at := strings.Index(outputs[where], value); at >= 0 {
				t.Errorf("%s: shows the secret %q: …%s…", where, name, outputs[where][max(0, at-300):min(len(outputs[where]), at+100)])
			}
		}
	}
}
