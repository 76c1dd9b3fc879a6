// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

//go:generate go tool -modfile ../../internal/tools/go.mod mdatagen metadata.yaml

// Package logfilesexporter writes log records to a file, rotates it by size and time, and
// removes what is older than a configured time.
//
// Contrib's file exporter rotates and removes only when it writes: what a quiet service
// wrote stays.
package logfilesexporter
