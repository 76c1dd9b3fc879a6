// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

// Package identity decides which records report the same call of a model.
//
// A [Cache] remembers records for a while. Records of one call form a group, and
// the group is a function of the set of records that are remembered, whatever
// the order and the batches in which they arrived. When a record changes a group
// that was counted before, the cache returns a [Change]: what to take out of the
// ledger and what to put in.
//
// Records are grouped by these rules, the first that applies first:
//
//	same_span     the same trace and span ID: a span and its log event, a retried export
//	response_id   the same response ID of the provider and the same resource, or
//	              another resource at the same time and compatible usage
//	nested        a span around another, no other call between, compatible usage
//	stream        the request of a stream and the record of its end, in one scope
//	concurrent    different scopes of one resource, or its spans and its log records, at the
//	              same time, equal usage
//
// More than a thousand records that are related to each other are not the calls of one
// application: response IDs are made up there, and each span around a call counts as
// an aggregate. So what a record costs does not grow with their number.
//
// The last rule is a heuristic and can be switched off. The package knows
// neither pdata nor a clock.
package identity
