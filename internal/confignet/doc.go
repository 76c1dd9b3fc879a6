// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

// Package confignet stands in for the Collector's package of this name: the same
// addresses, but what listens bounds the connections of the process.
//
// The servers of the Collector's components accept without a limit: whoever opens
// connections and sends nothing takes all file descriptors, and nobody else can send,
// no backend can be reached and no file opened. No configuration of the components
// bounds that, and each of them listens through this package. Their servers also wait
// without a limit, when they stop, for requests that never end: here connections are
// closed soon after their listener. To be removed when the Collector's servers bound both.
package confignet
