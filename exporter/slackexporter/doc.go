// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

//go:generate go tool -modfile ../../internal/tools/go.mod mdatagen metadata.yaml

// Package slackexporter tells a Slack channel of alerts, through an incoming
// webhook.
package slackexporter
