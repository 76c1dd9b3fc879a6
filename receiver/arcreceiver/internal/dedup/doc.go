// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

// Package dedup remembers what was accepted lately, in bounded memory, so that
// what is sent again can be distinguished from what is new.
package dedup
