// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

// Package packaging tests what people install: the packages, the systemd unit,
// the compose file and the Helm chart. It is a module of its own so that the
// tools it needs are not among those of the Collector.
package packaging
