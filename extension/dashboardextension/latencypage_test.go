// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package dashboardextension

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-arc/otelcol-arc/extension/dashboardextension/internal/text"
)

// The errors of a period are those of the ledger, and by type those of its calls.
func TestErrors(t *testing.T) {
	r := newRig(t)
	page := r.get("/latency?range=7d").Body.String()
	const week = "from=2026-03-09T15:00:00Z&to=2026-03-16T15:00:00Z"
	failed := int64(0)
	for _, row := range data[rangeJSON](r, "/api/usage?"+week).Rows {
		failed += row.Errors + row.Timeouts
	}
	require.Positive(t, failed)
	assert.Contains(t, page, "<dt>Failed</dt><dd><span class=\"num\">"+text.Count(failed)+"</span>")
	types := map[string]int64{}
	calls := data[[]listedCall](r, "/api/calls?limit=1000&status=failed&"+week)
	require.Len(t, calls, int(failed))
	for _, call := range calls {
		types[call.ErrorType]++
	}
	require.Len(t, types, 3)
	found := links(t, page)
	for kind, n := range types {
		address := ""
		for link, label := range found {
			if label == kind {
				address = link
			}
		}
		require.NotEmpty(t, address, kind)
		assert.Contains(t, r.get(address).Body.String(), fmt.Sprintf(`<dt>Calls</dt><dd><span class="num">%d</span>`, n), address)
	}
	assert.Contains(t, page, "Time to the first token")
	assert.Contains(t, page, `href="/calls/`+calls[0].ID+`"`, "the newest failed call")
	for _, by := range []string{"model", "service.name", "user.id"} {
		assert.Contains(t, r.get("/latency?by="+by).Body.String(), "Failed calls by hour and", by)
	}
}

// Hours that the ledger has added up are shown, and exported, as days.
func TestErrorsOfHoursThatAreDaysByNow(t *testing.T) {
	r := newRig(t)
	r.usage.HoursSince = rigNow.Truncate(time.Hour)
	page := r.get("/latency?range=7d").Body.String()
	assert.Contains(t, page, "Failed calls by day and")
	assert.Contains(t, page, "step=day")
	assert.NotContains(t, page, "step=hour")
}

// A bar of failed calls leads to these calls.
func TestBarsOfErrorsLeadToFailedCalls(t *testing.T) {
	r := newRig(t)
	all := 0
	for address, label := range links(t, r.get("/latency").Body.String()) {
		if !strings.Contains(label, "–") || !strings.HasPrefix(address, "/calls?") {
			continue
		}
		assert.Contains(t, address, "status=failed")
		all++
	}
	assert.Equal(t, 24, all)
	assert.Contains(t, links(t, r.get("/latency?range=30d").Body.String()), "/latency?from=2026-03-15&to=2026-03-15")
}

func TestNoErrors(t *testing.T) {
	r := newRig(t)
	for i := range r.usage.All {
		r.usage.All[i].Status = "success"
	}
	page := r.get("/latency").Body.String()
	assert.Contains(t, page, "No call failed in the last 24 hours.")
	assert.NotContains(t, page, "Errors by type")
	r.usage.All = nil
	assert.Contains(t, r.get("/latency").Body.String(), "No calls in the last 24 hours.")
	assert.Contains(t, newEmptyRig(t).get("/latency").Body.String(), "No <code>llm_cost</code> processor is running")
}

func TestNearestRank(t *testing.T) {
	values := []float64{1, 2, 3, 4}
	assert.Equal(t, []float64{2, 4, 4, 1}, []float64{nearestRank(values, .5), nearestRank(values, .95), nearestRank(values, .99), nearestRank(values, 0)})
	assert.True(t, slices.IsSorted(values))
}
