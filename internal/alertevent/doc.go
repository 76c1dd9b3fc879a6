// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

// Package alertevent is the contract between what raises alerts and what tells
// people of them: an alert is an OTLP log record, and this package alone
// writes and reads it.
//
// The record's scope is [ScopeName], its event name [EventName]. Severity
// number and text follow the severity label, the body is the one line a person
// reads, and the attributes are:
//
//	arc.alert.name          string  the rule's alert name
//	arc.alert.state         string  firing or resolved
//	arc.alert.fingerprint   string  16 hex digits over the labels, stable over time
//	arc.alert.labels        map     all labels, alertname and severity among them
//	arc.alert.annotations   map     rendered annotations
//	arc.alert.value         double  the expression's value, when it has one
//	arc.alert.starts_at     string  RFC 3339, when it began to fire
//	arc.alert.ends_at       string  RFC 3339, when it was resolved; resolved alerts only
//	arc.alert.generator_url string  where the expression can be looked at; when known
//	arc.alert.group.key     string  what alerts that are told together share, stable over time; when grouped
//	arc.alert.group.labels  map     the labels that the group's alerts have in common; when grouped
//
// The records of a group that is told leave in one batch: all its alerts that
// fire, and those that are over since the last time.
//
// The trace context of the record is that of an example of what went wrong,
// when one is known.
package alertevent
