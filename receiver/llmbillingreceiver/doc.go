// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

//go:generate go tool -modfile ../../internal/tools/go.mod mdatagen metadata.yaml

// Package llmbillingreceiver asks providers of models what they billed, and emits it as
// metrics by day. llm_cost compares it with what was counted.
//
// internal/report has the cost APIs: one file for each provider, which asks for a range of
// days and reads the pages. account.go asks regularly and keeps what was reported; the
// scraper emits it.
package llmbillingreceiver
