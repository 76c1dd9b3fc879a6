// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

//go:generate go tool -modfile ../../internal/tools/go.mod mdatagen metadata.yaml

// Package webhookexporter posts alerts to a webhook, by default as Alertmanager's
// webhook receiver does.
package webhookexporter
