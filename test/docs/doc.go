// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

// Package docs tests that what the documents say is so: links lead somewhere,
// configurations load, commands are run.
package docs
