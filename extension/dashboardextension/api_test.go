// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package dashboardextension

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"

	"github.com/otelcol-arc/otelcol-arc/extension/dashboardextension/internal/spend"
	"github.com/otelcol-arc/otelcol-arc/internal/dashboard"
	"github.com/otelcol-arc/otelcol-arc/internal/testkit/dashboards"
	kinds "github.com/otelcol-arc/otelcol-arc/internal/usage"
)

var update = flag.Bool("update", false, "write the golden files")

// Complete response bodies. A new case is a new line.
func TestGoldenResponses(t *testing.T) {
	for name, path := range map[string]string{
		"alerts.json": "/api/alerts", "history.json": "/api/alerts/history", "rules.json": "/api/rules", "silences.json": "/api/silences",
		"summary.json": "/api/usage/summary", "models.json": "/api/usage/models?hours=48&limit=3", "hourly.csv": "/api/usage/hourly?hours=3&format=csv",
		"calls.json": "/api/calls?order=most_expensive&limit=2", "unpriced.json": "/api/usage/unpriced", "sources.json": "/api/sources",
		"bad-parameters.json": "/api/usage/hourly?hours=a&by=team&where=model&hour=3",
	} {
		t.Run(name, func(t *testing.T) {
			got := newRig(t).get(path).Body.Bytes()
			golden := filepath.Join("testdata", "golden", name)
			if *update {
				require.NoError(t, os.WriteFile(golden, got, 0o600))
			}
			want, err := os.ReadFile(golden)
			require.NoError(t, err)
			assert.Equal(t, string(want), string(got))
		})
	}
}

func TestBadParametersAreNamed(t *testing.T) {
	r := newRig(t)
	for path, want := range map[string]string{
		"/api/usage/hourly?hours=0":                          "parameter hours: must be a whole number from 1 to 10000",
		"/api/usage/hourly?hours=1&hours=2":                  "parameter hours: must be given once",
		"/api/usage?from=2026-13":                            "parameter from: must be a time (2026-10-05T14:00:00Z",
		"/api/usage?to=2026-10":                              "parameter to: needs from",
		"/api/usage?from=2026-10&hours=3":                    "parameter hours: cannot be given with from or to",
		"/api/usage?from=2026-11&to=2026-10":                 "parameter from: must be before to, is 2026-11-01T00:00:00Z",
		"/api/usage?from=2000&to=2026":                       "parameter from: must be at most ten years before to",
		"/api/usage?tz=Berlin":                               "parameter tz: must be a name of the IANA time zone database",
		"/api/usage?step=minute":                             "parameter step: must be one of none, hour, day, week, month, quarter, year",
		"/api/usage?sort=user.id":                            "parameter sort: must be one of start, cost, calls",
		"/api/usage?page=0":                                  "parameter page: must be a whole number from 1",
		"/api/usage/groups?column=change":                    "parameter column: must be one of share, cost, calls, average_cost",
		"/api/calls?sort=joy":                                "parameter sort: must be one of computed_cost, cost, duration",
		"/api/usage/groups?by=team":                          "parameter by: must be one of model, service.name",
		"/api/usage/groups?by=model&by=model":                "parameter by: names \\\"model\\\" twice",
		"/api/usage/summary?where=model":                     "parameter where: must be DIMENSION=VALUE",
		"/api/usage/summary?where=team%3Dx":                  "parameter where: must name one of",
		"/api/usage/summary?where=model%3Dx&where=model%3Dy": "parameter where: names \\\"model\\\" twice",
		"/api/calls?order=best":                              "parameter order: must be one of newest, most_expensive, costliest",
		"/api/usage/models?measure=joy":                      "parameter measure: must be one of cost, tokens, calls",
		"/api/alerts?x=1":                                    "parameter x: is not known",
	} {
		recorder := r.get(path)
		assert.Equal(t, http.StatusBadRequest, recorder.Code, path)
		assert.Contains(t, recorder.Body.String(), `"errorType": "bad_data"`, path)
		assert.Contains(t, recorder.Body.String(), want, path)
	}
}

func TestOtherFailures(t *testing.T) {
	r := newRig(t)
	assert.Equal(t, http.StatusNotFound, r.get("/api/none").Code)
	assert.Equal(t, http.StatusNotFound, r.get("/none").Code)
	assert.Contains(t, r.get("/none").Body.String(), "there is no such page")
	recorder := r.send(http.MethodPut, "/api/silences", "application/json", "{}")
	assert.Equal(t, http.StatusMethodNotAllowed, recorder.Code)
	assert.Equal(t, "GET, POST", recorder.Header().Get("Allow"))
	r.usage.Err = errors.New("the ledger is closed")
	recorder = r.get("/api/usage/models")
	assert.Equal(t, http.StatusInternalServerError, recorder.Code)
	assert.Contains(t, recorder.Body.String(), "the ledger is closed")
	assert.Equal(t, http.StatusInternalServerError, r.get("/").Code)
	assert.Equal(t, http.StatusNotFound, newEmptyRig(t).get("/api/usage/models").Code)
}

// The same response is not sent twice.
func TestEntityTags(t *testing.T) {
	r := newRig(t)
	for _, path := range []string{"/", "/rules", "/api/usage/models", "/assets/page.css", "/api/calls/export?format=csv"} {
		first := r.get(path)
		require.Equal(t, http.StatusOK, first.Code, path)
		assert.NotEmpty(t, first.Header().Get("Cache-Control"))
		again := httptest.NewRequest(http.MethodGet, "http://localhost"+path, http.NoBody)
		again.Header.Set("If-None-Match", first.Header().Get("ETag"))
		second := r.do(again)
		assert.Equal(t, http.StatusNotModified, second.Code, path)
		assert.Empty(t, second.Body.Bytes())
	}
	before := r.get("/api/usage/models").Header().Get("ETag")
	r.usage.All = r.usage.All[:len(r.usage.All)-1]
	assert.NotEqual(t, before, r.get("/api/usage/models").Header().Get("ETag"))
}

// The rows of every grouping have the same sums.
func TestSumsAgree(t *testing.T) {
	r := newRig(t)
	want := 0.0
	for _, call := range r.usage.All {
		if call.Time.Before(rigNow.Truncate(time.Hour).Add(-23*time.Hour)) || call.Dollars == nil {
			continue
		}
		want += *call.Dollars
	}
	for _, path := range []string{
		"/api/usage/models?limit=2", "/api/usage/groups?by=user.id&by=service.name", "/api/usage/hourly?limit=1", "/api/usage/hourly?by=user.id",
		"/api/usage", "/api/usage?step=hour&by=user.id&by=model", "/api/usage?step=day&tz=Asia%2FKolkata&sort=-cost", "/api/usage/hourly?limit=0",
	} {
		got := 0.0
		for _, row := range data[rangeJSON](r, path).Rows {
			got += float64(row.Cost)
		}
		assert.InDelta(t, want, got, 1e-9, path)
	}
}

// A cell is never a formula.
func TestCSVCells(t *testing.T) {
	r := newRig(t)
	r.usage.All = append(r.usage.All, dashboards.Call{
		Time: rigNow, Values: []string{`=HYPERLINK("http://x")`, "a,b\n\"c\"", "", "+1"}, Status: "success",
	})
	lines, err := csv.NewReader(r.get("/api/calls/export?format=csv").Body).ReadAll()
	require.NoError(t, err)
	assert.Equal(t, []string{"2026-03-16T14:25:00Z", "", "", `'=HYPERLINK("http://x")`, "a,b\n\"c\"", "", "'+1"}, lines[1][:7])
	assert.Len(t, lines, len(r.usage.All)+1)
}

func TestSilences(t *testing.T) {
	const silence = `{"matchers": ["alertname=\"A\""], "endsAt": "2026-03-17T00:00:00Z", "createdBy": "ines", "comment": "deploy"}`
	const asJSON = "application/json"
	t.Run("read-only", func(t *testing.T) {
		r := newRig(t)
		recorder := r.send(http.MethodPost, "/api/silences", asJSON, silence)
		assert.Equal(t, http.StatusForbidden, recorder.Code)
		assert.Contains(t, recorder.Body.String(), "read-only")
		assert.Equal(t, http.StatusForbidden, r.send(http.MethodDelete, "/api/silences/0b4c", asJSON, "").Code)
		assert.Equal(t, http.StatusForbidden, r.post("/silences", map[string][]string{"matchers": {"a=b"}, "hours": {"1"}}).Code)
		assert.Equal(t, http.StatusForbidden, r.post("/silences/expire", map[string][]string{"id": {"0b4c"}}).Code)
		assert.NotContains(t, r.get("/alerts").Body.String(), "<form")
		assert.Len(t, r.alerts.SilenceList, 2)
	})
	t.Run("writable", func(t *testing.T) {
		r := newRig(t, writable)
		require.Equal(t, http.StatusOK, r.send(http.MethodPost, "/api/silences", asJSON, silence).Code)
		added := r.alerts.SilenceList[2]
		assert.Equal(t, []string{`alertname="A"`}, added.Matchers)
		assert.Equal(t, rigNow, added.StartsAt)
		require.Equal(t, http.StatusNoContent, r.send(http.MethodDelete, "/api/silences/0b4c", asJSON, "").Code)
		assert.Equal(t, rigNow, r.alerts.SilenceList[0].EndsAt)
	})
	t.Run("bad", func(t *testing.T) {
		r := newRig(t, writable)
		for body, want := range map[string]string{
			`{"matchers": [], "endsAt": "2026-03-17T00:00:00Z"}`:      "matchers:",
			`{"matchers": ["a=b"], "endsAt": "2026-03-16T00:00:00Z"}`: "endsAt:",
			`{"matchers": ["a=b"], "ends": "2026-03-17T00:00:00Z"}`:   "unknown field",
			"x": "body:",
		} {
			recorder := r.send(http.MethodPost, "/api/silences", asJSON, body)
			assert.Equal(t, http.StatusBadRequest, recorder.Code)
			assert.Contains(t, recorder.Body.String(), want)
		}
		assert.Equal(t, http.StatusBadRequest, r.send(http.MethodPost, "/api/silences", "text/plain", silence).Code)
	})
	t.Run("form", func(t *testing.T) {
		r := newRig(t, writable)
		form := map[string][]string{"matchers": {"alertname=\"A\"\r\nteam=\"b\"\r\n"}, "hours": {"4"}, "created_by": {"ines"}, "comment": {"deploy"}}
		recorder := r.post("/silences", form)
		assert.Equal(t, http.StatusSeeOther, recorder.Code)
		assert.Equal(t, []string{`alertname="A"`, `team="b"`}, r.alerts.SilenceList[2].Matchers)
		assert.Equal(t, rigNow.Add(4*time.Hour), r.alerts.SilenceList[2].EndsAt)
		form["matchers"] = []string{""}
		recorder = r.post("/silences", form)
		assert.Equal(t, http.StatusBadRequest, recorder.Code)
		assert.Contains(t, recorder.Body.String(), "matchers: must not be empty")
		assert.Contains(t, recorder.Body.String(), `value="deploy"`, "what was typed stays")
	})
	t.Run("of another processor", func(t *testing.T) {
		r := newRig(t, writable)
		other := dashboards.SampleAlerts(rigNow)
		other.ActiveList[0].Labels = map[string]string{"alertname": "Other"}
		r.server.ShowAlerts(component.MustNewIDWithName("alert", "b"), other)
		page := r.get("/alerts?silence=" + other.ActiveList[0].Fingerprint()).Body.String()
		assert.Contains(t, page, `<option selected>alert/b</option>`)
		r.post("/silences", map[string][]string{"matchers": {"a=b"}, "hours": {"1"}, "source": {"alert/b"}})
		assert.Len(t, other.SilenceList, 3)
		assert.Len(t, r.alerts.SilenceList, 2)
		r.alerts.ReadOnly = true
		assert.Contains(t, r.get("/alerts").Body.String(), `name="source" value="alert/b"`)
		other.ReadOnly = true
		page = r.get("/alerts").Body.String()
		assert.NotContains(t, page, "<form", "nothing is offered that would be refused")
		assert.Contains(t, page, "It is read-only.")
		assert.False(t, data[sourcesJSON](r, "/api/sources").Writable)
	})
}

// Requests that another site makes a browser send change and show nothing.
func TestOtherSites(t *testing.T) {
	r := newRig(t, writable)
	request := httptest.NewRequest(http.MethodPost, "http://localhost:8124/silences/expire", strings.NewReader("id=0b4c"))
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	request.Header.Set("Sec-Fetch-Site", "cross-site")
	assert.Equal(t, http.StatusForbidden, r.do(request).Code)
	assert.True(t, r.alerts.SilenceList[0].EndsAt.After(rigNow))

	for host, status := range map[string]int{
		"localhost:8124": 200, "127.0.0.1:8124": 200, "[::1]:8124": 200, "arc.localhost": 200, "attacker.example:8124": 421, "localhost.attacker.example": 421,
	} {
		request := httptest.NewRequest(http.MethodGet, "/api/alerts", http.NoBody)
		request.Host = host
		assert.Equal(t, status, r.do(request).Code, host)
	}
	proxied := newRig(t, func(c *Config) { c.AllowedHosts = []string{"arc.example.com"} })
	request = httptest.NewRequest(http.MethodGet, "/", http.NoBody)
	request.Host = "ARC.example.com"
	assert.Equal(t, http.StatusOK, proxied.do(request).Code)
}

func TestSeveralSources(t *testing.T) {
	r := newRig(t)
	other := dashboards.SampleUsage(rigNow, 1, sampleEvery)
	hide := r.server.ShowUsage(component.MustNewIDWithName("llm_cost", "b"), other)
	assert.Len(t, data[sourcesJSON](r, "/api/sources").Usage, 2)
	assert.NotEqual(t, r.get("/api/usage/summary").Body.String(), r.get("/api/usage/summary?source=llm_cost/b").Body.String())
	assert.Contains(t, r.get("/").Body.String(), "source=llm_cost%2Fb")
	for _, path := range []string{"/api/usage", "/api/calls/export"} {
		assert.Regexp(t, path+`\?[^"]*source=llm_cost%2Fb`, r.get("/?source=llm_cost/b").Body.String(), "what is exported is what is shown")
	}
	hide()
	hide()
	assert.Len(t, data[sourcesJSON](r, "/api/sources").Usage, 1)
	assert.Equal(t, http.StatusNotFound, r.get("/api/usage/summary?source=llm_cost/b").Code)
}

// A call shows how it came to be what it is: in the API, on the dashboard and in the file.
func TestEvidenceOfCalls(t *testing.T) {
	r := newEmptyRig(t)
	usage := dashboards.SampleUsage(rigNow, 1, sampleEvery)
	dollars, at := 99.5, rigNow.Add(-time.Minute)
	call := dashboards.Call{
		Time: at, TraceID: "0567554bd7945ed6661d48ff48bb832c", SpanID: "a8f16c68cd13426c", Status: "success", Dollars: &dollars,
		Values: []string{"claude-sonnet-4-5", "shop", "researcher", "ada"}, Tokens: dashboard.Tokens{Input: 5212, Output: 403},
		Provider: "anthropic", Convention: "otel", Reading: "scope", Estimated: "region",
		Merged: []dashboard.MergedRecord{
			{TraceID: "0567554bd7945ed6661d48ff48bb832c", SpanID: "fb089a3edc080dc6", Scope: "openinference.instrumentation.anthropic", Rule: "nested"},
			{TraceID: "1fd2f3798cc66e2adeb462a69fde5dc5", SpanID: "10a954a0468e93e6", Scope: "langfuse-sdk", Rule: "concurrent"},
		},
	}
	call.Amounts[kinds.Input], call.Amounts[kinds.CacheRead], call.Amounts[kinds.CacheWrite1h], call.Amounts[kinds.Output] = 203, 3003, 2006, 403
	call.Amounts[kinds.Seconds] = 1500 // a thousandth of its unit
	bad := dashboards.Call{Time: at, Status: "success", Values: []string{"gpt-4o", "shop", "", ""}, Convention: "otel", Problem: "a count of tokens makes no sense"}
	usage.All = append(usage.All, call, bad)
	t.Cleanup(r.server.ShowUsage(component.MustNewID("llm_cost"), usage))

	type merged struct{ Scope, Rule, SpanID string }
	type found struct {
		Amounts                                           map[string]float64
		Provider, Convention, Reading, Estimated, Problem string
		Merged                                            []struct {
			TraceID string `json:"trace_id"`
			SpanID  string `json:"span_id"`
			Scope   string
			Rule    string
		}
	}
	most := data[[]found](r, "/api/calls?order=most_expensive&limit=1")[0]
	assert.Equal(t, map[string]float64{"input": 203, "cache_read": 3003, "cache_write_1h": 2006, "output": 403, "seconds": 1.5}, most.Amounts)
	assert.Equal(t, []string{"anthropic", "otel", "scope", "region", ""}, []string{most.Provider, most.Convention, most.Reading, most.Estimated, most.Problem})
	require.Len(t, most.Merged, 2)
	assert.Equal(t, merged{"langfuse-sdk", "concurrent", "10a954a0468e93e6"}, merged{most.Merged[1].Scope, most.Merged[1].Rule, most.Merged[1].SpanID})
	assert.Len(t, data[[]found](r, "/api/calls?merged_by=concurrent"), 1)
	assert.Empty(t, data[[]found](r, "/api/calls?merged_by=stream"))
	problems := data[[]found](r, "/api/calls?problems=true")
	require.Len(t, problems, 1)
	assert.Equal(t, "a count of tokens makes no sense", problems[0].Problem)
	rows := data[struct {
		Rows []struct{ Amounts map[string]float64 }
	}](r, "/api/usage/models?hours=1&limit=1").Rows
	assert.Equal(t, 2006., rows[0].Amounts["cache_write_1h"], "totals have the kinds, too")

	page := r.get("/").Body.String()
	for _, want := range []string{
		"3 records", "read by scope", "203 input, 3003 cache_read, 2006 cache_write_1h, 403 output, 1.5 seconds", "estimated: region",
		"nested: openinference.instrumentation.anthropic, span <code>fb089a3edc080dc6</code>", "concurrent: langfuse-sdk",
		"Calls that were merged by time", "1 of the calls that are kept were reported", "merged_by=concurrent",
		"Calls whose values make no sense", "a count of tokens makes no sense", "problems=true",
	} {
		assert.Contains(t, page, want)
	}
	file := r.get("/api/calls/export?format=csv").Body.String()
	assert.Contains(t, file, ",anthropic,otel,scope,region,,nested openinference.instrumentation.anthropic; concurrent langfuse-sdk")
}

// usageData is the response to a query of usage.
type usageData struct {
	From, To time.Time
	TZ       string
	By       []string
	Rows     []groupJSON
	Total    int `json:"total_rows"`
}

// Months, days and weeks are those of the time zone, and sums over them are the ledger's.
func TestPeriodsOfTheCalendar(t *testing.T) {
	r := newRig(t)
	kolkata, err := time.LoadLocation("Asia/Kolkata")
	require.NoError(t, err)
	sum := func(from, to time.Time) (dollars float64) {
		for _, call := range r.usage.All {
			if call.Dollars != nil && !call.Time.Before(from) && call.Time.Before(to) {
				dollars += *call.Dollars
			}
		}
		return dollars
	}
	berlin, err := time.LoadLocation("Europe/Berlin")
	require.NoError(t, err)
	got := data[usageData](r, "/api/usage?from=2026-03&to=2026-03&tz=Europe/Berlin&step=day")
	assert.Equal(t, "2026-03-01T00:00:00+01:00", got.From.Format(time.RFC3339))
	assert.Equal(t, "2026-04-01T00:00:00+02:00", got.To.Format(time.RFC3339))
	assert.Equal(t, "Europe/Berlin", got.TZ)
	byDay := map[string]float64{}
	for _, row := range got.Rows {
		byDay[row.Start.Format(time.RFC3339)] += float64(row.Cost)
	}
	for day := 14; day <= 16; day++ {
		at := time.Date(2026, 3, day, 0, 0, 0, 0, berlin)
		assert.InDelta(t, sum(at, at.AddDate(0, 0, 1)), byDay[at.Format(time.RFC3339)], 1e-9, day)
	}
	// The hour in which a day begins is the next day's, and counted once.
	for day := 14; day <= 16; day++ {
		at := time.Date(2026, 3, day, 0, 0, 0, 0, kolkata)
		path := "/api/usage?by=model&tz=Asia/Kolkata&from=" + at.Format(time.DateOnly) + "&to=" + at.Format(time.DateOnly)
		dollars := 0.0
		for _, row := range data[usageData](r, path).Rows {
			dollars += float64(row.Cost)
		}
		assert.InDelta(t, sum(at.Truncate(time.Hour), at.AddDate(0, 0, 1).Truncate(time.Hour)), dollars, 1e-9, path)
	}
	week := data[usageData](r, "/api/usage?from=2026-W11&to=2026-W12&step=week&by=service.name")
	assert.Equal(t, "2026-03-09", week.Rows[0].Start.Format(time.DateOnly))
	assert.Equal(t, "2026-03-16", week.Rows[len(week.Rows)-1].Start.Format(time.DateOnly))
	assert.Equal(t, len(week.Rows), week.Total)
	half := data[usageData](r, "/api/usage?from=2026-03-16T10:30&to=2026-03-16T12:30:00Z")
	assert.Equal(t, []string{"10:00", "13:00"}, []string{half.From.Format("15:04"), half.To.Format("15:04")}, "whole hours")
}

// streamed is the same source, which leaves out what is not wanted.
type usageOfAll = dashboard.Usage

type streamed struct{ usageOfAll }

func (s streamed) EachRow(q dashboard.Query, want dashboard.Wanted, see func(*dashboard.Row)) error {
	rows, err := s.Usage(q)
	if err != nil {
		return err
	}
	var again dashboard.Row
	for _, i := range rand.Perm(len(rows)) {
		again = dashboard.Row{Start: rows[i].Start, Group: rows[i].Group}
		if want.Groups != nil && !slices.ContainsFunc(want.Groups, func(group []string) bool { return slices.Equal(group, rows[i].Group) }) {
			continue
		}
		u, all := &rows[i].Usage, want.Figures == 0
		if all || want.Figures&dashboard.CallFigures != 0 {
			again.Usage.Calls, again.Usage.Errors, again.Usage.Timeouts, again.Usage.Unpriced = u.Calls, u.Errors, u.Timeouts, u.Unpriced
		}
		if all || want.Figures&dashboard.CostFigures != 0 {
			again.Usage.Dollars = u.Dollars
		}
		if all || want.Figures&dashboard.SavedFigures != 0 {
			again.Usage.SavedDollars = u.SavedDollars
		}
		if all || want.Figures&dashboard.EstimateFigures != 0 {
			again.Usage.Estimated, again.Usage.EstimatedDollars = u.Estimated, u.EstimatedDollars
		}
		if all || want.Figures&dashboard.DurationFigures != 0 {
			again.Usage.Timed, again.Usage.Seconds, again.Usage.Buckets = u.Timed, u.Seconds, u.Buckets
		}
		if all || want.Figures&dashboard.UsageFigures != 0 {
			again.Usage.Tokens, again.Usage.Amounts = u.Tokens, u.Amounts
		}
		see(&again)
	}
	return nil
}

// A source that leaves out what is not wanted makes no difference, by whatever column rows are sorted.
func TestStreamedPages(t *testing.T) {
	whole, parts := newRig(t), newEmptyRig(t)
	t.Cleanup(parts.server.ShowUsage(component.MustNewID("llm_cost"), streamed{whole.usage}))
	var sorts []string
	for _, column := range spend.Columns {
		sorts = append(sorts, "&sort=-"+column.Name, "&sort=model&sort="+column.Name)
	}
	for _, sort := range append(sorts, "", "&sort=-start", "&sort=-user.id&measure=tokens", "&search=a&sort=-cost") {
		for _, query := range []string{"by=user.id&by=model&hours=72", "by=model&by=user.id&step=day&hours=72", "by=user.id&by=model&step=hour&hours=5&where=service.name=shop"} {
			for _, page := range []string{"1", "3", "1000"} {
				path := "/api/usage?" + query + sort + "&limit=5&page=" + page
				want, got := data[usageData](whole, path), data[usageData](parts, path)
				for _, rows := range [][]groupJSON{want.Rows, got.Rows} {
					for i := range rows {
						if rows[i].Share != nil { // the sum of all is another sum of the same numbers
							*rows[i].Share = math.Round(*rows[i].Share*1e9) / 1e9
						}
					}
				}
				require.Equal(t, want, got, path)
			}
		}
	}
}

// The pages of any order are the rows of the whole, each once.
func TestSortedPages(t *testing.T) {
	r := newRig(t)
	for _, query := range []string{
		"by=user.id&by=model", "by=user.id&by=model&sort=-calls", "by=user.id&by=model&sort=user.id&sort=-p95", "by=model&sort=error_ratio",
		"by=model&step=hour", "by=model&step=hour&sort=-cost", "by=model&by=service.name&step=day&sort=-start&sort=service.name&measure=calls",
	} {
		path := "/api/usage?hours=72&" + query
		all := data[usageData](r, path)
		require.NotEmpty(t, all.Rows)
		assert.Len(t, all.Rows, all.Total)
		var rows []groupJSON
		for page := 1; len(rows) < all.Total; page++ {
			part := data[usageData](r, path+"&limit=7&page="+strconv.Itoa(page))
			require.NotEmpty(t, part.Rows, path)
			require.LessOrEqual(t, len(part.Rows), 7)
			assert.Equal(t, all.Total, part.Total)
			rows = append(rows, part.Rows...)
		}
		assert.Equal(t, all.Rows, rows, path)
		assert.Empty(t, data[usageData](r, path+"&page=1000").Rows)
	}
	costs := []float64{}
	for _, row := range data[usageData](r, "/api/usage/groups?hours=72&by=user.id&by=model&sort=-cost").Rows {
		costs = append(costs, -float64(row.Cost))
	}
	assert.True(t, slices.IsSorted(costs))
	assert.Greater(t, len(costs), 21, "without a limit")
	calls := data[[]callJSON](r, "/api/calls?sort=model&sort=-duration&limit=50")
	assert.True(t, slices.IsSortedFunc(calls, func(a, b callJSON) int { return strings.Compare(a.Values["model"], b.Values["model"]) }))
	second := data[[]callJSON](r, "/api/calls?sort=model&sort=-duration&limit=25&page=2")
	assert.Equal(t, calls[25:], second)
}

// A response that is too long to be held back is streamed, and has every row.
func TestLongResponsesAreStreamed(t *testing.T) {
	r := newRig(t)
	const users = 5000
	for i := range users {
		r.usage.All = append(r.usage.All, dashboards.Call{
			Time: rigNow, Values: []string{"gpt-4o", "shop", "", fmt.Sprintf("user-%d", i)}, Status: "success",
		})
	}
	for path, count := range map[string]func(*httptest.ResponseRecorder) int{
		"/api/usage?by=user.id&step=hour&hours=1": func(recorder *httptest.ResponseRecorder) int {
			var body struct{ Data usageData }
			require.NoError(t, json.Unmarshal(recorder.Body.Bytes(), &body))
			return len(body.Data.Rows)
		},
		"/api/usage?by=user.id&by=service.name&by=gen_ai.agent.name&by=model&format=csv&hours=1": func(recorder *httptest.ResponseRecorder) int {
			lines, err := csv.NewReader(recorder.Body).ReadAll()
			require.NoError(t, err)
			return len(lines) - 1
		},
		"/api/calls/export?hours=1": func(recorder *httptest.ResponseRecorder) int {
			var body struct{ Data []callJSON }
			require.NoError(t, json.Unmarshal(recorder.Body.Bytes(), &body))
			return len(body.Data)
		},
	} {
		recorder := r.get(path)
		require.Equal(t, http.StatusOK, recorder.Code)
		if strings.HasSuffix(path, "csv&hours=1") {
			assert.NotEmpty(t, recorder.Header().Get("ETag"), "is held back")
		} else {
			assert.Empty(t, recorder.Header().Get("ETag"), path)
			assert.Equal(t, "no-store", recorder.Header().Get("Cache-Control"))
		}
		assert.GreaterOrEqual(t, count(recorder), users, path)
	}
}

// A failure after the first part of a response ends the connection: nobody mistakes the part for
// the whole.
func TestFailureWhileStreaming(t *testing.T) {
	b := newEmptyRig(t).server
	failing := response{contentType: "text/plain", stream: func(w io.Writer) error {
		_, err := w.Write(make([]byte, maxHeld+1))
		require.NoError(t, err)
		return errors.New("the ledger is closed")
	}}
	assert.PanicsWithValue(t, http.ErrAbortHandler, func() {
		b.serveStream(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/", http.NoBody), failing)
	})
	early := response{stream: func(io.Writer) error { return errors.New("the ledger is closed") }}
	recorder := httptest.NewRecorder()
	b.serveStream(recorder, httptest.NewRequest(http.MethodGet, "/", http.NoBody), early)
	assert.Equal(t, http.StatusInternalServerError, recorder.Code)
}

// A client may iterate over any list, also before the first call and the first alert.
func TestListsAreNotNull(t *testing.T) {
	r := newEmptyRig(t)
	t.Cleanup(r.server.ShowUsage(component.MustNewID("llm_cost"), &dashboards.Usage{Keys: []string{"model"}}))
	t.Cleanup(r.server.ShowAlerts(component.MustNewID("alert"), &dashboards.Alerts{}))
	for path, lists := range map[string][]string{
		"/api/sources": {"usage", "alerts"},
		"/api/usage":   {"rows"}, "/api/usage/hourly": {"rows"}, "/api/usage/models": {"rows"}, "/api/usage/groups": {"rows"},
		"/api/usage/summary": {"budgets"}, "/api/usage/budgets": nil, "/api/usage/unpriced": nil, "/api/usage/disagreements": nil,
		"/api/usage/estimates": nil, "/api/usage/prices": {"sources", "in_use"}, "/api/usage/billing": {"rows", "contracts"},
		"/api/calls": nil, "/api/calls/export": nil, "/api/alerts": {"alerts"}, "/api/alerts/history": nil, "/api/rules": {"groups"}, "/api/silences": nil,
	} {
		var body struct{ Data any }
		raw := r.get(path).Body.Bytes()
		require.NoError(t, json.Unmarshal(raw, &body), path)
		if lists == nil {
			assert.IsType(t, []any{}, body.Data, "%s: %s", path, raw)
		}
		for _, name := range lists {
			object, _ := body.Data.(map[string]any)
			assert.IsType(t, []any{}, object[name], "%s: %s: %s", path, name, raw)
		}
	}
}

// Objects that are written member by member look as others do.
func TestStreamedObjects(t *testing.T) {
	items := func(values ...any) list {
		return func(yield func(any, error) bool) {
			for _, v := range values {
				if !yield(v, nil) {
					return
				}
			}
		}
	}
	type fields struct {
		Name string   `json:"name"`
		Of   []string `json:"of"`
	}
	type inner struct {
		fields
		Alerts []fields `json:"alerts"`
	}
	type outer struct {
		fields
		Rules []inner `json:"rules"`
	}
	a, b := fields{Name: "a", Of: []string{"}", "\n}"}}, fields{Name: "b"}
	want, err := marshal(envelope{Status: "success", Data: map[string]any{"groups": []outer{
		{a, []inner{{a, []fields{a, b}}, {b, []fields{}}}}, {b, []inner{}},
	}}})
	require.NoError(t, err)
	var got bytes.Buffer
	require.NoError(t, streamJSON(member{"groups", items(
		extended{a, member{"rules", items(extended{a, member{"alerts", items(a, b)}}, extended{b, member{"alerts", items()}})}},
		extended{b, member{"rules", items()}},
	)})(&got))
	assert.Equal(t, string(want), got.String())
}
