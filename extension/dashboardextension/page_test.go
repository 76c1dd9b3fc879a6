// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package dashboardextension

import (
	"io/fs"
	"net/http"
	"net/url"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"golang.org/x/net/html"

	"github.com/otelcol-arc/otelcol-arc/internal/alertevent"
	"github.com/otelcol-arc/otelcol-arc/internal/dashboard"
	"github.com/otelcol-arc/otelcol-arc/internal/testkit/dashboards"
)

var pagePaths = []string{
	"/", "/?range=7d&show=tokens&by=service.name", "/?range=30d&show=calls&by=user.id&where=model%3Dgpt-4o", "/alerts", "/rules", "/money", "/money?budget=user&value=user-1", "/?range=1y",
	"/latency", "/latency?range=30d&by=service.name&where=model%3Dgpt-4o&sort=-p95",
	"/arrivals", "/arrivals?q=%3Cscript%3E&sort=-last",
	"/sessions", "/traces?order=duration&range=7d&cpage=2", "/traces/" + dashboards.SampleTrace,
	"/calls", "/calls?range=7d&where=model%3Dgpt-4o&csort=-cost&cpage=2&status=failed&find=%3Cscript%3E", "/calls/0000000000000001",
	"/?from=2026-03-01&to=2026-03-31&tz=Asia%2FTokyo&by=user.id&by=model&q=%3Cscript%3E&sort=-p95&col=cost&csort=-duration",
}

// Every response carries the headers, and no page needs more than they allow.
func TestContentSecurity(t *testing.T) {
	for _, path := range append([]string{"/api/alerts", "/api/none", "/assets/page.js", "/none"}, pagePaths...) {
		recorder := newRig(t).get(path)
		header := recorder.Header()
		assert.Equal(t, policy, header.Get("Content-Security-Policy"), path)
		assert.Equal(t, "nosniff", header.Get("X-Content-Type-Options"), path)
		assert.Equal(t, "DENY", header.Get("X-Frame-Options"), path)
		assert.Equal(t, "no-referrer", header.Get("Referrer-Policy"), path)
		assert.Empty(t, header.Get("Set-Cookie"), path)
		assert.NotEmpty(t, header.Get("Cache-Control"), path)
	}
	for _, path := range pagePaths {
		for node := range elements(t, newRig(t, writable).get(path).Body.String()) {
			assert.NotEqual(t, "style", node.Data, path)
			for _, attribute := range node.Attr {
				assert.NotEqual(t, "style", attribute.Key, path)
				assert.False(t, strings.HasPrefix(attribute.Key, "on"), "%s: %s", path, attribute.Key)
				if attribute.Key == "src" {
					assert.True(t, strings.HasPrefix(attribute.Val, "/assets/"), attribute.Val)
				}
			}
			if node.Data == "script" {
				assert.Nil(t, node.FirstChild, "no inline script")
			}
		}
	}
}

func elements(t *testing.T, page string) map[*html.Node]bool {
	t.Helper()
	root, err := html.Parse(strings.NewReader(page))
	require.NoError(t, err)
	found := map[*html.Node]bool{}
	for node := range root.Descendants() {
		if node.Type == html.ElementNode {
			found[node] = true
		}
	}
	require.NotEmpty(t, found)
	return found
}

// Names of models, users and rules are shown as text, whatever they hold.
func TestHostileText(t *testing.T) {
	const hostile = `"'><script>alert(1)</script><img src=x onerror=alert(2)>{{.}}` + "\xff\x00\u202e"
	r := newEmptyRig(t, writable)
	dollars, value := 1.0, 2.0
	usage := &dashboards.Usage{
		Keys: []string{dashboard.Model, hostile},
		All: []dashboards.Call{{
			Time: rigNow, TraceID: hostile, SpanID: hostile, Session: hostile, Agent: hostile, User: hostile, ErrorType: hostile, Scope: hostile, ResponseID: hostile, Values: []string{hostile, hostile}, Status: hostile, Dollars: &dollars,
		}},
		StepsOf:      map[string][]dashboard.Step{hostile: {{SpanID: hostile, Name: hostile, Agent: hostile}}},
		BudgetList:   []dashboard.Budget{{Name: hostile, Window: "day", Limit: 1, Start: rigNow.Add(-time.Hour), End: rigNow, By: []string{hostile}, Values: []string{hostile}, Where: map[string]string{hostile: hostile}}},
		CostList:     []dashboard.CostLine{{Provider: hostile, Model: hostile, Item: hostile, Calls: 1}},
		UnpricedList: []dashboard.UnpricedModel{{Model: hostile, Provider: hostile, Entry: hostile}},
		EstimateList: []dashboard.Estimate{{Model: hostile, Provider: hostile, Reason: hostile}},
		Bill: dashboard.Billing{
			Lines:     []dashboard.BillingLine{{Provider: hostile, Model: hostile, Item: hostile, Billed: 1}},
			Contracts: []dashboard.BillingContract{{Provider: hostile, Models: []string{hostile}, Percent: hostile, Adjustment: hostile}},
		},
		DisagreeList: []dashboard.Disagreement{{Model: hostile}},
		ArrivalsOf: dashboard.Arrivals{Senders: []dashboard.Sender{{
			Service: hostile, Scope: hostile, Version: hostile, Spans: 1, NotCalls: map[string]int64{hostile: 1}, Last: rigNow,
		}}},
		Table: dashboard.PriceTable{
			Version: hostile, Files: []string{hostile},
			Sources: []dashboard.PriceSource{{URL: hostile, Version: hostile, Err: hostile}},
			InUse:   []dashboard.PriceInUse{{Model: hostile, Provider: hostile, List: hostile, Source: "javascript:alert(1)"}},
		},
	}
	alert := alertevent.Alert{
		Labels:      map[string]string{"alertname": hostile, "severity": hostile, hostile: hostile},
		Annotations: map[string]string{"description": hostile, "runbook_url": "javascript:alert(3)", hostile: hostile},
		StartsAt:    rigNow, Value: &value,
	}
	graph := dashboard.Graph{Expr: hostile, From: rigNow, Step: time.Second, Operator: hostile, Series: []dashboard.GraphSeries{{Labels: alert.Labels, Values: []float64{1, 2}}}}
	interval := dashboard.StateInterval{Labels: alert.Labels, State: hostile, From: rigNow, To: rigNow}
	active := dashboard.ActiveAlert{Alert: alert, State: "firing", Suppressed: hostile}
	alerts := &dashboards.Alerts{
		GraphOf: graph, IntervalList: []dashboard.StateInterval{interval},
		ChannelList: []dashboard.Channel{{Name: hostile, Deliveries: []dashboard.Delivery{{Alerts: []string{hostile}, Outcome: hostile, Error: hostile, Target: hostile}}}},
		ActiveList:  dashboards.ActiveList{active},
		HistoryList: []dashboard.HistoryEntry{{At: rigNow, Alert: alert}},
		SilenceList: []dashboard.Silence{{ID: hostile, Matchers: []string{hostile}, EndsAt: rigNow.Add(time.Hour), CreatedBy: hostile, Comment: hostile}},
		Groups: []dashboard.RuleGroup{{Name: hostile, File: hostile, Rules: []dashboard.Rule{{
			Kind: hostile, Name: hostile, Expr: hostile, State: hostile, Health: hostile, LastError: hostile, Reason: hostile,
			Labels: alert.Labels, Annotations: alert.Annotations, Active: dashboards.ActiveList{active},
		}}}},
	}
	r.server.ShowUsage(component.MustNewID("llm_cost"), usage)
	r.server.ShowAlerts(component.MustNewID("alert"), alerts)
	for _, path := range []string{"/", "/money", "/alerts", "/rules", "/rule?id=" + dashboard.RuleID(&alerts.Groups[0], &alerts.Groups[0].Rules[0]), "/alerts?silence=" + alert.Fingerprint(), "/?by=" + "%22%3E%3Cscript%3E", "/?q=" + url.QueryEscape(hostile), "/?by=model&by=" + url.QueryEscape(hostile), "/calls", "/calls/0000000000000001", "/calls?find=" + url.QueryEscape(hostile), "/arrivals", "/latency", "/sessions", "/traces", "/traces/" + url.PathEscape(hostile)} {
		page := r.get(path).Body.String()
		assert.Contains(t, page, "script&gt;", path)
		for node := range elements(t, page) {
			if node.Data == "script" {
				assert.Len(t, node.Attr, 2, path) // ours
			}
			for _, attribute := range node.Attr {
				assert.NotContains(t, attribute.Key, "onerror", path)
				if attribute.Key == "href" {
					assert.False(t, strings.HasPrefix(attribute.Val, "javascript:"), attribute.Val)
				}
			}
		}
	}
}

// The tables need no script: the dashboard has the figures that the API has.
func TestPageShowsFigures(t *testing.T) {
	r := newRig(t)
	page := r.get("/").Body.String()
	for _, want := range []string{
		"HighLLMCost", "Hourly cost is $12.40", "claude-sonnet-4-5", "Top Services", "Top Agents", "Top Users", "Budget “day”",
		"by this time yesterday", "acme-70b-instruct", "$13.62", "http://localhost:16686/trace/", "2347 models", "estimated",
		"https://prices.example/list.yaml", "the server responded with status 503 Service Unavailable", "https://claude.com/pricing", "house-model", "tier: flex", "$2.75",
	} {
		assert.Contains(t, page, want)
	}
	rules := r.get("/rules").Body.String()
	for _, want := range []string{"sum(rate(arc_requests_total{status=~&#34;5..&#34;}[5m]))", "The value is 0.0123, not &gt; 0.05.", "6 s ago"} {
		assert.Contains(t, rules, want)
	}
	alerts := r.get("/alerts").Body.String()
	for _, want := range []string{"LowCacheHitRate", "pending", "resolved", "load test until the evening", "nobody is up", "in 3 h"} {
		assert.Contains(t, alerts, want)
	}
}

// A model without a price costs an unknown amount, wherever it is shown.
func TestNoPriceIsNotNothing(t *testing.T) {
	r := newRig(t)
	assert.Contains(t, r.get("/").Body.String(), `acme-70b-instruct</span> <span class="num">no price</span>`, "in the legend")
	assert.Regexp(t, `[\d,]+ calls, \d+ without a price`, r.get("/").Body.String())
	alone := r.get("/?where=model%3Dacme-70b-instruct").Body.String()
	assert.Contains(t, alone, `<p class="big num">no price</p>`)
	assert.Contains(t, alone, `<dt>Cost</dt><dd><span class="num">no price</span>`)
}

func TestLongListsSayWhereTheRestIs(t *testing.T) {
	r := newRig(t)
	r.usage.UnpricedList = make([]dashboard.UnpricedModel, listedModels+3)
	r.usage.DisagreeList = make([]dashboard.Disagreement, listedModels+4)
	page := r.get("/?source=llm_cost").Body.String()
	assert.Contains(t, page, `3 more are at <a href="/api/usage/unpriced?source=llm_cost">`)
	assert.Contains(t, page, `4 more are at <a href="/api/usage/disagreements?source=llm_cost">`)
}

// A storm of alerts does not make a page that no browser can show: the most severe are listed.
func TestStormOfAlerts(t *testing.T) {
	r := newRig(t)
	storm := func(severity string, n int) (all dashboards.ActiveList) {
		for i := range n {
			labels := map[string]string{alertevent.LabelName: "Storm", alertevent.LabelSeverity: severity, "n": strconv.Itoa(i)}
			all = append(all, dashboard.ActiveAlert{State: "firing", StartsAt: rigNow, Labels: labels})
		}
		return all
	}
	r.alerts.ActiveList = storm(alertevent.SeverityWarning, 10_000)
	r.alerts.Groups[0].Rules[0].Active = r.alerts.ActiveList
	other := dashboards.SampleAlerts(rigNow)
	other.ActiveList = storm(alertevent.SeverityCritical, 1)
	r.server.ShowAlerts(component.MustNewIDWithName("alert", "b"), other)
	for path, more := range map[string]string{"/alerts": "9801 more", r.ruleAddress(r.alerts.Groups[0].Rules[0].Name): "9800 more"} {
		page := r.get(path).Body.String()
		assert.Contains(t, page, more, path)
		assert.Equal(t, activeShown, strings.Count(page, "</span> Storm"), path)
	}
	assert.Contains(t, r.get("/alerts").Body.String(), ">critical<", "of the other processor")
}

func TestComparedWithYesterday(t *testing.T) {
	for yesterday, want := range map[float64]string{
		0:     "",
		.01:   "1,000 times as much as by this time yesterday (≈ $0.01)",
		1:     "10 times as much as by this time yesterday (≈ $1.00)",
		4:     "150% more than by this time yesterday (≈ $4.00)",
		10.01: "as much as by this time yesterday (≈ $10.01)",
		20:    "50% less than by this time yesterday (≈ $20.00)",
	} {
		assert.Equal(t, want, newCard("Today", &dashboard.Totals{Calls: 1, Dollars: 10}, yesterday).Compare)
	}
}

func TestStepFollowsWhatIsKept(t *testing.T) {
	r := newRig(t)
	assert.Contains(t, r.get("/?range=24h").Body.String(), "By the hour:")
	r.usage.HoursSince = rigNow.Truncate(time.Hour) // hours before are days by now
	page := r.get("/?range=24h").Body.String()
	assert.Contains(t, page, "By the day:")
	assert.Contains(t, page, "step=day")
}

func TestEmptyStates(t *testing.T) {
	r := newEmptyRig(t)
	assert.Contains(t, r.get("/").Body.String(), "No <code>llm_cost</code> processor is running")
	assert.Contains(t, r.get("/alerts").Body.String(), "No <code>alert</code> processor is running")
	assert.Contains(t, r.get("/rules").Body.String(), "No <code>alert</code> processor is running")
	r.server.ShowUsage(component.MustNewID("llm_cost"), &dashboards.Usage{Keys: []string{dashboard.Model}})
	r.server.ShowAlerts(component.MustNewID("alert"), &dashboards.Alerts{})
	assert.Contains(t, r.get("/").Body.String(), "No LLM call seen yet")
	assert.Contains(t, r.get("/?where=model%3Dx").Body.String(), "No calls in the last 24 hours with these values")
	alerts := r.get("/alerts").Body.String()
	assert.Contains(t, alerts, "Nothing is wrong")
	assert.Contains(t, alerts, "No alert record has been sent yet")
	assert.Contains(t, alerts, "No notifier is switched on: alert records leave")
	assert.Contains(t, r.get("/rules").Body.String(), "There are no rules")
}

// What the list has are notifications: an alert that fires and is silenced is not there.
func TestNoNotificationYet(t *testing.T) {
	r := newRig(t)
	r.alerts.HistoryList = nil
	page := r.get("/alerts").Body.String()
	assert.Contains(t, page, "No notification has been sent yet")
	assert.NotContains(t, page, "No notifier is switched on")
	assert.NotContains(t, page, "has fired yet")
}

func TestPageRefusesUnknownParameters(t *testing.T) {
	recorder := newRig(t).get("/?range=1y&tint=red")
	assert.Equal(t, http.StatusBadRequest, recorder.Code)
	assert.Contains(t, recorder.Body.String(), "parameter range: must be one of 24h, 7d, 30d")
	assert.Contains(t, recorder.Body.String(), "parameter tint: is not known")
}

// All resources that a browser loads come from this server.
func TestAssetsAreSmallAndOurs(t *testing.T) {
	size := 0
	require.NoError(t, fs.WalkDir(assets, ".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		content, err := assets.ReadFile(path)
		size += len(content)
		assert.NotEmpty(t, assetTypes[filepath.Ext(path)], path)
		if !strings.HasSuffix(path, ".yaml") {
			for _, url := range regexp.MustCompile(`https?://[^\s"')]+`).FindAllString(string(content), -1) {
				assert.Equal(t, "http://www.w3.org/2000/svg", url, path)
			}
		}
		return err
	}))
	assert.Less(t, size, 120_000)
}

// Rules are filtered by state and searched; those without data are folded away, but not
// when they are asked for.
func TestRulesAreFiltered(t *testing.T) {
	r := newRig(t)
	for path, want := range map[string][]string{
		"/rules":                     {"HighLLMCost", "LowCacheHitRate", "HighErrorRate", "arc:llm_cost_dollars:rate1h", "HighCostLLMCall"},
		"/rules?state=firing":        {"HighLLMCost"},
		"/rules?state=pending":       {"LowCacheHitRate"},
		"/rules?state=inactive":      {"HighErrorRate", "HighCostLLMCall"},
		"/rules?state=no_data":       {"QueueIsLong"},
		"/rules?state=no_channel":    {"HighCostLLMCall"},
		"/rules?q=CACHE+severity":    {"LowCacheHitRate"},
		"/rules?q=arc_queue_size":    {"QueueIsLong"},
		"/rules?state=firing&q=none": nil,
	} {
		body := r.get(path).Body.String()
		folded := strings.Index(body, `class="folded"`)
		if folded < 0 {
			folded = len(body)
		}
		var got []string
		for _, match := range regexp.MustCompile(`<h3><span class="tag [a-z]*">\w+</span> (?:<a [^>]*>)?([\w:]+)[ <]`).FindAllStringSubmatch(body[:folded], -1) {
			got = append(got, match[1])
		}
		assert.Equal(t, want, got, path)
	}
	all := r.get("/rules").Body.String()
	assert.Contains(t, all, "<summary>1 without data: QueueIsLong</summary>")
	assert.Contains(t, all, "No notifier that is switched on is notified of its alerts.")
	assert.Contains(t, all, `Notifies <code>pagerduty</code>, <code>slack</code>`)
	assert.Contains(t, all, `<a href="/rules?state=firing" data-stay>Firing 1</a>`)
	assert.Contains(t, r.get("/rules?state=firing&q=none").Body.String(), "Show all rules")
	assert.Equal(t, http.StatusBadRequest, r.get("/rules?state=sleeping").Code)
}

// A silence is previewed, copied and extended, and mistakes are named by line.
func TestSilenceForm(t *testing.T) {
	r := newRig(t, writable)
	form := url.Values{"matchers": {`severity=~"critical|warning"` + "\n"}, "hours": {"4"}, "created_by": {"ines"}, "comment": {"test"}}
	form.Set("preview", "1")
	before := len(r.alerts.SilenceList)
	preview := r.post("/silences", form)
	require.Equal(t, http.StatusOK, preview.Code)
	assert.Contains(t, preview.Body.String(), "Matches 2 of 2 active alerts")
	assert.Contains(t, preview.Body.String(), `value="ines"`, "the form keeps what was entered")
	form.Set("matchers", `service="research"`)
	assert.Contains(t, r.post("/silences", form).Body.String(), "Matches 1 of 2 active alerts")
	assert.Len(t, r.alerts.SilenceList, before, "nothing is silenced by it")

	form.Del("preview")
	form.Set("matchers", "alertname=\"A\"\n\nfoo\nbar=~\"(\"")
	wrong := r.post("/silences", form)
	assert.Equal(t, http.StatusBadRequest, wrong.Code)
	plain := html.UnescapeString(wrong.Body.String())
	assert.Contains(t, plain, `line 3, "foo", is not a matcher: write NAME="VALUE"`)
	assert.Contains(t, plain, "line 4, ")
	for _, all := range []string{`service=""`, `service=~".*"`} {
		form.Set("matchers", all)
		assert.Contains(t, r.post("/silences", form).Body.String(), "these matchers choose every alert")
	}

	page := r.get("/alerts").Body.String()
	assert.Contains(t, page, `<a href="/alerts?extend=0b4c#new">Extend</a>`)
	assert.NotContains(t, page, "extend=night", "it is of the configuration")
	copied := html.UnescapeString(r.get("/alerts?copy=night").Body.String())
	assert.Contains(t, copied, `severity=~"info|warning"</textarea>`)
	assert.NotContains(t, copied, `name="id" value="night"`)

	extend := html.UnescapeString(r.get("/alerts?extend=0b4c").Body.String())
	assert.Contains(t, extend, `<input type="hidden" name="id" value="0b4c">`)
	assert.Contains(t, extend, "load test until the evening")
	form.Set("id", "0b4c")
	form.Set("matchers", `alertname="HighLatency"`)
	form.Set("hours", "24")
	require.Equal(t, http.StatusSeeOther, r.post("/silences", form).Code)
	last := r.alerts.SilenceList[len(r.alerts.SilenceList)-1]
	assert.Equal(t, "0b4c", last.ID)
	assert.Equal(t, rigNow.Add(24*time.Hour), last.EndsAt)
	assert.Equal(t, rigNow.Add(-time.Hour), last.StartsAt, "it goes on")
	form.Set("id", "gone")
	assert.Equal(t, http.StatusNotFound, r.post("/silences", form).Code)
}

// Each channel is shown with how many alerts wait for it, and the last response.
func TestChannels(t *testing.T) {
	r := newRig(t)
	page := html.UnescapeString(r.get("/alerts").Body.String())
	for _, want := range []string{
		`<th scope="row">pagerduty</th><td class="nowrap"><span class="tag critical">fails since 12 min</span></td><td class="n">201</td>`,
		"routing key is unknown <span class=\"meta\">next attempt in 3 min</span>",
		`<th scope="row">slack</th><td class="nowrap"><span class="tag ok">works</span></td><td class="n">0</td>`,
	} {
		assert.Contains(t, page, want)
	}
	r.alerts.ChannelList = nil
	assert.Contains(t, r.get("/alerts").Body.String(), "No notifier is switched on")
}
