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
)

// Config is the configuration of the dashboard extension.
type Config struct {
	// HTTP is the server: endpoint (default localhost:8124), TLS, auth, time
	// limits, and max_request_body_size in bytes (default 64 KiB).
	HTTP confighttp.ServerConfig `mapstructure:",squash"`

	// AllowedHosts are names, beside localhost and addresses, under which the
	// page may be asked for where it listens on this machine alone and without
	// auth; a request under another name is refused, because the page of a
	// stranger may have pointed its own name here. A reverse proxy on this
	// machine that passes its own name on is what needs it. Default: none.
	AllowedHosts []string `mapstructure:"allowed_hosts"`

	// TraceURL is where a trace can be seen; {trace_id} and {span_id} in it are
	// replaced. Default: "", traces are named and not linked.
	TraceURL string `mapstructure:"trace_url"`

	// Writable allows silences to be created and ended here. Default: false.
	Writable bool `mapstructure:"writable"`

	_ struct{}
}

var _ component.Config = (*Config)(nil)

// Validate says which keys hold values that cannot work. The server checks its
// own keys when it starts.
func (c *Config) Validate() error {
	var errs []error
	if c.HTTP.NetAddr.Endpoint == "" {
		errs = append(errs, errors.New("endpoint: must not be empty"))
	}
	if c.HTTP.MaxRequestBodySize < 0 {
		errs = append(errs, fmt.Errorf("max_request_body_size: must not be negative, is %d", c.HTTP.MaxRequestBodySize))
	}
	for i, host := range c.AllowedHosts {
		if host == "" || strings.ContainsAny(host, ":/") {
			errs = append(errs, fmt.Errorf("allowed_hosts::%d: must be a host name without port, is %q", i, host))
		}
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

// traceURL is where a trace can be seen; "" when the template or the trace is unknown.
func traceURL(template, traceID, spanID string) string {
	if template == "" || traceID == "" {
		return ""
	}
	return strings.NewReplacer(
		"{trace_id}", url.PathEscape(traceID),
		"{span_id}", url.PathEscape(spanID),
	).Replace(template)
}
