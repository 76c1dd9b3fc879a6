// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package alertmanagerexporter

import (
	"errors"
	"fmt"
	"net/url"
	"time"

	"go.opentelemetry.io/collector/config/confighttp"
	"go.opentelemetry.io/collector/config/configoptional"
	"go.opentelemetry.io/collector/config/configretry"
	"go.opentelemetry.io/collector/confmap"
	"go.opentelemetry.io/collector/exporter/exporterhelper"

	"github.com/otelcol-arc/otelcol-arc/internal/notify"
)

// Config says which Alertmanagers are told, of which alerts.
type Config struct {
	// Endpoints are the base URLs of the Alertmanagers, with the prefix of their
	// routes when there is one. Each is sent every alert. Default: none, which
	// switches the exporter off.
	Endpoints []string `mapstructure:"endpoints"`

	// HTTP is the client: authentication, TLS, headers, timeout (default 10s) and
	// so on. Its endpoint is not used, see endpoints.
	HTTP confighttp.ClientConfig `mapstructure:"http"`

	// Severities are those of the alerts that are told: info, warning, error,
	// critical. Default: none, which means all, also those without a severity.
	Severities []string `mapstructure:"severities"`

	// Filter chooses alerts by their labels. Default: all.
	Filter notify.FilterConfig `mapstructure:"filter"`

	// SendResolved says whether the end of an alert is told. If not, the alert
	// ends in Alertmanager when it expires. Default: true.
	SendResolved bool `mapstructure:"send_resolved"`

	// ResendInterval is the time after which firing alerts are sent again. They
	// expire after four times as long. Default: 1m.
	ResendInterval time.Duration `mapstructure:"resend_interval"`

	// MaxFiring bounds the alerts that are held to be sent again. Default: 10000.
	MaxFiring int `mapstructure:"max_firing"`

	// Retry is what happens while no Alertmanager accepts an alert. Default:
	// exponential backoff from 5s to 30s, without an end.
	Retry configretry.BackOffConfig `mapstructure:"retry_on_failure"`

	// Queue holds alerts until they are told; with storage, over a restart
	// too, as are then those that fire. Default: 1000 batches in memory, one sent
	// at a time.
	Queue configoptional.Optional[exporterhelper.QueueBatchConfig] `mapstructure:"sending_queue"`

	// prevent unkeyed literal initialization
	_ struct{}
}

var _ confmap.Validator = (*Config)(nil)

// Validate names everything that is wrong.
func (c *Config) Validate() error {
	errs := append(c.filter().Validate(), notify.ValidateDelivery(c.HTTP, c.Retry, c.Queue)...)
	for i, endpoint := range c.Endpoints {
		// The address is not quoted: someone may have put a password into it.
		u, err := url.Parse(endpoint)
		switch {
		case err != nil || (u.Scheme != "https" && u.Scheme != "http") || u.Host == "":
			errs = append(errs, fmt.Errorf("endpoints::%d: must be an http or https URL", i))
		case u.User != nil:
			errs = append(errs, fmt.Errorf("endpoints::%d: must hold no user or password, see http::auth", i))
		case u.RawQuery != "" || u.Fragment != "":
			errs = append(errs, fmt.Errorf("endpoints::%d: must be a base URL, without query and fragment", i))
		}
	}
	if c.HTTP.Endpoint != "" {
		errs = append(errs, errors.New("http::endpoint: must be empty, the addresses are endpoints"))
	}
	if c.ResendInterval <= 0 {
		errs = append(errs, fmt.Errorf("resend_interval: must be more than 0; is %s", c.ResendInterval))
	}
	if c.MaxFiring <= 0 {
		errs = append(errs, fmt.Errorf("max_firing: must be more than 0; is %d", c.MaxFiring))
	}
	return errors.Join(errs...)
}

// filter lets ends pass always: they also end the sending again.
func (c *Config) filter() notify.Filter {
	return notify.Filter{Severities: c.Severities, Matchers: c.Filter.Compile(), Resolved: true}
}
