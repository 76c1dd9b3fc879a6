// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

// Package version describes what a program was built of.
package version

import (
	"fmt"
	"runtime/debug"
	"strings"
	"time"

	"github.com/otelcol-arc/otelcol-arc/processor/llmcostprocessor/pricelist"
)

// Describe returns what a report of a fault needs: the version of a program and the
// commit, the Collector's version, and the age of the built-in prices.
func Describe(program, version string) (string, error) {
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
		program + " " + version,
		"commit: " + commit,
		"Collector: " + collector,
		fmt.Sprintf("built-in prices: %d models of %s", prices.Len(), prices.Date().Format(time.DateOnly)),
	}, "\n"), nil
}
