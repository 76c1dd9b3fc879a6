// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

// Package rulecheck reports everything that is wrong with a file of Prometheus
// rules at once, and where.
//
// The judge is Prometheus' own rulefmt: a file that it takes has no problem
// here, but for rules that write the same series. rulefmt ends at the first
// field it does not know or cannot read, and knows no position for templates
// and labels; so this package reads the fields one by one and lets rulefmt
// judge each rule.
package rulecheck
