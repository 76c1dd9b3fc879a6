// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

//go:generate go tool -modfile ../../internal/tools/go.mod mdatagen metadata.yaml

// Package notify is the common part of the notifiers. A notifier keeps state, not a
// queue: for each channel and alert the state to be sent and the state that was sent.
// A worker per channel sends the difference. The package also filters alerts by
// channel, classifies responses as accepted, retryable, throttled or permanently
// rejected, renders templates, and redacts secrets from errors.
package notify
