// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

// Package routing chooses the receivers of alerts by a routing tree in
// Alertmanager's shape and with its meaning.
//
// Alertmanager's own package for that, dispatch, is not used: its configuration
// stops at the first error and does not name its key, and it would add 48 packages
// to the distribution, among them Alertmanager's cluster and all its notifiers. The
// parsers of matchers, durations and time intervals are Alertmanager's.
// https://prometheus.io/docs/alerting/latest/configuration/#route
package routing
