// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package dashboardextension

import (
	"encoding/json"
	"fmt"
	"math"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-arc/otelcol-arc/internal/dashboard"
)

// Budgets have their burn-down, whose end is what is left of the limit, and who is over is
// named.
func TestMoneyPage(t *testing.T) {
	r := newRig(t)
	for i := range r.usage.BudgetList {
		if budget := &r.usage.BudgetList[i]; budget.Name == "user" {
			budget.Limit = 1
		}
	}
	response := r.get("/money")
	require.Equal(t, http.StatusOK, response.Code)
	page := response.Body.String()
	for _, want := range []string{
		"Over budget", "Budget “user”", "Budget “month”", "What is left of month", "at an even pace", "50 % on Mar 3, 02:00", "acme-70b-instruct", "no price",
		"reported of 412 calls", "$0.25", "Models without a price", "March 2026 (UTC)",
	} {
		assert.Contains(t, page, want)
	}
	assert.GreaterOrEqual(t, strings.Count(page, `class="s0"`), 3)
	chosen := r.usage.BudgetList[3]
	page = r.get("/money?budget=user&value=" + chosen.Values[0]).Body.String()
	assert.Contains(t, page, "What is left of user "+chosen.Values[0])

	assert.Equal(t, http.StatusBadRequest, r.get("/money?month=2026").Code)
	assert.Contains(t, newEmptyRig(t).get("/money").Body.String(), "No <code>llm_cost</code> processor is running")
}

func TestBurnDown(t *testing.T) {
	r := newRig(t)
	budget := r.usage.BudgetList[1] // the month's
	graph, err := burnDown(r.usage, &budget, rigNow)
	require.NoError(t, err)
	last := graph.Rows[len(graph.Rows)-1]
	assert.Equal(t, "Mon, Mar 16", last.Name)
	var left float64
	_, err = fmt.Sscanf(strings.ReplaceAll(last.Values[1], ",", ""), "$%f", &left)
	require.NoError(t, err)
	assert.InDelta(t, budget.Limit-budget.Used, left, .005)
	require.Len(t, graph.Rows, 16)

	at, known := usedUp(&budget, rigNow)
	require.True(t, known)
	pace := budget.Used / rigNow.Sub(budget.Start).Hours()
	assert.InDelta(t, budget.Limit/pace, at.Sub(budget.Start).Hours(), .01)
	for name, change := range map[string]func(*dashboard.Budget){
		"used up":         func(b *dashboard.Budget) { b.Used = b.Limit },
		"–":               func(b *dashboard.Budget) { b.Window = "30d" },
		"used up on Mar ": func(b *dashboard.Budget) { b.Used = b.Limit * .9 },
		"at the end":      func(b *dashboard.Budget) { b.Used = b.Limit * .1 },
	} {
		changed := budget
		change(&changed)
		assert.Contains(t, outlook(&changed, rigNow), name)
	}
	budget.Used, budget.Limit = math.SmallestNonzeroFloat64, math.MaxFloat64
	_, err = burnDown(r.usage, &budget, rigNow)
	require.NoError(t, err)
}

func TestCostsAPI(t *testing.T) {
	r := newRig(t)
	var got struct{ Data costsJSON }
	require.NoError(t, json.Unmarshal(r.get("/api/usage/costs").Body.Bytes(), &got))
	require.Len(t, got.Data.Rows, 4)
	assert.Equal(t, time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC), got.Data.From)
	assert.Nil(t, got.Data.Rows[2].Billed)
	csv := r.get("/api/usage/costs?format=csv").Body.String()
	assert.Equal(t, 5, strings.Count(csv, "\n"))
	assert.Contains(t, csv, "anthropic,claude-sonnet-4-5,,4120,0,151.3,0,412,13.62,15.13,152.04")
}
