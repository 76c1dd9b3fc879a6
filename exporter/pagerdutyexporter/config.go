// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package pagerdutyexporter

import (
	"errors"

	"go.opentelemetry.io/collector/config/confighttp"
	"go.opentelemetry.io/collector/config/configopaque"
	"go.opentelemetry.io/collector/config/configoptional"
	"go.opentelemetry.io/collector/config/configretry"
	"go.opentelemetry.io/collector/confmap"
	"go.opentelemetry.io/collector/exporter/exporterhelper"

	"github.com/otelcol-arc/otelcol-arc/internal/notify"
)

// Config says which service is told, of which alerts.
type Config struct {
	// RoutingKey is the secret integration key of the service that is told of
	// the alerts that no route matches. Default: "", which switches the exporter off.
	RoutingKey configopaque.String `mapstructure:"routing_key"`

	// Routes are services that are told of some of the alerts instead; the first
	// that matches is told. Default: none.
	Routes []Route `mapstructure:"routes"`

	// Endpoint is the address of the Events API. Accounts in the EU have
	// https://events.eu.pagerduty.com. Default: https://events.pagerduty.com.
	Endpoint string `mapstructure:"endpoint"`

	// Severities are those of the alerts that are told: info, warning, error,
	// critical; an empty list means all. Default: [critical].
	Severities []string `mapstructure:"severities"`

	// Filter chooses alerts by their labels. Default: all.
	Filter notify.FilterConfig `mapstructure:"filter"`

	// SendResolved says whether the end of an alert resolves what it opened.
	// Default: true.
	SendResolved bool `mapstructure:"send_resolved"`

	// Source is the affected system, for alerts without an instance, service
	// or service_name label. Default: arc-production.
	Source string `mapstructure:"source"`

	// Summary and DedupKey are Go templates over Alertmanager's data, such as
	// {{ .CommonLabels.alertname }}, of these fields of an event. A key joins all
	// alerts that have the same; it can be made of labels alone, and is hashed
	// when longer than 255 characters. Default: "", which are the alert's name
	// and summary, and its fingerprint.
	Summary  string `mapstructure:"summary"`
	DedupKey string `mapstructure:"dedup_key"`

	// TemplateFiles are globs of files that define templates which the others
	// call. Default: none.
	TemplateFiles []string `mapstructure:"template_files"`

	// HTTP is the client: TLS, proxy, timeout (default 10s) and so on. Its
	// endpoint is not used, see endpoint.
	HTTP confighttp.ClientConfig `mapstructure:"http"`

	// Retry is what happens while PagerDuty does not answer, or asks for
	// patience. Default: exponential backoff from 5s to 30s, without an end.
	Retry configretry.BackOffConfig `mapstructure:"retry_on_failure"`

	// Queue holds alerts until they are told; with storage, over a restart
	// too. Default: 1000 alerts in memory, one sent at a time.
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
	c.RoutingKey = notify.Secret(c.RoutingKey)
	for i := range c.Routes {
		c.Routes[i].RoutingKey = notify.Secret(c.Routes[i].RoutingKey)
	}
	return err
}

// Validate names everything that is wrong.
func (c *Config) Validate() error {
	errs := append(c.filter().Validate(), notify.ValidateDelivery(c.HTTP, c.Retry, c.Queue)...)
	if !notify.IsWebURL(c.Endpoint) {
		errs = append(errs, errors.New("endpoint: must be an http or https URL"))
	}
	if c.Source == "" {
		errs = append(errs, errors.New("source: must not be empty"))
	}
	if c.HTTP.Endpoint != "" {
		errs = append(errs, errors.New("http::endpoint: must be empty, the address is endpoint"))
	}
	if _, err := newRenderer(c, ""); err != nil {
		errs = append(errs, err)
	}
	errs = append(errs, c.validateRoutes()...)
	return errors.Join(errs...)
}

func (c *Config) filter() notify.Filter {
	return notify.Filter{Severities: c.Severities, Matchers: c.Filter.Compile(), Resolved: c.SendResolved}
}
