// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package llmbillingreceiver

import (
	"errors"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"
	"time"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/config/confighttp"
	"go.opentelemetry.io/collector/config/configopaque"
	"go.opentelemetry.io/collector/confmap"
	"go.opentelemetry.io/collector/scraper/scraperhelper"

	"github.com/otelcol-arc/otelcol-arc/receiver/llmbillingreceiver/internal/report"
)

const (
	defaultInterval        = time.Hour
	defaultBedrockInterval = 12 * time.Hour // a request costs money
	minInterval            = 10 * time.Minute
	maxInterval            = 24 * time.Hour
	defaultTimeout         = 30 * time.Second
	defaultDays            = 14
	maxDays                = 90
	defaultMaxItems        = 1000
	defaultAccount         = "default"
)

// Config of the receiver.
type Config struct {
	// ControllerConfig sets how often what the providers reported last is emitted:
	// collection_interval, 1m by default. They are asked at the interval of the account.
	scraperhelper.ControllerConfig `mapstructure:",squash"`

	// Accounts are those that are asked. Required.
	Accounts []AccountConfig `mapstructure:"accounts"`

	// Days is how many days back are asked for and emitted, today included, 3 to 90.
	// Providers correct the bill of past days. Default: 14.
	Days int `mapstructure:"days"`

	// MaxItems bounds the items of a day of an account. More are added up as (others).
	// Default: 1000.
	MaxItems int `mapstructure:"max_items"`

	// StorageID is the storage extension that keeps what was reported across restarts.
	// Default: none.
	StorageID *component.ID `mapstructure:"storage"`

	// prevent unkeyed literal initialization
	_ struct{}
}

// AccountConfig is an account at a provider.
type AccountConfig struct {
	// Provider is openai, anthropic, openrouter or bedrock. Required.
	Provider string `mapstructure:"provider"`

	// Name is the label account. Required where a provider has several accounts.
	// Default: default.
	Name string `mapstructure:"name"`

	// Key is an admin key: of OpenAI (sk-admin-…) or Anthropic (sk-ant-admin…), or a
	// management key of OpenRouter. An account whose key is empty is not asked. Bedrock
	// has none: requests are signed by the extension sigv4auth, under auth.
	Key configopaque.String `mapstructure:"key"`

	// Interval is the time between two requests for the reports, 10m to 24h.
	// Default: 1h, and 12h for bedrock.
	Interval time.Duration `mapstructure:"interval"`

	// HTTP is the client: endpoint, by default that of the provider, TLS, proxy, headers,
	// auth, and timeout (default 30s) of a request.
	HTTP confighttp.ClientConfig `mapstructure:",squash"`

	// prevent unkeyed literal initialization
	_ struct{}
}

var (
	_ confmap.Unmarshaler = (*AccountConfig)(nil)
	_ confmap.Validator   = (*Config)(nil)
)

// Unmarshal sets the defaults of an item of a list, which has no others.
func (a *AccountConfig) Unmarshal(conf *confmap.Conf) error {
	a.HTTP = confighttp.NewDefaultClientConfig()
	a.HTTP.Timeout = defaultTimeout
	a.Name = defaultAccount
	if err := conf.Unmarshal(a); err != nil {
		return err
	}
	if a.Interval == 0 {
		a.Interval = defaultInterval
		if a.Provider == "bedrock" {
			a.Interval = defaultBedrockInterval
		}
	}
	if provider := report.Providers[a.Provider]; provider != nil && a.HTTP.Endpoint == "" {
		a.HTTP.Endpoint = provider.Endpoint
	}
	return nil
}

// hasAccess reports whether there is a key, or the provider needs none.
func (a *AccountConfig) hasAccess() bool {
	return a.Key != "" || report.Providers[a.Provider].Authorize == nil
}

// Validate reports all errors. It does not quote keys.
func (c *Config) Validate() error {
	var errs []error
	if c.Days < 3 || c.Days > maxDays {
		errs = append(errs, fmt.Errorf("days: must be 3 to %d, is %d", maxDays, c.Days))
	}
	if c.MaxItems < 1 {
		errs = append(errs, fmt.Errorf("max_items: must be 1 or more, is %d", c.MaxItems))
	}
	if len(c.Accounts) == 0 {
		errs = append(errs, errors.New("accounts: at least one is required"))
	}
	seen := map[[2]string]int{}
	for i := range c.Accounts {
		errs = append(errs, c.Accounts[i].validate(i, seen)...)
	}
	return errors.Join(errs...)
}

func (a *AccountConfig) validate(i int, seen map[[2]string]int) (errs []error) {
	fail := func(key, format string, args ...any) {
		errs = append(errs, fmt.Errorf("accounts::%d::%s: %s", i, key, fmt.Sprintf(format, args...)))
	}
	provider := report.Providers[a.Provider]
	if provider == nil {
		fail("provider", "must be one of %s, is %q", strings.Join(slices.Sorted(maps.Keys(report.Providers)), ", "), a.Provider)
		return errs
	}
	if a.Name == "" {
		fail("name", "must not be empty")
	}
	if first, twice := seen[[2]string{a.Provider, a.Name}]; twice {
		fail("name", "is that of accounts::%d too, at the same provider", first)
	} else {
		seen[[2]string{a.Provider, a.Name}] = i
	}
	if a.Interval < minInterval || a.Interval > maxInterval {
		fail("interval", "must be %v to %v, is %v", minInterval, maxInterval, a.Interval)
	}
	if a.HTTP.Timeout <= 0 {
		fail("timeout", "must be above 0, is %v", a.HTTP.Timeout)
	}
	if address, err := url.Parse(a.HTTP.Endpoint); err != nil || address.Host == "" || address.Scheme != "http" && address.Scheme != "https" || address.User != nil || address.RawQuery != "" {
		fail("endpoint", "must be an http or https URL without user, password and query")
	}
	if provider.Authorize == nil {
		if !a.HTTP.Auth.HasValue() {
			fail("auth", "is required: %s signs the requests", provider.Key)
		}
		if a.Key != "" {
			fail("key", "is not used by %s: %s signs the requests", a.Provider, provider.Key)
		}
	}
	return errs
}
