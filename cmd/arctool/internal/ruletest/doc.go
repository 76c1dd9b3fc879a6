// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

// Package ruletest runs unit tests of Prometheus rules, written in the format
// of "promtool test rules", and reports promtool's outcome.
//
// promtool is a program, not a library. This package uses the same packages of
// Prometheus: the series notation, the storage, the query engine and the rules.
//
// The format: https://prometheus.io/docs/prometheus/latest/configuration/unit_testing_rules/
package ruletest
