// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

// Package notify is what the exporters that tell people of alerts share: which
// records they act on, how a vendor's answer decides between done, retry,
// throttle and giving up, and how secrets stay out of errors.
package notify
