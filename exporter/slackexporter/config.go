// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package slackexporter

import (
	"errors"
	"net/url"

	"go.opentelemetry.io/collector/config/confighttp"
	"go.opentelemetry.io/collector/config/configopaque"
	"go.opentelemetry.io/collector/config/configoptional"
	"go.opentelemetry.io/collector/config/configretry"
	"go.opentelemetry.io/collector/confmap"
	"go.opentelemetry.io/collector/exporter/exporterhelper"

	"github.com/otelcol-arc/otelcol-arc/internal/notify"
)

// Config says which channel is told, of which alerts.
type Config struct {
	// WebhookURL is the secret address of an incoming webhook. Default: "". The
	// exporter is off when there is neither this nor a channel.
	WebhookURL configopaque.String `mapstructure:"webhook_url"`

	// Channel is the ID or name of the channel that a bot posts to, in place of a
	// webhook. Default: "".
	Channel string `mapstructure:"channel"`

	// BotToken is the bot's secret token, with the scope chat:write. It is not
	// used without a channel. Default: "".
	BotToken configopaque.String `mapstructure:"bot_token"`

	// Endpoint is the address of the Web API, which a bot posts by. GovSlack has
	// https://slack-gov.com/api. Default: https://slack.com/api.
	Endpoint string `mapstructure:"endpoint"`

	// Severities are those of the alerts that are told: info, warning, error,
	// critical. Default: none, which means all, also those without a severity.
	Severities []string `mapstructure:"severities"`

	// Filter chooses alerts by their labels. Default: all.
	Filter notify.FilterConfig `mapstructure:"filter"`

	// SendResolved says whether the end of an alert is told. Default: true.
	SendResolved bool `mapstructure:"send_resolved"`

	// Mentions are, by severity, those who are called by the alerts that begin:
	// here, channel, everyone, or the ID of a user or user group. Default: nobody.
	Mentions map[string][]string `mapstructure:"mentions"`

	// PageURL is where people reach the collector's page, for the button that
	// leads to a silence. Default: "", no button.
	PageURL string `mapstructure:"page_url"`

	// Title and Text are Go templates over Alertmanager's data, such as
	// {{ .CommonLabels.alertname }}, of a message's first line and of what stands
	// in place of its description and fields. Labels and annotations are escaped;
	// Slack's markup in the template itself works. Default: "", the exporter's own.
	Title string `mapstructure:"title"`
	Text  string `mapstructure:"text"`

	// TemplateFiles are globs of files that define templates which the others
	// call. Default: none.
	TemplateFiles []string `mapstructure:"template_files"`

	// HTTP is the client: TLS, proxy, timeout (default 10s) and so on. Its
	// endpoint is not used: the address is a secret, see webhook_url.
	HTTP confighttp.ClientConfig `mapstructure:"http"`

	// Retry is what happens while Slack does not answer, or asks for patience.
	// Default: exponential backoff from 5s to 30s, without an end.
	Retry configretry.BackOffConfig `mapstructure:"retry_on_failure"`

	// Queue holds alerts until they are told; with storage, over a restart
	// too. Default: 1000 messages in memory, one sent at a time.
	Queue configoptional.Optional[exporterhelper.QueueBatchConfig] `mapstructure:"sending_queue"`

	// prevent unkeyed literal initialization
	_ struct{}
}

var (
	_ confmap.Validator   = (*Config)(nil)
	_ confmap.Unmarshaler = (*Config)(nil)
)

// Unmarshal reads the settings. Secrets may come from files.
func (c *Config) Unmarshal(conf *confmap.Conf) error {
	err := conf.Unmarshal(c)
	c.WebhookURL, c.BotToken = notify.Secret(c.WebhookURL), notify.Secret(c.BotToken)
	return err
}

// Validate names everything that is wrong.
func (c *Config) Validate() error {
	errs := append(c.filter().Validate(), notify.ValidateDelivery(c.HTTP, c.Retry, c.Queue)...)
	if c.WebhookURL != "" {
		// The error of url.Parse would quote the secret.
		if u, err := url.Parse(string(c.WebhookURL)); err != nil || (u.Scheme != "https" && u.Scheme != "http") || u.Host == "" {
			errs = append(errs, errors.New("webhook_url: must be an http or https URL"))
		}
	}
	if c.Channel != "" && c.BotToken == "" {
		errs = append(errs, errors.New("bot_token: must not be empty when there is a channel"))
	}
	if !notify.IsWebURL(c.Endpoint) {
		errs = append(errs, errors.New("endpoint: must be an http or https URL"))
	}
	if c.PageURL != "" && notify.Address(c.PageURL) == "" {
		errs = append(errs, errors.New("page_url: must be an http or https URL"))
	}
	if c.HTTP.Endpoint != "" {
		errs = append(errs, errors.New("http::endpoint: must be empty, the address is webhook_url or endpoint"))
	}
	errs = append(errs, validateMentions(c.Mentions)...)
	if _, err := newRenderer(c, ""); err != nil {
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

func (c *Config) filter() notify.Filter {
	return notify.Filter{Severities: c.Severities, Matchers: c.Filter.Compile(), Resolved: c.SendResolved}
}

// secrets are the texts that no error may hold.
func (c *Config) secrets() []string {
	secrets := notify.URLSecrets(string(c.WebhookURL))
	if c.BotToken != "" {
		secrets = append(secrets, string(c.BotToken))
	}
	return secrets
}
