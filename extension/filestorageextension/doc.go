// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

// Package filestorageextension is the file_storage extension of
// opentelemetry-collector-contrib, with two things more: a file that bbolt would panic
// over is found before it is opened, and a queue finds what was being sent at its front.
package filestorageextension
