// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

// Package pipelinecheckconverter reads the whole configuration when it is loaded, and
// reports what each component by itself cannot see: an order of processors in which
// rules miss costs, notifiers that no alert reaches, extensions that are not started.
// It changes nothing.
package pipelinecheckconverter
