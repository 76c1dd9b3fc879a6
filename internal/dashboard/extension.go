// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package dashboard

import (
	"errors"

	"go.opentelemetry.io/collector/component"
)

// Extension is an extension that shows data of processors. Its methods and those of
// the sources may be called at any time from several goroutines. The functions that
// they return remove the source, and may be called more than once.
type Extension interface {
	ShowUsage(id component.ID, source Usage) (hide func())
	ShowAlerts(id component.ID, source Alerts) (hide func())
}

// ErrReadOnly is returned for a change that the configuration does not allow.
var ErrReadOnly = errors.New("read-only: silences need writable of the dashboard extension and silences_from_dashboard of the alert processor")

// Extensions returns the extensions of a host that implement Extension.
func Extensions(host component.Host) []Extension {
	var found []Extension
	for _, e := range host.GetExtensions() {
		if e, ok := e.(Extension); ok {
			found = append(found, e)
		}
	}
	return found
}
