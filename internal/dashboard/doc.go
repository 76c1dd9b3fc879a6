// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

// Package dashboard is the interface between the dashboard extension and the
// processors. When a processor starts, it looks for an [Extension] among the host's
// extensions, and registers as a data source until it stops. Neither side requires the
// other.
package dashboard
