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
	"go.opentelemetry.io/collector/confmap/xconfmap"
	"go.opentelemetry.io/collector/exporter/exporterhelper"

	"github.com/otelcol-arc/otelcol-arc/internal/notify"
)

// Config says which channel is told, of which alerts.
type Config struct {
	// WebhookURL is the secret address of an incoming webhook. Default: "",
	// which switches the exporter off.
	WebhookURL configopaque.String `mapstructure:"webhook_url"`

	// Severities are those of the alerts that are told: info, warning, error,
	// critical. Default: none, which means all, also those without a severity.
	Severities []string `mapstructure:"severities"`

	// SendResolved says whether the end of an alert is told. Default: true.
	SendResolved bool `mapstructure:"send_resolved"`

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

var _ xconfmap.Validator = (*Config)(nil)

// Validate names everything that is wrong.
func (c *Config) Validate() error {
	errs := append(c.filter().Validate(), notify.ValidateDelivery(c.HTTP, c.Retry, c.Queue)...)
	if c.WebhookURL != "" {
		// The error of url.Parse would quote the secret.
		if u, err := url.Parse(string(c.WebhookURL)); err != nil || (u.Scheme != "https" && u.Scheme != "http") || u.Host == "" {
			errs = append(errs, errors.New("webhook_url: must be an http or https URL"))
		}
	}
	if c.HTTP.Endpoint != "" {
		errs = append(errs, errors.New("http::endpoint: must be empty, the address is webhook_url"))
	}
	return errors.Join(errs...)
}

func (c *Config) filter() notify.Filter {
	return notify.Filter{Severities: c.Severities, Resolved: c.SendResolved}
}
