// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

// Package explain shows what llm_cost makes of telemetry, record by record, for
// arctool explain.
package explain
