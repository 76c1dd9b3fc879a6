// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

// Package health keeps the problems of a component that does not stop for them, and
// reports each to the host, and logs it, when it begins and ends. A component has one
// status: the end of one problem must not hide another.
package health
