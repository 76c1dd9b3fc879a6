// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

// Package alertevent is the contract between the alert processor and the notifiers: an
// alert is an OTLP log record, and only this package writes and reads it.
//
// The record's scope is [ScopeName], its event name [EventName]. Severity
// number and text follow the severity label, the body is one line for humans, the
// timestamp is the time of the decision to notify, and the attributes are:
//
//	arc.alert.name          string  the rule's alert name
//	arc.alert.state         string  firing or resolved
//	arc.alert.fingerprint   string  16 hex digits over the labels, stable over time
//	arc.alert.labels        map     all labels, alertname and severity among them
//	arc.alert.annotations   map     rendered annotations
//	arc.alert.value         double  the expression's value, when it has one
//	arc.alert.starts_at     string  RFC 3339, since when it fires
//	arc.alert.ends_at       string  RFC 3339, when it was resolved; resolved alerts only
//	arc.alert.generator_url string  a page that shows the expression; when known
//	arc.alert.group.key     string  identifies the group, stable over time; when grouped
//	arc.alert.group.labels  map     the labels that the group's alerts have in common; when grouped
//	arc.alert.batch.id      string  identifies the alerts that were decided at once, such as in one evaluation
//	arc.alert.receiver      string  the receiver that a route chose; absent without routes
//
// All alerts of an evaluation are emitted to a logs pipeline in one batch, the most
// severe first: of a group, all its alerts that fire, and those that were resolved
// since its last notification. Alerts of one batch ID that are not grouped are one
// digest.
//
// A batch that a pipeline rejects is sent again, together with later alerts. The
// timestamp and the batch ID stay the same, so a notifier that has the alert in this
// or a later state can ignore the record. A record that repeats an alert (repeat
// interval) has a timestamp of its own and carries the full state.
//
// The trace context of the record is that of an example, such as a failed call, when
// one is known.
package alertevent
