// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package teamsexporter

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
	// WebhookURL is the secret address of a workflow with the trigger "When a Teams
	// webhook request is received". Default: "", which switches the exporter off.
	WebhookURL configopaque.String `mapstructure:"webhook_url"`

	// Receivers are other channels, by the names that routes of the alert processor
	// choose them by. Default: none.
	Receivers map[string]ReceiverConfig `mapstructure:"receivers"`

	// PageURL is the address of the dashboard, for the button that leads to it.
	// Default: "", no button.
	PageURL string `mapstructure:"page_url"`

	// Title and Text are Go templates over Alertmanager's data, such as
	// {{ .CommonLabels.alertname }}, of a card's title and of what takes the place of
	// its alerts. Default: "", the exporter's own.
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

// ReceiverConfig is a channel that routes of the alert processor choose.
type ReceiverConfig struct {
	// WebhookURL is the secret address of its workflow. No default.
	WebhookURL configopaque.String `mapstructure:"webhook_url"`

	// SendResolved sets whether it is notified when an alert is resolved. Default:
	// send_resolved of the exporter.
	SendResolved *bool `mapstructure:"send_resolved"`

	// prevent unkeyed literal initialization
	_ struct{}
}

var (
	_ confmap.Validator   = (*Config)(nil)
	_ confmap.Unmarshaler = (*Config)(nil)
)

// Unmarshal reads the settings. The secret may come from a file.
func (c *Config) Unmarshal(conf *confmap.Conf) error {
	err := conf.Unmarshal(c)
	c.WebhookURL = notify.Secret(c.WebhookURL)
	for name, r := range c.Receivers {
		r.WebhookURL = notify.Secret(r.WebhookURL)
		c.Receivers[name] = r
	}
	return err
}

// Validate names everything that is wrong.
func (c *Config) Validate() error {
	errs := append(c.Problems(), notify.ClientProblems(c.HTTP, "webhook_url")...)
	if c.WebhookURL != "" && !notify.IsWebURL(string(c.WebhookURL)) {
		errs = append(errs, errors.New("webhook_url: must be an http or https URL"))
	}
	for name, r := range c.Receivers {
		if r.WebhookURL != "" && !notify.IsWebURL(string(r.WebhookURL)) {
			errs = append(errs, fmt.Errorf("receivers::%s::webhook_url: must be an http or https URL", name))
		}
	}
	hasURL := func(r ReceiverConfig) bool { return r.WebhookURL != "" }
	errs = append(errs, notify.ValidateReceivers(c.Receivers, c.WebhookURL != "", hasURL, "webhook_url")...)
	if c.PageURL != "" && notify.Address(c.PageURL) == "" {
		errs = append(errs, errors.New("page_url: must be an http or https URL"))
	}
	if _, err := newRenderer(c, ""); err != nil {
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}
