// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

// Package elasticsearchexporter is the elasticsearch exporter of
// opentelemetry-collector-contrib with a default queue that its Validate accepts, and
// that stops soon, whatever the node does. It takes responses of OpenSearch, too.
package elasticsearchexporter
