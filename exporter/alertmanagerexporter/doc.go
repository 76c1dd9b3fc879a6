// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

//go:generate go tool -modfile ../../internal/tools/go.mod mdatagen metadata.yaml

// Package alertmanagerexporter posts alerts to the v2 API of one or several
// Alertmanagers, and posts them again for as long as they fire.
package alertmanagerexporter
