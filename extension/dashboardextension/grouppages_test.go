// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package dashboardextension

import (
	"encoding/csv"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-arc/otelcol-arc/extension/dashboardextension/internal/text"
)

// The sessions and the traces of a period have the cost of its calls.
func TestGroupsAddUp(t *testing.T) {
	r := newRig(t)
	calls := data[[]listedCall](r, "/api/calls?from=2026-03-15&to=2026-03-16&limit=1000")
	want := 0.0
	for _, call := range calls {
		want += call.Cost
	}
	for _, path := range []string{"sessions", "traces"} {
		groups := data[[]groupSumJSON](r, "/api/"+path+"?from=2026-03-15&to=2026-03-16")
		sum, n := 0.0, int64(0)
		for i, group := range groups {
			sum += float64(group.Cost)
			n += group.Calls
			if i > 0 {
				assert.GreaterOrEqual(t, groups[i-1].Cost, group.Cost, "the most expensive first")
			}
		}
		assert.InDelta(t, want, sum, 1e-9, path)
		assert.EqualValues(t, len(calls), n, path)
		page := r.get("/" + path + "?from=2026-03-15&to=2026-03-16").Body.String()
		assert.Contains(t, page, `<dt>Cost</dt><dd><span class="num">`+text.Dollars(want)+`</span>`, path)
		assert.Contains(t, page, groups[0].ID, path)
		lines, err := csv.NewReader(r.get("/api/" + path + "?from=2026-03-15&to=2026-03-16&format=csv&order=calls&limit=3").Body).ReadAll()
		require.NoError(t, err)
		assert.Len(t, lines, 4, path)
		for _, order := range []string{"calls", "failed", "tokens", "duration", "time"} {
			assert.Contains(t, r.get("/"+path+"?order="+order).Body.String(), `aria-sort="descending"`, order)
		}
		assert.Equal(t, http.StatusBadRequest, r.get("/"+path+"?order=joy").Code)
	}
}

// From a session to its traces, and to its calls.
func TestSessionLeadsToItsTraces(t *testing.T) {
	r := newRig(t)
	group := data[[]groupSumJSON](r, "/api/sessions?from=2026-03-15T15:00:00Z&to=2026-03-16T15:00:00Z")[0]
	found := links(t, r.get("/sessions").Body.String())
	assert.Contains(t, found, "/traces?session="+group.ID)
	assert.Contains(t, found, "/calls?csort=time&session="+group.ID)
	assert.Contains(t, r.get("/traces?session="+group.ID).Body.String(), `<dt>Calls</dt><dd><span class="num">`+text.Count(group.Calls)+`</span>`)
	r.usage.Dropped = 7
	assert.Contains(t, r.get("/sessions").Body.String(), "Sums of the calls that are kept: the newest 50,000")
}

// The tree of a trace has the cost at each node.
func TestTraceHasItsTree(t *testing.T) {
	r := newRig(t)
	var trace string
	for id := range r.usage.StepsOf {
		trace = id
	}
	nodes := data[[]nodeJSON](r, "/api/traces/"+trace)
	require.Len(t, nodes, 4)
	assert.Equal(t, []string{"step", "call", "step", "call"}, []string{nodes[0].Kind, nodes[1].Kind, nodes[2].Kind, nodes[3].Kind})
	assert.Equal(t, []int{0, 1, 1, 2}, []int{nodes[0].Depth, nodes[1].Depth, nodes[2].Depth, nodes[3].Depth})
	assert.InDelta(t, float64(nodes[1].Cost+nodes[3].Cost), float64(nodes[0].Cost), 1e-12)
	page := r.get("/traces/" + trace).Body.String()
	for _, want := range []string{"invoke_agent researcher", "execute_tool search", `class="d2"`, `href="/calls/` + nodes[3].CallID + `"`, text.Dollars(float64(nodes[0].Cost))} {
		assert.Contains(t, page, want)
	}
	assert.Equal(t, http.StatusNotFound, r.get("/traces/none").Code)
	assert.Equal(t, http.StatusNotFound, r.get("/api/traces/"+strings.Repeat("0", 32)).Code)
	assert.Contains(t, newEmptyRig(t).get("/traces").Body.String(), "No <code>llm_cost</code> processor is running")
}
