// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package dashboardextension

import (
	"errors"
	"fmt"
	"net/url"
	"strings"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/config/confighttp"
	"go.opentelemetry.io/collector/config/configoptional"

	"github.com/otelcol-arc/otelcol-arc/extension/dashboardextension/internal/prometheussource"
	"github.com/otelcol-arc/otelcol-arc/internal/period"
	"github.com/otelcol-arc/otelcol-arc/internal/webguard"
)

// Config is the configuration of the dashboard extension.
type Config struct {
	// HTTP is the server: endpoint (default localhost:8124), TLS, auth, time
	// limits, and max_request_body_size in bytes (default 64 KiB).
	HTTP confighttp.ServerConfig `mapstructure:",squash"`

	// AllowedHosts are host names of requests that are accepted in addition to
	// localhost and IP addresses when there is no authentication. Requests with other
	// host names are rejected, as a protection against DNS rebinding. Needed for a
	// reverse proxy that forwards its own name. Default: none; host names are then
	// checked on a loopback address only.
	AllowedHosts []string `mapstructure:"allowed_hosts"`

	// TraceURL is the address of a trace; {trace_id} and {span_id} in it are
	// replaced. Default: "", trace IDs are shown without a link.
	TraceURL string `mapstructure:"trace_url"`

	// TimeZone is a name of the IANA time zone database, as Europe/Berlin: that of days and
	// months on the dashboard and in the API, unless a request names another. Default: UTC.
	TimeZone string `mapstructure:"time_zone"`

	// Writable allows silences to be created and ended here. Default: false.
	Writable bool `mapstructure:"writable"`

	// WritableWithoutAuth is required with writable when the endpoint is not on a
	// loopback address and has neither auth nor client certificates: anybody who can
	// reach it can then silence alerts. Default: false.
	WritableWithoutAuth bool `mapstructure:"writable_without_auth"`

	// Roles are who may do what, and see which values. It requires auth. Default: everybody who
	// can reach the dashboard may do and see everything.
	Roles RolesConfig `mapstructure:"roles"`

	// Source is where the dashboard has usage from besides the llm_cost processors of this collector.
	Source SourceConfig `mapstructure:"source"`

	_ struct{}
}

// SourceConfig names a source of usage, which is shown first.
type SourceConfig struct {
	// Prometheus is a server that has the usage metrics of several collectors: Prometheus, Mimir or
	// another one with the same API. Default: none.
	Prometheus configoptional.Optional[prometheussource.Config] `mapstructure:"prometheus"`

	_ struct{}
}

var _ component.Config = (*Config)(nil)

// Validate reports which keys hold values that cannot work. The server checks its
// own keys when it starts.
func (c *Config) Validate() error {
	var errs []error
	if c.HTTP.NetAddr.Endpoint == "" {
		errs = append(errs, errors.New("endpoint: must not be empty"))
	}
	if c.HTTP.MaxRequestBodySize < 0 {
		errs = append(errs, fmt.Errorf("max_request_body_size: must not be negative, is %d", c.HTTP.MaxRequestBodySize))
	}
	if err := webguard.ValidateHosts(c.AllowedHosts); err != nil {
		errs = append(errs, err)
	}
	if _, err := period.LoadZone(c.TimeZone); err != nil {
		errs = append(errs, fmt.Errorf("time_zone: %w", err))
	}
	if c.Writable && c.isOpen() && !c.WritableWithoutAuth {
		errs = append(errs, fmt.Errorf("writable: requires auth, tls::client_ca_file or writable_without_auth, as %s is not a loopback address", c.HTTP.NetAddr.Endpoint))
	}
	if err := c.Roles.validate(c.HTTP.Auth.HasValue()); err != nil {
		errs = append(errs, err)
	}
	if c.TraceURL != "" {
		u, err := url.Parse(traceURL(c.TraceURL, "0", "0"))
		switch {
		case err != nil, u.Scheme != "http" && u.Scheme != "https", u.Host == "":
			errs = append(errs, fmt.Errorf("trace_url: must be an http or https URL, is %q", c.TraceURL))
		case !strings.Contains(c.TraceURL, "{trace_id}"):
			errs = append(errs, fmt.Errorf("trace_url: must contain {trace_id}, is %q", c.TraceURL))
		}
	}
	return errors.Join(errs...)
}

// isOpen reports whether anybody who can reach the network address can use the dashboard.
func (c *Config) isOpen() bool {
	return !webguard.IsLoopback(&c.HTTP) && !webguard.Authenticates(&c.HTTP)
}

// traceURL is the address of a trace; "" without a template or a trace ID.
func traceURL(template, traceID, spanID string) string {
	if template == "" || traceID == "" {
		return ""
	}
	return strings.NewReplacer(
		"{trace_id}", url.PathEscape(traceID),
		"{span_id}", url.PathEscape(spanID),
	).Replace(template)
}
