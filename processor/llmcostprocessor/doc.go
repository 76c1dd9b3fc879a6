// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

//go:generate go tool -modfile ../../internal/tools/go.mod mdatagen metadata.yaml

// Package llmcostprocessor finds the calls of language models in spans and log
// records, prices each exactly, counts it once, and keeps the spend by the hour.
package llmcostprocessor
