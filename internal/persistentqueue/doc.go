// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

// Package persistentqueue prepares what the persistent queue of exporterhelper (v0.165)
// has in a storage, before the queue reads it.
//
// When that queue starts it deletes the requests that were being sent when the process
// ended, and then puts them back one by one. A process that is killed in between has lost
// those that were not put back. Restore puts them back first, in one batch, so that
// the queue finds none to move.
//
// The layout is that of exporterhelper: one key with the metadata, and one for each request,
// its index.
// https://github.com/open-telemetry/opentelemetry-collector/blob/main/exporter/exporterhelper/internal/queue/meta.proto
package persistentqueue
