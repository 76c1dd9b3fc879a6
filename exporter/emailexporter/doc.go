// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

//go:generate go tool -modfile ../../internal/tools/go.mod mdatagen metadata.yaml

// Package emailexporter sends notifications of alerts by email, through an SMTP
// server.
package emailexporter
