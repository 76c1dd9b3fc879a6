// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

// Package notification decides when recipients are notified of alerts, and of which
// together. It has no clock and delivers nothing: times come in, notifications go out.
//
// What an alert passes through:
//
//	fires ──► [Inhibitor] ──► [Silences] ──► [Log]: group, cooldown, repeat ──► [Cap] ──► notified
//
// The words mean what they mean in Alertmanager. Of its packages, the parser
// of matchers serves here as it is. Its dispatcher, inhibitor and silences are
// built around a store of alerts that goroutines read, so an alert and the one
// that inhibits it may both be notified when they start to fire together; here both
// are known before anything is decided.
package notification
