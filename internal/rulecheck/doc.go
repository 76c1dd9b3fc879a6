// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

// Package rulecheck reports everything that is wrong with a file of Prometheus
// rules at once, and where.
//
// Validation is that of Prometheus' own rulefmt: a file that rulefmt accepts has no
// problem here, except for rules that write the same series. rulefmt stops at the
// first field that it does not know or cannot read, and has no position for errors in
// templates and labels. So this package reads the fields one by one and lets rulefmt
// validate each rule.
package rulecheck
