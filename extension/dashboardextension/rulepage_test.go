// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package dashboardextension

import (
	"encoding/json"
	"errors"
	"math"
	"net/http"
	"regexp"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-arc/otelcol-arc/internal/dashboard"
)

// ruleAddress is the path of a rule of the sample.
func (r *rig) ruleAddress(name string) string {
	r.Helper()
	for i := range r.alerts.Groups[0].Rules {
		if rule := &r.alerts.Groups[0].Rules[i]; rule.Name == name {
			return "/rule?id=" + dashboard.RuleID(&r.alerts.Groups[0], rule)
		}
	}
	require.Fail(r, "there is no rule "+name)
	return ""
}

// A rule has a page with its graph with the threshold, when its alerts changed state, and whom
// it notified.
func TestRulePage(t *testing.T) {
	r := newRig(t)
	for name, wants := range map[string][]string{
		"HighLLMCost": {
			`<path class="s0" d="M0.00 `, "service=research", `class="limit"`, "&gt; 10", "Some of the values as a table",
			"firing since Mar 16, 14:02:00", "pending from Mar 16, 09:25:00 to Mar 16, 09:30:00", ">resolved</span>", "after", "Hourly cost is $12.40", "6 hours",
		},
		"HighCostLLMCall":             {"No span has met the condition", "No notification of its alerts has been sent yet"},
		"arc:llm_cost_dollars:rate1h": {`<path class="s0"`},
	} {
		response := r.get(r.ruleAddress(name))
		require.Equal(t, http.StatusOK, response.Code)
		page := response.Body.String()
		for _, want := range wants {
			assert.Regexp(t, "(?i)"+regexp.QuoteMeta(want), page, name)
		}
		assert.Contains(t, r.get("/rules").Body.String(), `href="`+r.ruleAddress(name)+`"`)
	}
	assert.NotContains(t, r.get(r.ruleAddress("HighCostLLMCall")).Body.String(), "<path")
	r.alerts.ChannelList = nil
	assert.Contains(t, r.get(r.ruleAddress("HighCostLLMCall")).Body.String(), "No alert record of this rule has been sent yet")
	assert.Contains(t, r.get("/alerts").Body.String(), `href="`+r.ruleAddress("HighLLMCost")+`">graph and timeline`)
	assert.Equal(t, http.StatusNotFound, r.get("/rule?id=none").Code)
	assert.Equal(t, http.StatusNotFound, r.get("/rule").Code)
	assert.Equal(t, http.StatusBadRequest, r.get(r.ruleAddress("HighLLMCost")+"&range=5y").Code)

	r.alerts.Err = errors.New("query timed out")
	page := r.get(r.ruleAddress("HighLLMCost"))
	assert.Equal(t, http.StatusOK, page.Code, "the rest is there")
	assert.Contains(t, page.Body.String(), "query timed out")
	r.alerts.Err, r.alerts.GraphOf, r.alerts.IntervalList = nil, dashboard.Graph{Expr: "x"}, nil
	page = r.get(r.ruleAddress("HighLLMCost"))
	assert.Contains(t, page.Body.String(), "There is no data for <code>x</code>")
	assert.Contains(t, page.Body.String(), "No alert of this rule was pending or firing")
}

func TestRuleGraphAPI(t *testing.T) {
	r := newRig(t)
	r.alerts.GraphOf.Series[1].Values[30] = math.Inf(-1)
	response := r.get("/api/rules/graph?" + r.ruleAddress("HighLLMCost")[len("/rule?"):])
	require.Equal(t, http.StatusOK, response.Code)
	var got struct{ Data graphJSON }
	require.NoError(t, json.Unmarshal(response.Body.Bytes(), &got))
	assert.Equal(t, "10", *got.Data.Threshold)
	assert.Equal(t, ">", got.Data.Operator)
	require.Len(t, got.Data.Series, 2)
	assert.Nil(t, got.Data.Series[1].Values[0])
	assert.Equal(t, "-Inf", *got.Data.Series[1].Values[30])
	require.Len(t, got.Data.States, 4)
	assert.Nil(t, got.Data.States[3].To)
	r.alerts.Err = errors.New("closed")
	assert.Equal(t, http.StatusServiceUnavailable, r.get("/api/rules/graph?"+r.ruleAddress("HighLLMCost")[len("/rule?"):]).Code)
}

// Of a flood of alerts those that changed last are shown, and the rest is counted.
func TestTimelineIsBounded(t *testing.T) {
	q := ruleRequest{rule: dashboard.Rule{Name: "Flood"}, from: rigNow.Add(-time.Hour), to: rigNow}
	var intervals []dashboard.StateInterval
	for i := range 100 {
		intervals = append(intervals, dashboard.StateInterval{
			Labels: map[string]string{"alertname": "Flood", "user": string(rune('A' + i))}, State: "firing",
			From: rigNow.Add(-time.Duration(100+i) * time.Minute), To: rigNow.Add(-time.Duration(i) * time.Second),
		})
	}
	rows, more := newTimeline(intervals, &q)
	require.Len(t, rows, timelineRows)
	assert.Equal(t, "user=A", rows[0].Name)
	assert.Equal(t, 100-timelineRows, more)
	assert.InDelta(t, 100, rows[0].Bars[0].X+rows[0].Bars[0].Width, 1e-9)
	changes, more := newChanges(intervals, &q)
	assert.Len(t, changes, changesShown)
	assert.Equal(t, 200-changesShown, more)
}

// The messages that channels sent last, with what became of them, are on the dashboard and in the API.
func TestDeliveries(t *testing.T) {
	r := newRig(t)
	page := r.get("/alerts").Body.String()
	for _, want := range []string{"3 messages sent last, 1 not accepted", `<td class="n">3</td>`, "400 the channel is rejected", "1 resolved", `<td class="text">200 </td>`} {
		assert.Contains(t, page, want)
	}
	var got struct{ Data []channelJSON }
	require.NoError(t, json.Unmarshal(r.get("/api/channels").Body.Bytes(), &got))
	require.Len(t, got.Data, 2)
	assert.Equal(t, 3, got.Data[0].Deliveries[0].Attempts)
	assert.Equal(t, "accepted", got.Data[1].Deliveries[0].Outcome)
}
