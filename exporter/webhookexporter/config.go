// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package webhookexporter

import (
	"errors"
	"fmt"
	"net/http"
	"strings"

	"go.opentelemetry.io/collector/config/confighttp"
	"go.opentelemetry.io/collector/config/configopaque"
	"go.opentelemetry.io/collector/confmap"
	"golang.org/x/net/http/httpguts"

	"github.com/otelcol-arc/otelcol-arc/internal/notify"
)

// Config sets where alerts are posted, and how.
type Config struct {
	// URL is the secret address that alerts are posted to, a Go template over
	// Alertmanager's data. Default: "", which switches the exporter off.
	URL configopaque.String `mapstructure:"url"`

	// Receivers are other addresses, by the names that routes of the alert processor
	// choose them by. Default: none.
	Receivers map[string]ReceiverConfig `mapstructure:"receivers"`

	// Body is a Go template over Alertmanager's data that makes the body; toJson
	// writes a value as JSON. Default: "", the JSON of Alertmanager's webhook
	// receiver, version 4.
	Body string `mapstructure:"body"`

	// Headers are Go templates over Alertmanager's data, by the name of the header.
	// Content-Type is application/json by default. Default: {}.
	Headers map[string]configopaque.String `mapstructure:"headers"`

	// Individually sends each alert in a request of its own, and not those that
	// share their group, or have none, in one. Default: false.
	Individually bool `mapstructure:"individually"`

	// MaxAlerts bounds the alerts of one request; more are sent in several.
	// Default: 1000.
	MaxAlerts int `mapstructure:"max_alerts"`

	// SigningSecret signs the body with HMAC-SHA-256. Default: "", no signature.
	SigningSecret configopaque.String `mapstructure:"signing_secret"`

	// SignatureHeader is the header with the signature, "sha256=" and hex digits.
	// Default: X-Hub-Signature-256.
	SignatureHeader string `mapstructure:"signature_header"`

	// TemplateFiles are globs of files that define templates which the others
	// call. Default: none.
	TemplateFiles []string `mapstructure:"template_files"`

	// ExternalURL is the address of the dashboard, for the templates and the JSON.
	// Default: "".
	ExternalURL string `mapstructure:"external_url"`

	// HTTP is the client: authentication, TLS, proxy, timeout (default 10s) and so
	// on. Its endpoint is not used, see url.
	HTTP confighttp.ClientConfig `mapstructure:"http"`

	// DeliveryConfig is what all notifiers are configured with.
	notify.DeliveryConfig `mapstructure:",squash"`

	// prevent unkeyed literal initialization
	_ struct{}
}

// ReceiverConfig is an address that routes of the alert processor choose.
type ReceiverConfig struct {
	// URL is the secret address that its alerts are posted to, a Go template over
	// Alertmanager's data. No default.
	URL configopaque.String `mapstructure:"url"`

	// SendResolved sets whether it is notified when an alert is resolved. Default:
	// send_resolved of the exporter.
	SendResolved *bool `mapstructure:"send_resolved"`

	// prevent unkeyed literal initialization
	_ struct{}
}

// ofReceiver are the settings with the address of a receiver.
func (c *Config) ofReceiver(r ReceiverConfig) *Config {
	own := *c
	own.URL = r.URL
	return &own
}

var (
	_ confmap.Validator   = (*Config)(nil)
	_ confmap.Unmarshaler = (*Config)(nil)
)

// Unmarshal reads the settings. Secrets may come from files.
func (c *Config) Unmarshal(conf *confmap.Conf) error {
	err := conf.Unmarshal(c)
	c.URL, c.SigningSecret = notify.Secret(c.URL), notify.Secret(c.SigningSecret)
	for name, r := range c.Receivers {
		r.URL = notify.Secret(r.URL)
		c.Receivers[name] = r
	}
	return err
}

// Validate names everything that is wrong.
func (c *Config) Validate() error {
	errs := append(c.Problems(), notify.ClientProblems(c.HTTP, "url")...)
	if c.MaxAlerts <= 0 {
		errs = append(errs, fmt.Errorf("max_alerts: must be more than 0; is %d", c.MaxAlerts))
	}
	if c.SigningSecret != "" && !httpguts.ValidHeaderFieldName(c.SignatureHeader) {
		errs = append(errs, fmt.Errorf("signature_header: %q is not the name of a header", c.SignatureHeader))
	}
	if c.ExternalURL != "" && notify.Address(c.ExternalURL) == "" {
		errs = append(errs, errors.New("external_url: must be an http or https URL"))
	}
	for name := range c.Headers {
		if !httpguts.ValidHeaderFieldName(name) {
			errs = append(errs, fmt.Errorf("headers: %q is not the name of a header", name))
		}
		if strings.EqualFold(name, "Content-Length") || strings.EqualFold(name, "Host") {
			errs = append(errs, fmt.Errorf("headers: %s cannot be set", http.CanonicalHeaderKey(name)))
		}
	}
	if _, err := newRenderer(c, ""); err != nil {
		errs = append(errs, err)
	}
	for name, r := range c.Receivers {
		if _, err := newRenderer(&Config{URL: r.URL, TemplateFiles: c.TemplateFiles}, ""); err != nil {
			errs = append(errs, fmt.Errorf("receivers::%s::%w", name, err))
		}
	}
	hasURL := func(r ReceiverConfig) bool { return r.URL != "" }
	errs = append(errs, notify.ValidateReceivers(c.Receivers, c.URL != "", hasURL, "url")...)
	return errors.Join(errs...)
}

// secrets are the texts that no error may hold.
func (c *Config) secrets() []string {
	address, _, _ := strings.Cut(string(c.URL), "{{")
	secrets := notify.URLSecrets(address)
	for _, value := range c.Headers {
		if !strings.Contains(string(value), "{{") {
			secrets = append(secrets, notify.LongEnough(string(value))...)
		}
	}
	return append(secrets, notify.LongEnough(string(c.SigningSecret))...)
}
