// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

//go:generate go tool -modfile ../../internal/tools/go.mod mdatagen metadata.yaml

// Package dashboardextension serves the dashboard, and the JSON API below it, which
// show what LLM calls cost, where, and what is wrong. What it shows it asks of
// processors that have shown themselves to it (internal/dashboard).
package dashboardextension
