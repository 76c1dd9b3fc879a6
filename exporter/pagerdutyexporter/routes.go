// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package pagerdutyexporter

import (
	"fmt"

	"go.opentelemetry.io/collector/config/configopaque"

	"github.com/otelcol-arc/otelcol-arc/internal/alertevent"
	"github.com/otelcol-arc/otelcol-arc/internal/notify"
)

// Route sets which service is notified of the alerts that match.
type Route struct {
	// Matchers are conditions on labels in Alertmanager's syntax, such as
	// team="payments" or model=~"gpt.*", all of which must hold. No default.
	Matchers []string `mapstructure:"matchers"`

	// RoutingKey is the secret integration key of the service. No default.
	RoutingKey configopaque.String `mapstructure:"routing_key"`

	// prevent unkeyed literal initialization
	_ struct{}
}

func (c *Config) validateRoutes() []error {
	var errs []error
	for i, r := range c.Routes {
		for _, err := range r.filter().Problems() {
			errs = append(errs, fmt.Errorf("routes::%d::%w", i, err))
		}
		if len(r.Matchers) == 0 {
			errs = append(errs, fmt.Errorf("routes::%d::matchers: must not be empty, the service of all other alerts is that of routing_key", i))
		}
		// Without any key the exporter is off; with some of them alone, nobody would
		// be notified of alerts that somebody relies on.
		if r.RoutingKey == "" && c.RoutingKey != "" {
			errs = append(errs, fmt.Errorf("routes::%d::routing_key: must not be empty", i))
		}
		if r.RoutingKey != "" && c.RoutingKey == "" {
			errs = append(errs, fmt.Errorf("routing_key: must not be empty when routes::%d has one, it is that of all other alerts", i))
		}
	}
	return errs
}

func (r Route) filter() notify.FilterConfig { return notify.FilterConfig{Matchers: r.Matchers} }

// routing chooses the service that is notified of an alert.
type routing struct {
	routes    []compiledRoute
	otherwise string
}

type compiledRoute struct {
	filter notify.Filter
	key    string
}

func newRouting(c *Config) routing {
	r := routing{otherwise: string(c.RoutingKey)}
	for _, route := range c.Routes {
		filter := notify.Filter{Matchers: route.filter().Compile()}
		r.routes = append(r.routes, compiledRoute{filter: filter, key: string(route.RoutingKey)})
	}
	return r
}

// key is that of the first route that matches. It depends on the labels alone, so
// that firing and resolved events of an alert have the same route.
func (r routing) key(alert alertevent.Alert) string {
	for _, route := range r.routes {
		if route.filter.Pass(alert) {
			return route.key
		}
	}
	return r.otherwise
}

// secrets are all keys.
func (r routing) secrets() []string {
	keys := []string{r.otherwise}
	for _, route := range r.routes {
		keys = append(keys, route.key)
	}
	return keys
}
