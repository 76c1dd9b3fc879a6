// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

// Package dashboards holds simple in-memory sources for tests of the dashboard.
package dashboards
