// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package pagerdutyexporter

import (
	"errors"

	"go.opentelemetry.io/collector/config/confighttp"
	"go.opentelemetry.io/collector/config/configopaque"
	"go.opentelemetry.io/collector/confmap"

	"github.com/otelcol-arc/otelcol-arc/internal/notify"
)

// Config sets which service is notified of which alerts.
type Config struct {
	// RoutingKey is the secret integration key of the service that is notified of
	// the alerts that no route matches. Default: "", which switches the exporter off.
	RoutingKey configopaque.String `mapstructure:"routing_key"`

	// Routes are services that are notified of some of the alerts instead; the
	// first that matches is. Default: none.
	Routes []Route `mapstructure:"routes"`

	// Receivers are other services, by the names that routes of the alert processor
	// choose them by. Default: none.
	Receivers map[string]ReceiverConfig `mapstructure:"receivers"`

	// Endpoint is the address of the Events API. Accounts in the EU have
	// https://events.eu.pagerduty.com. Default: https://events.pagerduty.com.
	Endpoint string `mapstructure:"endpoint"`

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

	// DeliveryConfig is what all notifiers are configured with. Severities are
	// [critical] by default.
	notify.DeliveryConfig `mapstructure:",squash"`

	// prevent unkeyed literal initialization
	_ struct{}
}

// ReceiverConfig is a service that routes of the alert processor choose.
type ReceiverConfig struct {
	// RoutingKey is the secret integration key of the service. No default.
	RoutingKey configopaque.String `mapstructure:"routing_key"`

	// SendResolved sets whether it is notified when an alert is resolved. Default:
	// send_resolved of the exporter.
	SendResolved *bool `mapstructure:"send_resolved"`

	// prevent unkeyed literal initialization
	_ struct{}
}

// ofReceiver are the settings with the service of a receiver.
func (c *Config) ofReceiver(r ReceiverConfig) *Config {
	own := *c
	own.RoutingKey, own.Routes = r.RoutingKey, nil
	return &own
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
	for name, r := range c.Receivers {
		r.RoutingKey = notify.Secret(r.RoutingKey)
		c.Receivers[name] = r
	}
	return err
}

// Validate names everything that is wrong.
func (c *Config) Validate() error {
	errs := append(c.Problems(), notify.ClientProblems(c.HTTP, "endpoint")...)
	if !notify.IsWebURL(c.Endpoint) {
		errs = append(errs, errors.New("endpoint: must be an http or https URL"))
	}
	if c.Source == "" {
		errs = append(errs, errors.New("source: must not be empty"))
	}
	if _, err := newRenderer(c, ""); err != nil {
		errs = append(errs, err)
	}
	errs = append(errs, c.validateRoutes()...)
	hasKey := func(r ReceiverConfig) bool { return r.RoutingKey != "" }
	errs = append(errs, notify.ValidateReceivers(c.Receivers, c.RoutingKey != "", hasKey, "routing_key")...)
	return errors.Join(errs...)
}
