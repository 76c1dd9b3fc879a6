// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package conversation

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/otelcol-arc/otelcol-arc/internal/dashboard"
)

var start = time.Date(2026, 3, 2, 10, 0, 0, 0, time.UTC)

func call(span, parent string, second int, dollars float64) dashboard.Call {
	took := 2.0
	return dashboard.Call{
		ID: span, SpanID: span, ParentID: parent, Time: start.Add(time.Duration(second) * time.Second), Status: "success", Dollars: &dollars, Seconds: &took,
		Values: []string{"gpt-4o"}, Tokens: dashboard.Tokens{Input: 10, Output: 1},
	}
}

func step(span, parent string, second int) dashboard.Step {
	return dashboard.Step{SpanID: span, ParentID: parent, Name: span, Start: start.Add(time.Duration(second) * time.Second), End: start.Add(time.Minute)}
}

func draw(nodes []*Node) string {
	var lines []string
	for _, n := range nodes {
		name := "call " + n.spanID
		if n.Step != nil {
			name = n.Step.Name
		}
		lines = append(lines, fmt.Sprintf("%s%s $%g %d", strings.Repeat(" ", n.Depth), name, n.Sum.Dollars, n.Sum.Calls))
	}
	return strings.Join(lines, "\n")
}

func TestTree(t *testing.T) {
	calls := []dashboard.Call{call("c3", "tool", 9, 4), call("c1", "agent", 3, 1), call("c2", "agent", 5, 2), call("c4", "unknown", 1, 8), call("", "agent", 7, 16)}
	steps := []dashboard.Step{step("tool", "agent", 6), step("agent", "http", 0), step("idle", "agent", 1), step("agent", "http", 0)}
	assert.Equal(t, "call c4 $8 1\nagent $23 4\n call c1 $1 1\n call c2 $2 1\n call  $16 1\n tool $4 1\n  call c3 $4 1", draw(Tree(calls, steps)))
	assert.Empty(t, Tree(nil, steps))
}

// Spans that contain each other, or themselves, lose no call.
func TestSpansThatContainThemselves(t *testing.T) {
	nodes := Tree([]dashboard.Call{call("c", "a", 1, 1), call("d", "d", 2, 1), call("e", "c", 3, 1)}, []dashboard.Step{step("a", "b", 0), step("b", "a", 0), step("s", "s", 0)})
	found := 0
	sum := 0.0
	for _, n := range nodes {
		if n.Call != nil {
			found++
		}
		if n.Depth == 0 {
			sum += n.Sum.Dollars
		}
	}
	assert.Equal(t, 3, found)
	assert.InDelta(t, 3., sum, 0)
}

func TestGroups(t *testing.T) {
	a, b, c := call("a", "", 10, 1), call("b", "", 4, 2), call("c", "", 6, 3)
	a.Session, b.Session, b.Agent, a.Agent, b.Status = "s", "s", "writer", "reader", "timeout"
	c.Dollars = nil
	groups, without := Of([]dashboard.Call{a, b, c}, BySession)
	assert.Equal(t, 1, without)
	g := groups[0]
	assert.Equal(t, "s", g.ID)
	assert.InDelta(t, 3., g.Dollars, 0)
	assert.EqualValues(t, 1, g.Failed())
	assert.Equal(t, 8*time.Second, g.Took(), "from the start of the first to the end of the last")
	assert.Equal(t, []string{"reader", "writer"}, g.Agents)
	assert.Equal(t, []string{"gpt-4o"}, g.Models)
	for _, order := range Orders {
		more := append([]Group{{ID: "x", Dollars: 9, Calls: 9, Errors: 9, Tokens: dashboard.Tokens{Input: 99}, From: start, To: start.Add(time.Hour)}}, g)
		Sort(more, order)
		assert.Equal(t, "x", more[0].ID, order)
	}
}
