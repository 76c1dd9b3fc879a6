// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

// Package sharedcore lets the instances that the Collector builds of one
// component ID, one for each pipeline that names it, share one core.
//
// The Collector creates a processor once per pipeline but hands every instance
// of one ID the same configuration pointer, so the pointer identifies the
// core; two IDs (llm_cost/a, llm_cost/b) never meet. The life of a core:
//
//	create      first instance created          Map.Join
//	Start       first instance started          background work begins
//	Stop        first instance shut down        background work ends
//	Close       last instance shut down         state is persisted
//
// Between Stop and Close the instances that have not shut down continue to process
// what reaches them: the Collector shuts a pipeline down from its receivers to its
// exporters, and what a processor upstream flushes meanwhile has still to be
// handled. What the core emits by itself leaves through an [Emitter] per
// instance; an emitter that has been closed is never written to. What reaches an
// instance before its own start is rejected: [Instance.Ready]. The status of the
// core is reported to the hosts of all instances: [Hosts].
package sharedcore
