// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package pagerdutyexporter

import (
	"errors"
	"fmt"

	"github.com/prometheus/alertmanager/matcher/parse"
	"github.com/prometheus/alertmanager/pkg/labels"
	"github.com/prometheus/common/model"
	"go.opentelemetry.io/collector/config/configopaque"

	"github.com/otelcol-arc/otelcol-arc/internal/alertevent"
)

// Route says which service is told of the alerts that match.
type Route struct {
	// Matchers are conditions on labels in Alertmanager's syntax, such as
	// team="payments" or model=~"gpt.*", all of which must hold. No default.
	Matchers []string `mapstructure:"matchers"`

	// RoutingKey is the secret integration key of the service. No default.
	RoutingKey configopaque.String `mapstructure:"routing_key"`

	// prevent unkeyed literal initialization
	_ struct{}
}

func (r Route) parse() (labels.Matchers, error) {
	var all labels.Matchers
	var errs []error
	for i, text := range r.Matchers {
		some, err := parse.Matchers(text)
		if err != nil {
			errs = append(errs, fmt.Errorf("matchers::%d: %w", i, err))
		}
		all = append(all, some...)
	}
	if len(errs) == 0 && len(all) == 0 {
		errs = append(errs, errors.New("matchers: must not be empty, the service of all other alerts is that of routing_key"))
	}
	return all, errors.Join(errs...)
}

func (c *Config) validateRoutes() []error {
	var errs []error
	for i, r := range c.Routes {
		if _, err := r.parse(); err != nil {
			errs = append(errs, fmt.Errorf("routes::%d::%w", i, err))
		}
		if r.RoutingKey == "" && c.RoutingKey != "" {
			errs = append(errs, fmt.Errorf("routes::%d::routing_key: must not be empty", i))
		}
	}
	return errs
}

// routing chooses the service that is told of an alert.
type routing struct {
	routes    []parsedRoute
	otherwise string
}

type parsedRoute struct {
	matchers labels.Matchers
	key      string
}

func newRouting(c *Config) (routing, error) {
	r := routing{otherwise: string(c.RoutingKey)}
	for i, route := range c.Routes {
		matchers, err := route.parse()
		if err != nil {
			return routing{}, fmt.Errorf("routes::%d::%w", i, err)
		}
		r.routes = append(r.routes, parsedRoute{matchers: matchers, key: string(route.RoutingKey)})
	}
	return r, nil
}

// key is that of the first route that matches. It depends on the labels alone, so
// the end of an alert goes where its beginning went.
func (r routing) key(alert alertevent.Alert) string {
	set := make(model.LabelSet, len(alert.Labels))
	for name, value := range alert.Labels {
		set[model.LabelName(name)] = model.LabelValue(value)
	}
	for _, route := range r.routes {
		if route.matchers.Matches(set) {
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
