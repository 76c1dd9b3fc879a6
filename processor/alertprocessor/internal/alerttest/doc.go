// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

// Package alerttest has metrics and doubles of stores for the tests of the alert
// processor and of its packages.
package alerttest
