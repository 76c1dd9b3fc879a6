// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package pagerdutyexporter

import (
	"testing"

	"go.opentelemetry.io/collector/component"

	"github.com/otelcol-arc/otelcol-arc/internal/testkit/notifier"
)

func TestSecretsAreKept(t *testing.T) {
	const routed = "fedcba9876543210fedcba9876543210"
	vendors := notifier.HTTPVendors()
	vendors["200 repeats"] = notifier.RepeatsAs("%s")
	notifier.KeepsSecrets(t, NewFactory(), vendors, func(cfg component.Config, address string) {
		c := cfg.(*Config)
		c.Endpoint, c.RoutingKey = "http://"+address, routingKey
		c.Routes = []Route{{Matchers: []string{"team=payments"}, RoutingKey: routed}}
	}, routingKey, routed)
}
