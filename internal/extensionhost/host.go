// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

// Package extensionhost gives a wrapped upstream component extensions that the
// Collector's configuration does not have.
package extensionhost

import (
	"maps"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componentstatus"
)

type host struct {
	component.Host
	extensions map[component.ID]component.Component
}

var _ componentstatus.Reporter = host{}

// With returns a host that has more extensions. They take the place of those of the
// same ID.
func With(of component.Host, more map[component.ID]component.Component) component.Host {
	extensions := map[component.ID]component.Component{}
	maps.Copy(extensions, of.GetExtensions())
	maps.Copy(extensions, more)
	return host{of, extensions}
}

// GetExtensions are those of the host, and the others.
func (h host) GetExtensions() map[component.ID]component.Component { return h.extensions }

// Report forwards a status.
func (h host) Report(event *componentstatus.Event) { componentstatus.ReportStatus(h.Host, event) }
