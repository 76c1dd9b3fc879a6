// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

// Package dashboard is what the dashboard's extension asks and the processors
// answer. A processor looks among the host's extensions for a [Board] when it
// starts, and shows itself there until it stops; neither side needs the other.
package dashboard
