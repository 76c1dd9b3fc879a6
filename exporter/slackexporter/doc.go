// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

//go:generate go tool -modfile ../../internal/tools/go.mod mdatagen metadata.yaml

// Package slackexporter notifies a Slack channel of alerts, through an incoming
// webhook or as a bot.
package slackexporter
