// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package alertmanagerexporter

import (
	"errors"
	"fmt"
	"net/url"
	"time"

	"go.opentelemetry.io/collector/config/confighttp"
	"go.opentelemetry.io/collector/confmap"

	"github.com/otelcol-arc/otelcol-arc/internal/notify"
)

// Config sets which Alertmanagers are sent which alerts.
type Config struct {
	// Endpoints are the base URLs of the Alertmanagers, with the prefix of their
	// routes when there is one. Each is sent every alert. Default: none, which
	// switches the exporter off.
	Endpoints []string `mapstructure:"endpoints"`

	// HTTP is the client: authentication, TLS, headers, timeout (default 10s) and
	// so on. Its endpoint is not used, see endpoints.
	HTTP confighttp.ClientConfig `mapstructure:"http"`

	// ResendInterval is the time after which firing alerts are sent again. They
	// expire after four times as long. Default: 1m.
	ResendInterval time.Duration `mapstructure:"resend_interval"`

	// MaxFiring bounds the alerts that are held to be sent again. Default: 50000.
	MaxFiring int `mapstructure:"max_firing"`

	// DeliveryConfig is what all notifiers are configured with. Without
	// send_resolved Alertmanager resolves an alert when it expires.
	notify.DeliveryConfig `mapstructure:",squash"`

	// prevent unkeyed literal initialization
	_ struct{}
}

var _ confmap.Validator = (*Config)(nil)

// Validate names everything that is wrong.
func (c *Config) Validate() error {
	errs := append(c.Problems(), notify.ClientProblems(c.HTTP, "endpoints")...)
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
	if c.ResendInterval <= 0 {
		errs = append(errs, fmt.Errorf("resend_interval: must be more than 0; is %s", c.ResendInterval))
	}
	if c.MaxFiring <= 0 {
		errs = append(errs, fmt.Errorf("max_firing: must be more than 0; is %d", c.MaxFiring))
	}
	return errors.Join(errs...)
}
