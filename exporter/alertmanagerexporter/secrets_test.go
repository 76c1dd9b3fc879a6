// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package alertmanagerexporter

import (
	"testing"

	"go.opentelemetry.io/collector/component"

	"github.com/otelcol-arc/otelcol-arc/internal/testkit/notifier"
)

func TestSecretsAreKept(t *testing.T) {
	notifier.KeepsSecrets(t, NewFactory(), notifier.HTTPVendors(), func(cfg component.Config, address string) {
		c := cfg.(*Config)
		c.Endpoints = []string{"http://" + address}
		c.HTTP.Headers.Set("X-Key", "TOPSECRETHEADER")
	}, "TOPSECRETHEADER")
}
