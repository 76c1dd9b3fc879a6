// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package webhookexporter

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"

	amwebhook "github.com/prometheus/alertmanager/template"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/config/configopaque"
	"go.opentelemetry.io/collector/confmap"
	"go.yaml.in/yaml/v3"

	"github.com/otelcol-arc/otelcol-arc/internal/alertevent"
	"github.com/otelcol-arc/otelcol-arc/internal/testkit/alerts"
	"github.com/otelcol-arc/otelcol-arc/internal/testkit/double"
	"github.com/otelcol-arc/otelcol-arc/internal/testkit/notifier"
)

const secret = "SECRET-OF-THE-WEBHOOK"

func start(t *testing.T, server *double.Webhook, change func(*Config)) notifier.Running {
	t.Helper()
	cfg := createDefaultConfig().(*Config)
	cfg.URL = configopaque.String(server.URL + "/hooks/" + secret)
	notifier.Impatient(&cfg.Retry)
	if change != nil {
		change(cfg)
	}
	return notifier.Start(t, NewFactory(), cfg)
}

// The body is what receivers of Alertmanager's webhooks decode.
func TestAlertmanagersJSON(t *testing.T) {
	server := double.NewWebhook(t, nil)
	e := start(t, server, func(cfg *Config) { cfg.ExternalURL = "https://arc.example" })
	grouped := alerts.Firing()
	grouped.Group = &alertevent.Group{Key: `{}:{team="search"}`, Labels: map[string]string{"team": "search"}}
	e.Deliver(t, grouped)
	e.Deliver(t, alerts.Cases()["several"]...)
	e.Finish(t, server.Inbox, 2, secret)
	var got struct {
		amwebhook.Data
		Version  string `json:"version"`
		GroupKey string `json:"groupKey"`
	}
	require.NoError(t, json.Unmarshal(server.Requests()[0].Body, &got))
	assert.Equal(t, "4", got.Version)
	assert.Equal(t, `{}:{team="search"}`, got.GroupKey)
	assert.Equal(t, "search", got.GroupLabels["team"])
	assert.Equal(t, "firing", got.Status)
	assert.Equal(t, "https://arc.example", got.ExternalURL)
	require.Len(t, got.Alerts, 1)
	assert.Equal(t, grouped.Fingerprint(), got.Alerts[0].Fingerprint)
	assert.True(t, alerts.Start.Equal(got.Alerts[0].StartsAt))
	assert.Equal(t, "HighErrorRate", got.CommonLabels["alertname"])
	for _, key := range []string{"receiver", "status", "alerts", "groupLabels", "commonLabels", "commonAnnotations", "externalURL", "version", "groupKey", "truncatedAlerts"} {
		assert.Contains(t, server.Bodies()[0], key)
	}
	assert.Equal(t, int64(3), e.Count(t, "sent"))
}

// A receiver can see who sent the body, and that a request is repeated.
func TestSignature(t *testing.T) {
	const key = "It's a Secret to Everybody"
	// The example of GitHub's documentation.
	assert.Equal(t, "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17", sign(key, []byte("Hello, World!")))
	server := double.NewWebhook(t, func(r double.WebhookRequest) error {
		if r.Header.Get("X-Signature") != sign(key, r.Body) {
			return errors.New("wrong signature")
		}
		return nil
	})
	server.Refuse(double.Response{Status: 503})
	e := start(t, server, func(cfg *Config) { cfg.SigningSecret, cfg.SignatureHeader = key, "X-Signature" })
	e.Deliver(t, alerts.Firing())
	e.Deliver(t, alerts.Resolved())
	e.Finish(t, server.Inbox, 2, secret)
	first, second := server.Requests()[0].Header.Get("Idempotency-Key"), server.Requests()[1].Header.Get("Idempotency-Key")
	assert.NotEmpty(t, first)
	assert.NotEqual(t, first, second)
}

// Templates make address, headers and body; what a label holds ends neither a
// header nor a JSON text.
func TestTemplates(t *testing.T) {
	server := double.NewWebhook(t, nil)
	e := start(t, server, func(cfg *Config) {
		cfg.URL += `/{{ .Status }}`
		cfg.Headers = map[string]configopaque.String{"X-Alert": "{{ .CommonLabels.alertname }}", "Authorization": "GenieKey " + secret}
		cfg.Body = `{"text": {{ .CommonAnnotations.summary | toJson }}, "n": {{ len .Alerts }}}`
		cfg.Individually = true
	})
	hostile := alerts.Cases()["hostile"][0]
	hostile.Labels["alertname"] = "x\r\nX-Other: y"
	hostile.Annotations["summary"] = "\"}\n{\""
	e.Deliver(t, alerts.Firing(), hostile)
	e.Finish(t, server.Inbox, 2, secret)
	assert.Equal(t, "/hooks/"+secret+"/firing", server.Requests()[0].Path)
	for i, r := range server.Requests() {
		assert.Equal(t, "GenieKey "+secret, r.Header.Get("Authorization"))
		assert.Empty(t, r.Header.Get("X-Other"))
		assert.InDelta(t, 1, server.Bodies()[i]["n"], 0)
	}
}

// More alerts than a request takes are several requests.
func TestMaxAlerts(t *testing.T) {
	server := double.NewWebhook(t, nil)
	e := start(t, server, func(cfg *Config) { cfg.MaxAlerts = 20 })
	e.Deliver(t, alerts.Cases()["storm"]...)
	e.Finish(t, server.Inbox, 3, secret)
	n := 0
	for _, body := range server.Bodies() {
		n += len(body["alerts"].([]any))
	}
	assert.Equal(t, 50, n)
}

func TestResponses(t *testing.T) {
	server := double.NewWebhook(t, nil)
	server.Refuse(double.Response{Status: 429, RetryAfter: "0"}, double.Response{Status: 500}, double.Response{Status: 408})
	e := start(t, server, nil)
	e.Deliver(t, alerts.Firing())
	server.Refuse(double.Response{Status: 422})
	e.Deliver(t, alerts.Resolved())
	e.Finish(t, server.Inbox, 1, secret)
	assert.Equal(t, int64(1), e.Count(t, "failed"))
}

func TestOff(t *testing.T) {
	e := start(t, double.NewWebhook(t, nil), func(cfg *Config) { cfg.URL = "" })
	require.NoError(t, e.ConsumeLogs(t.Context(), alerts.Logs(alerts.Firing())))
	require.NoError(t, e.Shutdown(t.Context()))
	assert.Equal(t, "Switched off: url is empty", e.Log.All()[0].Message)
}

func TestSecretsAreKept(t *testing.T) {
	notifier.KeepsSecrets(t, NewFactory(), notifier.HTTPVendors(), func(cfg component.Config, address string) {
		c := cfg.(*Config)
		c.URL = configopaque.String("http://" + address + "/hooks/" + secret + "?n={{ len .Alerts }}")
		c.Headers = map[string]configopaque.String{"X-Key": "TOPSECRETHEADER"}
	}, secret, "TOPSECRETHEADER")
}

func TestEveryMistakeIsNamed(t *testing.T) {
	cfg := createDefaultConfig().(*Config)
	cfg.URL, cfg.Body = "nowhere/"+secret, "{{"
	cfg.Headers = map[string]configopaque.String{"a b": "x", "Host": "x", "X-A": "{{ .Nothing }}"}
	cfg.MaxAlerts, cfg.ExternalURL, cfg.SigningSecret, cfg.SignatureHeader = 0, "nowhere", secret, ""
	cfg.Severities, cfg.HTTP.Endpoint, cfg.SeverityMap = []string{"x"}, "x", map[string]string{"x": "y"}
	err := cfg.Validate()
	for _, key := range []string{
		"body: ", "headers: \"a b\"", "headers: Host", "headers::X-A: ", "max_alerts: ", "external_url: ", "signature_header: ",
		"severities::0", "http::endpoint", "severity_map::x",
	} {
		require.ErrorContains(t, err, key)
	}
	assert.NotContains(t, err.Error(), secret)
	cfg = createDefaultConfig().(*Config)
	cfg.URL = "nowhere/" + secret
	err = cfg.Validate()
	require.ErrorContains(t, err, "url: must be")
	assert.NotContains(t, err.Error(), secret)
}

// The README's templates for other services: each alert, firing and resolved,
// hostile and long, is a request that the service's documentation allows.
func TestServices(t *testing.T) {
	checks := map[string]func(r double.WebhookRequest) error{
		"discord": func(r double.WebhookRequest) error {
			var body struct {
				Content         string `json:"content"`
				AllowedMentions struct {
					Parse []string `json:"parse"`
				} `json:"allowed_mentions"`
			}
			// https://docs.discord.com/developers/resources/webhook#execute-webhook
			if err := strict(r.Body, &body); err != nil || body.Content == "" || len([]rune(body.Content)) > 2000 || body.AllowedMentions.Parse == nil {
				return fmt.Errorf("invalid form body: %w", err)
			}
			return nil
		},
		"telegram": func(r double.WebhookRequest) error {
			var body struct {
				ChatID string `json:"chat_id"`
				Text   string `json:"text"`
			}
			// https://core.telegram.org/bots/api#sendmessage
			if err := strict(r.Body, &body); err != nil || body.ChatID == "" || body.Text == "" || len([]rune(body.Text)) > 4096 {
				return fmt.Errorf("bad request: %w", err)
			}
			return nil
		},
		"opsgenie": func(r double.WebhookRequest) error {
			// https://docs.opsgenie.com/docs/alert-api
			if r.Header.Get("Authorization") != "GenieKey "+secret {
				return errors.New("not authorized")
			}
			if strings.Contains(r.Path, "/close") {
				return nil
			}
			var body struct {
				Message, Alias, Description, Priority, Source string
				Tags                                          []string
				Details                                       map[string]string
			}
			if err := strict(r.Body, &body); err != nil || body.Message == "" || len([]rune(body.Message)) > 130 || body.Alias == "" {
				return fmt.Errorf("invalid: %w", err)
			}
			return nil
		},
	}
	readme, err := os.ReadFile("README.md")
	require.NoError(t, err)
	examples := regexp.MustCompile("(?s)```yaml\n(.*?)```").FindAllSubmatch(readme, -1)
	found := map[string]bool{}
	for _, example := range examples {
		name, _, isService := strings.Cut(strings.TrimPrefix(string(example[1]), "exporters:\n  webhook/"), ":\n")
		check := checks[name]
		if !isService || check == nil {
			continue
		}
		found[name] = true
		t.Run(name, func(t *testing.T) {
			server := double.NewWebhook(t, check)
			text := strings.NewReplacer(
				"${env:DISCORD_WEBHOOK_URL:-}", server.URL+"/api/webhooks/1/"+secret, "${env:TELEGRAM_BOT_TOKEN:-}", secret,
				"${env:TELEGRAM_CHAT_ID:-}", "-100", "${env:OPSGENIE_API_KEY:-}", secret,
				"https://api.opsgenie.com", server.URL, "https://api.telegram.org", server.URL,
			).Replace(string(example[1]))
			var parsed struct {
				Exporters map[string]map[string]any
			}
			require.NoError(t, yaml.Unmarshal([]byte(text), &parsed))
			cfg := createDefaultConfig().(*Config)
			require.NoError(t, confmap.NewFromStringMap(parsed.Exporters["webhook/"+name]).Unmarshal(cfg))
			notifier.Impatient(&cfg.Retry)
			e := notifier.Start(t, NewFactory(), cfg)
			for _, raised := range alerts.Cases() {
				e.Deliver(t, raised...)
			}
			require.NoError(t, e.Shutdown(t.Context()))
			assert.Equal(t, int64(0), e.Count(t, "failed"), e.Logged())
			assert.Greater(t, len(server.Requests()), 4)
		})
	}
	assert.Len(t, found, len(checks))
}

func TestReadmeExamples(t *testing.T) {
	assert.Len(t, notifier.ReadmeExamples(t, NewFactory()), 5)
}

func strict(content []byte, to any) error {
	decoder := json.NewDecoder(strings.NewReader(string(content)))
	decoder.DisallowUnknownFields()
	return decoder.Decode(to)
}
