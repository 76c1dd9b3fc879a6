// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

// Package notification decides when people are told of alerts, and of which
// together. It knows no clock and no delivery: times come in, notifications go
// out.
//
// What an alert passes on its way:
//
//	fires ──► [Inhibitor] ──► [Silences] ──► [Book]: group, cooldown, repeat ──► [Cap] ──► told
//
// The words mean what they mean in Alertmanager. Of its packages, the parser
// of matchers serves here as it is. Its dispatcher, inhibitor and silences are
// built around a store of alerts that goroutines read, so an alert and the one
// that inhibits it may be told both when they begin together; here both are
// known before anything is decided.
package notification
