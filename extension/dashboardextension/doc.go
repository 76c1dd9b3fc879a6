// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

//go:generate go tool -modfile ../../internal/tools/go.mod mdatagen metadata.yaml

// Package dashboardextension serves the dashboard and its JSON API, which show spend,
// alerts and the collector's health. The data comes from processors that register with
// the extension (internal/dashboard).
package dashboardextension
