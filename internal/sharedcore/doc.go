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
// Between Stop and Close the instances that still stand go on processing what
// reaches them: the Collector shuts a pipeline down from its receivers to its
// exporters, and what a processor upstream flushes on the way has still to be
// handled. What the core emits by itself leaves through an [Outlet] per
// instance; an outlet that has been closed is never written to. What reaches an
// instance before its own start is refused: [Instance.Ready].
package sharedcore
