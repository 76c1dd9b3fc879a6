// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package conversation

import (
	"cmp"
	"slices"
	"time"

	"github.com/otelcol-arc/otelcol-arc/internal/dashboard"
)

// Node is a call, or a step with the calls and steps within it.
type Node struct {
	Depth int
	// Call is nil for a step, Step for a call.
	Call *dashboard.Call
	Step *dashboard.Step
	// Sum is that of the calls at and below the node.
	Sum      dashboard.Totals
	From, To time.Time

	spanID, parent string
	inner          []*Node
}

// Tree returns the nodes of a trace, each before those within it, in the order of their
// starts. Steps without calls are left out. What is around a node and is not kept is skipped:
// the node is then at the top.
func Tree(calls []dashboard.Call, steps []dashboard.Step) []*Node {
	spans := map[string]*Node{}
	var all []*Node
	for i := range steps {
		step := &steps[i]
		if spans[step.SpanID] != nil {
			continue // it was sent twice
		}
		node := &Node{Step: step, From: step.Start, To: step.End, spanID: step.SpanID, parent: step.ParentID}
		spans[step.SpanID] = node
		all = append(all, node)
	}
	for i := range calls {
		call := &calls[i]
		node := &Node{Call: call, From: began(call), To: call.Time, spanID: call.SpanID, parent: call.ParentID}
		Add(&node.Sum, call)
		if call.SpanID != "" && spans[call.SpanID] == nil {
			spans[call.SpanID] = node
		}
		all = append(all, node)
	}
	var top []*Node
	for _, node := range all {
		around := spans[node.parent]
		if node.parent == "" || around == nil || around.Call != nil || isWithin(around, node, spans) {
			top = append(top, node)
			continue
		}
		around.inner = append(around.inner, node)
	}
	var out []*Node
	for _, node := range byStart(top) {
		node.sum()
		out = node.flatten(out, 0)
	}
	return out
}

// isWithin reports whether the parents of a node lead to another: spans that contain
// themselves would be nowhere.
func isWithin(node, other *Node, spans map[string]*Node) bool {
	for range len(spans) + 1 {
		if node == other {
			return true
		}
		next := spans[node.parent]
		if node.parent == "" || next == nil {
			return false
		}
		node = next
	}
	return true
}

func byStart(nodes []*Node) []*Node {
	slices.SortStableFunc(nodes, func(a, b *Node) int { return cmp.Or(a.From.Compare(b.From), cmp.Compare(a.spanID, b.spanID)) })
	return nodes
}

func (n *Node) sum() {
	for _, inner := range n.inner {
		inner.sum()
		n.Sum.Calls += inner.Sum.Calls
		n.Sum.Errors += inner.Sum.Errors
		n.Sum.Timeouts += inner.Sum.Timeouts
		n.Sum.Unpriced += inner.Sum.Unpriced
		n.Sum.Dollars += inner.Sum.Dollars
		n.Sum.Tokens.Input += inner.Sum.Tokens.Input
		n.Sum.Tokens.Output += inner.Sum.Tokens.Output
	}
}

func (n *Node) flatten(to []*Node, depth int) []*Node {
	if n.Call == nil && n.Sum.Calls == 0 {
		return to
	}
	n.Depth = depth
	to = append(to, n)
	for _, inner := range byStart(n.inner) {
		to = inner.flatten(to, depth+1)
	}
	return to
}
