// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

//go:generate go tool -modfile ../../internal/tools/go.mod mdatagen metadata.yaml

// Package emailexporter tells people of alerts by electronic mail, through an
// SMTP server.
package emailexporter
