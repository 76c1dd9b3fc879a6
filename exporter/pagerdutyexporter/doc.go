// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

//go:generate go tool -modfile ../../internal/tools/go.mod mdatagen metadata.yaml

// Package pagerdutyexporter opens and resolves PagerDuty alerts, through the
// Events API v2.
package pagerdutyexporter
