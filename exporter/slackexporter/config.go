// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package slackexporter

import (
	"errors"
	"fmt"

	"go.opentelemetry.io/collector/config/confighttp"
	"go.opentelemetry.io/collector/config/configopaque"
	"go.opentelemetry.io/collector/confmap"

	"github.com/otelcol-arc/otelcol-arc/internal/notify"
)

// Config sets which channel is notified of which alerts.
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

	// Receivers are other channels, by the names that routes of the alert processor
	// choose them by. Default: none.
	Receivers map[string]ReceiverConfig `mapstructure:"receivers"`

	// Endpoint is the address of the Web API, which a bot posts by. GovSlack has
	// https://slack-gov.com/api. Default: https://slack.com/api.
	Endpoint string `mapstructure:"endpoint"`

	// Mentions are, by severity, those who are mentioned when alerts fire: here, channel, everyone, or the ID of a user or user group. Default: nobody.
	Mentions map[string][]string `mapstructure:"mentions"`

	// PageURL is the address of the dashboard, for the button that leads to a
	// silence. Default: "", no button.
	PageURL string `mapstructure:"page_url"`

	// Title and Text are Go templates over Alertmanager's data, such as
	// {{ .CommonLabels.alertname }}. Title is a message's first line, Text replaces its
	// description and fields. Labels and annotations are escaped; Slack's markup in the
	// template itself works. Default: "", the exporter's own.
	Title string `mapstructure:"title"`
	Text  string `mapstructure:"text"`

	// TemplateFiles are globs of files that define templates which the others
	// call. Default: none.
	TemplateFiles []string `mapstructure:"template_files"`

	// HTTP is the client: TLS, proxy, timeout (default 10s) and so on. Its
	// endpoint is not used: the address is a secret, see webhook_url.
	HTTP confighttp.ClientConfig `mapstructure:"http"`

	// DeliveryConfig is what all notifiers are configured with.
	notify.DeliveryConfig `mapstructure:",squash"`

	// prevent unkeyed literal initialization
	_ struct{}
}

// ReceiverConfig is a channel that routes choose: by the same means as the
// exporter's own, a webhook or a bot.
type ReceiverConfig struct {
	// WebhookURL is the secret address of its incoming webhook. Default: "".
	WebhookURL configopaque.String `mapstructure:"webhook_url"`

	// Channel is its ID or name, for the bot. Default: "".
	Channel string `mapstructure:"channel"`

	// SendResolved sets whether it is notified when an alert is resolved. Default:
	// send_resolved of the exporter.
	SendResolved *bool `mapstructure:"send_resolved"`

	// prevent unkeyed literal initialization
	_ struct{}
}

// ofReceiver are the settings with the channel of a receiver.
func (c *Config) ofReceiver(r ReceiverConfig) *Config {
	own := *c
	own.WebhookURL, own.Channel = r.WebhookURL, r.Channel
	return &own
}

var (
	_ confmap.Validator   = (*Config)(nil)
	_ confmap.Unmarshaler = (*Config)(nil)
)

// Unmarshal reads the settings. Secrets may come from files.
func (c *Config) Unmarshal(conf *confmap.Conf) error {
	err := conf.Unmarshal(c)
	c.WebhookURL, c.BotToken = notify.Secret(c.WebhookURL), notify.Secret(c.BotToken)
	for name, r := range c.Receivers {
		r.WebhookURL = notify.Secret(r.WebhookURL)
		c.Receivers[name] = r
	}
	return err
}

// Validate names everything that is wrong.
func (c *Config) Validate() error {
	errs := append(c.Problems(), notify.ClientProblems(c.HTTP, "webhook_url or endpoint")...)
	if c.WebhookURL != "" && !notify.IsWebURL(string(c.WebhookURL)) {
		errs = append(errs, errors.New("webhook_url: must be an http or https URL"))
	}
	errs = append(errs, c.validateReceivers()...)
	if c.Channel != "" && c.BotToken == "" {
		errs = append(errs, errors.New("bot_token: must not be empty when there is a channel"))
	}
	if !notify.IsWebURL(c.Endpoint) {
		errs = append(errs, errors.New("endpoint: must be an http or https URL"))
	}
	if c.PageURL != "" && notify.Address(c.PageURL) == "" {
		errs = append(errs, errors.New("page_url: must be an http or https URL"))
	}
	errs = append(errs, validateMentions(c.Mentions)...)
	if _, err := newRenderer(c, ""); err != nil {
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

func (c *Config) validateReceivers() []error {
	var errs []error
	for name, r := range c.Receivers {
		if r.WebhookURL != "" && !notify.IsWebURL(string(r.WebhookURL)) {
			errs = append(errs, fmt.Errorf("receivers::%s::webhook_url: must be an http or https URL", name))
		}
		if r.WebhookURL != "" && c.Channel != "" {
			errs = append(errs, fmt.Errorf("receivers::%s::webhook_url: must be empty, the exporter posts by a bot", name))
		}
		if r.Channel != "" && c.Channel == "" && c.WebhookURL != "" {
			errs = append(errs, fmt.Errorf("receivers::%s::channel: must be empty, the exporter posts by a webhook", name))
		}
	}
	if c.Channel == "" && c.WebhookURL != "" {
		return append(errs, notify.ValidateReceivers(c.Receivers, true, func(r ReceiverConfig) bool { return r.WebhookURL != "" }, "webhook_url")...)
	}
	return append(errs, notify.ValidateReceivers(c.Receivers, c.Channel != "", func(r ReceiverConfig) bool { return r.Channel != "" || r.WebhookURL != "" }, "channel")...)
}

// secrets are the texts that no error may hold.
func (c *Config) secrets() []string {
	secrets := notify.URLSecrets(string(c.WebhookURL))
	if c.BotToken != "" {
		secrets = append(secrets, string(c.BotToken))
	}
	return secrets
}
