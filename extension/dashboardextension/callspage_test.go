// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package dashboardextension

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/net/html"

	"github.com/otelcol-arc/otelcol-arc/extension/dashboardextension/internal/text"
)

// links are the addresses that a page links to, by what the links are about.
func links(t *testing.T, page string) map[string]string {
	t.Helper()
	found := map[string]string{}
	for node := range elements(t, page) {
		if node.Data != "a" {
			continue
		}
		var label strings.Builder
		for child := range node.Descendants() {
			if child.Type == html.TextNode {
				label.WriteString(child.Data)
			}
		}
		for _, attribute := range node.Attr {
			if attribute.Key == "href" {
				found[attribute.Val] = strings.TrimSpace(label.String())
			}
		}
	}
	return found
}

type listedCall struct {
	ID, Status, User, Session string
	Cost                      float64 `json:"cost_dollars"`
	ErrorType                 string  `json:"error_type"`
}

// From a bar to its hour, its calls and one call: the figures are the same on the way.
func TestDrillDown(t *testing.T) {
	r := newRig(t)
	hours := map[string]string{}
	for address, label := range links(t, r.get("/?show=calls").Body.String()) {
		if strings.HasPrefix(address, "/calls?") && strings.Contains(label, "–") {
			hours[label] = address
		}
	}
	require.Len(t, hours, 24, "each hour of the chart is a link")
	total := 0
	for label, address := range hours {
		page := r.get(address).Body.String()
		u, err := url.Parse(address)
		require.NoError(t, err)
		values := url.Values{"from": {u.Query().Get("from")}, "to": {u.Query().Get("to")}, "limit": {"1000"}}
		listed := data[[]listedCall](r, "/api/calls?"+values.Encode())
		counted := data[rangeJSON](r, "/api/usage?from="+url.QueryEscape(values.Get("from"))+"&to="+url.QueryEscape(values.Get("to")))
		sum, calls := 0.0, int64(0)
		for _, row := range counted.Rows {
			sum += float64(row.Cost)
			calls += row.Calls
		}
		require.Len(t, listed, int(calls), label)
		total += len(listed)
		if len(listed) == 0 {
			assert.Contains(t, page, "is kept", label)
			continue
		}
		cost := 0.0
		for _, call := range listed {
			cost += call.Cost
		}
		assert.InDelta(t, sum, cost, 1e-9, label)
		assert.Contains(t, page, `<span class="num">`+text.Dollars(sum)+`</span>`, label)
		assert.Contains(t, page, `href="/calls/`+listed[0].ID+`"`, label)
		one := r.get("/calls/" + listed[0].ID)
		assert.Equal(t, http.StatusOK, one.Code)
		assert.Contains(t, one.Body.String(), listed[0].Session)
	}
	assert.Positive(t, total)
}

// A bar of a day leads to its hours.
func TestDayLeadsToItsHours(t *testing.T) {
	r := newRig(t)
	page := links(t, r.get("/?range=30d&where=model%3Dgpt-4o").Body.String())
	assert.Contains(t, page, "/?from=2026-03-15&to=2026-03-15&where=model%3Dgpt-4o")
	assert.Contains(t, r.get("/?from=2026-03-15&to=2026-03-15&where=model%3Dgpt-4o").Body.String(), "by hour and model")
}

// Each row of the tables of spend links its calls, which are as many as the row has.
func TestRowsLeadToTheirCalls(t *testing.T) {
	r := newRig(t)
	for _, by := range []string{"by=model", "by=user.id&by=model"} {
		rows := 0
		for address, label := range links(t, r.get("/?range=7d&"+by).Body.String()) {
			if !strings.HasPrefix(address, "/calls?") || !strings.Contains(address, "where=") {
				continue
			}
			rows++
			page := r.get(address)
			require.Equal(t, http.StatusOK, page.Code)
			assert.Contains(t, page.Body.String(), `<dt>Calls</dt><dd><span class="num">`+label+`</span>`, address)
		}
		assert.Greater(t, rows, 4, by)
	}
}

func TestCallsAreSearched(t *testing.T) {
	r := newRig(t)
	all := data[[]listedCall](r, "/api/calls?limit=1000")
	for name, tt := range map[string]struct {
		query string
		want  func(listedCall) bool
	}{
		"failed":    {"status=failed", func(c listedCall) bool { return c.Status != "success" }},
		"timeout":   {"status=timeout", func(c listedCall) bool { return c.Status == "timeout" }},
		"error":     {"error_type=RateLimitError", func(c listedCall) bool { return c.ErrorType == "RateLimitError" }},
		"user":      {"user=user-2", func(c listedCall) bool { return c.User == "user-2" }},
		"found":     {"find=user-2", func(c listedCall) bool { return c.User == "user-2" }},
		"session":   {"find=" + all[0].Session, func(c listedCall) bool { return c.Session == all[0].Session }},
		"one":       {"find=" + all[0].ID, func(c listedCall) bool { return c.ID == all[0].ID }},
		"expensive": {"min_cost=0.02", func(c listedCall) bool { return c.Cost >= .02 }},
		"between":   {"min_cost=0.001&max_cost=%240.01", func(c listedCall) bool { return c.Cost >= .001 && c.Cost <= .01 }},
	} {
		t.Run(name, func(t *testing.T) {
			var want, got []string
			for _, call := range all {
				if tt.want(call) {
					want = append(want, call.ID)
				}
			}
			require.NotEmpty(t, want)
			for _, call := range data[[]listedCall](r, "/api/calls?limit=1000&"+tt.query) {
				got = append(got, call.ID)
			}
			assert.Equal(t, want, got)
			page := r.get("/calls?range=12m&" + tt.query).Body.String()
			assert.Contains(t, page, fmt.Sprintf(`<dt>Calls</dt><dd><span class="num">%s</span>`, text.Count(int64(len(want)))))
			assert.Contains(t, page, "Remove the filter")
			lines, err := csv.NewReader(r.get("/api/calls/export?format=csv&" + tt.query).Body).ReadAll()
			require.NoError(t, err)
			assert.Len(t, lines, len(want)+1)
		})
	}
}

func TestBadCallFilters(t *testing.T) {
	r := newRig(t)
	for query, want := range map[string]string{
		"trace_id=abc":              "parameter trace_id: must be 32 hexadecimal digits",
		"status=joy":                "parameter status: must be one of",
		"cost_status=cheap":         "parameter cost_status: must be one of",
		"min_cost=NaN":              "parameter min_cost: must be an amount of dollars",
		"max_cost=-1":               "parameter max_cost: must be an amount of dollars",
		"min_cost=2&max_cost=1":     "parameter min_cost: must not be above max_cost",
		"find=a&find=b":             "parameter find: must be given once",
		"trace_id=x&min_cost=y&z=1": "parameter z: is not known",
	} {
		for _, path := range []string{"/calls?", "/api/calls?", "/api/calls/export?"} {
			response := r.get(path + query)
			assert.Equal(t, http.StatusBadRequest, response.Code, path+query)
			assert.Contains(t, html.UnescapeString(response.Body.String()), want, path+query)
		}
	}
	assert.Equal(t, http.StatusNotFound, r.get("/calls/none").Code)
	assert.Contains(t, r.get("/calls/none").Body.String(), "no longer kept")
	assert.Equal(t, http.StatusNotFound, r.get("/api/calls/none").Code)
	assert.Contains(t, newEmptyRig(t).get("/calls").Body.String(), "No <code>llm_cost</code> processor is running")
}

// It is reported that calls are missing which the ledger counts.
func TestKeptNote(t *testing.T) {
	r := newRig(t)
	assert.NotContains(t, r.get("/calls").Body.String(), `class="note"`, "all are there")
	r.usage.Dropped = 1234
	assert.Contains(t, r.get("/calls").Body.String(), "1,234 others are counted, and no longer kept")
	assert.Contains(t, r.get("/calls?status=failed").Body.String(), "Of the calls kept: the newest 50,000, and the 1,000 most expensive of each day")
}

// The price of a call is shown and served as the source has it.
func TestCallHasItsPrice(t *testing.T) {
	r := newRig(t)
	var body struct {
		Data struct {
			Price struct {
				Entry string
				Lines []struct {
					Kind string
					Cost float64 `json:"cost_dollars"`
				}
			}
			Cost float64 `json:"cost_dollars"`
		}
	}
	require.NoError(t, json.Unmarshal(r.get("/api/calls/0000000000000005").Body.Bytes(), &body))
	assert.Equal(t, "gpt-4o", body.Data.Price.Entry)
	assert.InDelta(t, body.Data.Cost, body.Data.Price.Lines[0].Cost, 1e-12)
	page := r.get("/calls/0000000000000005").Body.String()
	for _, want := range []string{"entry <b", "tier standard", "https://openai.com/api/pricing/", "The counts can be read in one way only.", "One record reports this call.", "resp-", "open the trace"} {
		assert.Contains(t, page, want)
	}
	assert.Contains(t, r.get("/calls/0000000000000005?tz=Asia%2FTokyo").Body.String(), "JST")
}
