// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

//go:generate go tool -modfile ../../internal/tools/go.mod mdatagen metadata.yaml

// Package teamsexporter notifies Microsoft Teams of alerts, through the webhook of a
// workflow.
package teamsexporter
