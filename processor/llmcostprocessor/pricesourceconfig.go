// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package llmcostprocessor

import (
	"errors"
	"fmt"
	"net/url"
	"time"

	"go.opentelemetry.io/collector/config/confighttp"
	"go.opentelemetry.io/collector/confmap"
)

const (
	defaultSourceInterval = 24 * time.Hour
	defaultSourceTimeout  = 30 * time.Second
	// minSourceInterval is also the time between two requests to a server that answers
	// with an error.
	minSourceInterval = time.Hour
	// maxSourceInterval keeps the rule LLMPriceSourceStale right for every configuration.
	maxSourceInterval = 24 * time.Hour
)

// PriceSourceConfig is a price file that is fetched from a URL.
type PriceSourceConfig struct {
	// HTTP is the client: endpoint is the URL of the file; auth, TLS, headers, proxy,
	// and timeout (default 30s) of a whole request.
	HTTP confighttp.ClientConfig `mapstructure:",squash"`

	// Interval is the time between two fetches, 1h to 24h. Default: 24h.
	Interval time.Duration `mapstructure:"interval"`

	// prevent unkeyed literal initialization
	_ struct{}
}

var _ confmap.Unmarshaler = (*PriceSourceConfig)(nil)

// Unmarshal sets the defaults of an item of a list, which has no others.
func (s *PriceSourceConfig) Unmarshal(conf *confmap.Conf) error {
	s.HTTP = confighttp.NewDefaultClientConfig()
	s.HTTP.Timeout = defaultSourceTimeout
	s.Interval = defaultSourceInterval
	return conf.Unmarshal(s)
}

// validatePriceSources does not quote addresses: they may hold a token.
func validatePriceSources(sources []PriceSourceConfig) error {
	var errs []error
	fail := func(i int, key, format string, args ...any) {
		errs = append(errs, fmt.Errorf("prices::sources::%d::%s: %s", i, key, fmt.Sprintf(format, args...)))
	}
	seen := map[string]int{}
	for i := range sources {
		s := &sources[i]
		address, err := url.Parse(s.HTTP.Endpoint)
		switch {
		case err != nil || address.Host == "" || address.Scheme != "http" && address.Scheme != "https":
			fail(i, "endpoint", "must be an http or https URL")
		case address.User != nil:
			fail(i, "endpoint", "must not contain a user or password, use auth")
		}
		if first, twice := seen[s.HTTP.Endpoint]; twice {
			fail(i, "endpoint", "is that of prices::sources::%d too", first)
		} else {
			seen[s.HTTP.Endpoint] = i
		}
		if s.HTTP.Timeout <= 0 {
			fail(i, "timeout", "must be above 0, is %v", s.HTTP.Timeout)
		}
		if s.Interval < minSourceInterval || s.Interval > maxSourceInterval {
			fail(i, "interval", "must be %v to %v, is %v", minSourceInterval, maxSourceInterval, s.Interval)
		}
	}
	return errors.Join(errs...)
}
