// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

//go:generate go tool -modfile ../../internal/tools/go.mod mdatagen metadata.yaml

// Package notify is what the notifiers share. A notifier is state, not a queue: it
// keeps, for each of its channels and each alert, what is to be notified and what
// was, and a worker of the channel sends the difference. The rest is which alerts a
// channel is for, how a vendor's response decides between done, retry, throttle and
// giving up, templates, and how secrets stay out of errors.
package notify
