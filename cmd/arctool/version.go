// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"runtime/debug"
	"strings"
	"time"

	"github.com/otelcol-arc/otelcol-arc/processor/llmcostprocessor/pricelist"
)

// version is that of builder-config.yaml; the Makefile sets it.
var version = "unreleased"

// describeVersion is what a report of a fault needs: the version and the commit, the
// Collector's version, and the age of the built-in prices.
func describeVersion() (string, error) {
	prices, err := pricelist.Open(nil)
	if err != nil {
		return "", err
	}
	commit, collector := "unknown", "unknown"
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, setting := range info.Settings {
			if setting.Key == "vcs.revision" {
				commit = setting.Value
			}
		}
		for _, module := range info.Deps {
			if module.Path == "go.opentelemetry.io/collector/exporter/exporterhelper" {
				collector = module.Version
			}
		}
	}
	return strings.Join([]string{
		"arctool " + version,
		"commit: " + commit,
		"Collector: " + collector,
		fmt.Sprintf("built-in prices: %d models of %s", prices.Len(), prices.Date().Format(time.DateOnly)),
	}, "\n"), nil
}
