// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package alertprocessor

import (
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/promql/parser"
	"github.com/prometheus/prometheus/rules"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/confmap"
	"go.opentelemetry.io/collector/extension/extensiontest"

	"github.com/otelcol-arc/otelcol-arc/extension/dashboardextension"
	"github.com/otelcol-arc/otelcol-arc/internal/dashboard"
	"github.com/otelcol-arc/otelcol-arc/internal/falseclock"
	"github.com/otelcol-arc/otelcol-arc/processor/alertprocessor/internal/evaluate"
)

// startDashboard starts a dashboard that has the alerts of a processor, and returns its address.
func startDashboard(t *testing.T, alerts dashboard.Alerts) string {
	t.Helper()
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	require.NoError(t, listener.Close())
	factory := dashboardextension.NewFactory()
	cfg := factory.CreateDefaultConfig()
	require.NoError(t, confmap.NewFromStringMap(map[string]any{"endpoint": listener.Addr().String(), "writable": true}).Unmarshal(cfg))
	page, err := factory.Create(t.Context(), extensiontest.NewNopSettings(factory.Type()), cfg)
	require.NoError(t, err)
	require.NoError(t, page.Start(t.Context(), componenttest.NewNopHost()))
	hide := page.(dashboard.Extension).ShowAlerts(component.MustNewID("alert"), alerts)
	t.Cleanup(func() {
		hide()
		http.DefaultClient.CloseIdleConnections()
		require.NoError(t, page.Shutdown(t.Context()))
	})
	return "http://" + listener.Addr().String()
}

// visit gets a page, or posts a form.
func visit(t *testing.T, address string, form url.Values) string {
	t.Helper()
	method, body := http.MethodGet, io.Reader(http.NoBody)
	if form != nil {
		method, body = http.MethodPost, strings.NewReader(form.Encode())
	}
	request, err := http.NewRequestWithContext(t.Context(), method, address, body)
	require.NoError(t, err)
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	response, err := http.DefaultClient.Do(request)
	require.NoError(t, err)
	defer func() { require.NoError(t, response.Body.Close()) }()
	text, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	require.Equal(t, http.StatusOK, response.StatusCode, "%s: %.500s", address, text)
	return string(text)
}

// With many alerts a page lists the most severe and counts all, and each can be reached.
func TestStormOnTheDashboard(t *testing.T) {
	falseclock.Long(t)
	const n, critical = 20_000, 2_000
	r := newRig(t, testConfig(func(c *Config) {
		stormRules(c)
		c.Rules = append(c.Rules, RuleConfig{Name: "Slow", Expr: `storm{id=~".*7"} > 0`, For: time.Hour, Labels: map[string]string{"severity": "info"}})
		c.EvaluationInterval = time.Second
		c.SilencesFromDashboard = true
		c.ExternalLabels = map[string]string{"site": "berlin"}
	}))
	r.send(storm(n, 1))
	source := r.host.page.alerts
	all := source.Active(dashboard.ActiveFilter{})
	require.Eventually(t, func() bool {
		pending, firing := all.Count()
		return pending == n/10 && firing == n
	}, 2*time.Minute, 100*time.Millisecond)
	address := startDashboard(t, source)

	page := visit(t, address+"/alerts", nil)
	assert.Contains(t, page, `<span class="badge">`+strconv.Itoa(n)+"<")
	page, _, _ = strings.Cut(page, `id="channels"`)
	const shown = 200
	assert.Equal(t, shown, strings.Count(page, `<article class="alert critical">`))
	assert.Equal(t, shown, strings.Count(page, "<article"))
	assert.Contains(t, page, strconv.Itoa(n+n/10-shown)+" more")
	for _, group := range source.RuleGroups() {
		for _, rule := range group.Rules {
			switch rule.Name {
			case "Storm":
				assert.Equal(t, "firing", rule.State)
				assert.Contains(t, page, "/rule?id="+rule.ID)
				assert.Contains(t, visit(t, address+"/rule?id="+rule.ID, nil), strconv.Itoa(n-shown)+" more")
			case "Slow":
				assert.Equal(t, "pending", rule.State)
				assert.Contains(t, visit(t, address+"/rule?id="+rule.ID, nil), strconv.Itoa(n/10-shown)+" more")
			}
		}
	}
	assert.Contains(t, visit(t, address+"/rules", nil), "Firing 1<")

	var listed struct {
		Data struct {
			Alerts []struct {
				Fingerprint, State string
				Labels             map[string]string
			}
		}
	}
	require.NoError(t, json.Unmarshal([]byte(visit(t, address+"/api/alerts", nil)), &listed))
	require.Len(t, listed.Data.Alerts, n+n/10)
	fingerprints := map[string]bool{}
	for i, alert := range listed.Data.Alerts {
		fingerprints[alert.Fingerprint] = true
		want := "firing critical"
		switch {
		case i >= n:
			want = "pending info"
		case i >= critical:
			want = "firing warning"
		}
		require.Equal(t, want, alert.State+" "+alert.Labels["severity"], "%d", i)
		require.Equal(t, "berlin", alert.Labels["site"])
	}
	assert.Len(t, fingerprints, n+n/10)
	var rules struct {
		Data struct {
			Groups []struct {
				Rules []struct {
					Name   string
					Alerts []any
				}
			}
		}
	}
	require.NoError(t, json.Unmarshal([]byte(visit(t, address+"/api/rules", nil)), &rules))
	count := map[string]int{}
	for _, rule := range rules.Data.Groups[0].Rules {
		count[rule.Name] = len(rule.Alerts)
	}
	assert.Equal(t, map[string]int{"Storm": n, "Other": 0, "Slow": n / 10}, count)

	for filter, want := range map[string]int{
		`id="12345"`: 1, `severity="critical"`: critical, `id=~"1.*0"`: 1000 + 100 + 10 + 1, `site!="berlin"`: 0, `alertname="Slow"`: 0,
	} {
		var found []struct{ Labels map[string]string }
		require.NoError(t, json.Unmarshal([]byte(visit(t, address+"/api/v2/alerts?filter="+url.QueryEscape(filter), nil)), &found))
		assert.Len(t, found, want, filter)
	}
	var groups []struct{ Alerts []any }
	require.NoError(t, json.Unmarshal([]byte(visit(t, address+"/api/v2/alerts/groups?filter="+url.QueryEscape(`severity="critical"`), nil)), &groups))
	assert.Len(t, groups, critical, "not grouped: each is a group")

	last := listed.Data.Alerts[n-1]
	assert.Contains(t, visit(t, address+"/alerts?silence="+last.Fingerprint, nil), "id=&#34;"+last.Labels["id"]+"&#34;", "one that is not listed can be silenced")
	preview := visit(t, address+"/silences", url.Values{"matchers": {`severity="warning"`}, "hours": {"1"}, "preview": {"1"}})
	assert.Contains(t, preview, "Matches 18000 of 22000 active alerts")
}

// A page costs what it lists, and little for each of the other alerts: they are counted without an
// allocation, and compared with one, in whatever order they are.
func TestAlertsThatAreNotListedAreNotBuilt(t *testing.T) {
	const n, limit = 5_000, 10
	expr, err := parser.NewParser(parser.Options{}).ParseExpr("storm > 0")
	require.NoError(t, err)
	rule := rules.NewAlertingRule("Storm", expr, time.Hour, 0, labels.FromStrings("kind", "test"), labels.FromStrings("summary", "{{ $labels.id }}"), labels.EmptyLabels(), "", true, nil)
	_, err = rule.Eval(t.Context(), 0, time.Now(), func(context.Context, string, time.Time) (promql.Vector, error) {
		series := make(promql.Vector, n)
		for i := range series {
			series[i].Metric = labels.FromStrings("id", strconv.Itoa(n+i), "severity", []string{"critical", "warning"}[min(i%100, 1)])
		}
		return series, nil
	}, nil, 0)
	require.NoError(t, err)
	of := &activeRule{evaluator: &evaluate.Evaluator{}, group: rules.NewGroup(rules.GroupOptions{Name: "g"}), AlertingRule: rule}
	active := &activeAlerts{source: &dashboardSource{core: &core{cfg: &Config{}}}, rules: []*activeRule{of}}

	pending, firing := active.Count()
	assert.Equal(t, []int{n, 0}, []int{pending, firing})
	assert.Less(t, testing.AllocsPerRun(3, func() { active.Count() }), 10.0)
	var listed []dashboard.ActiveAlert
	assert.Less(t, testing.AllocsPerRun(3, func() { listed = slices.Collect(active.List(limit)) }), n+100.0*limit)
	require.Len(t, listed, limit)
	assert.Equal(t, slices.Collect(active.List(0))[:limit], listed)
	for i, alert := range listed {
		assert.Equal(t, map[string]string{"alertname": "Storm", "kind": "test", "severity": "critical", "id": strconv.Itoa(n + 100*i)}, alert.Labels)
		assert.Equal(t, map[string]string{"summary": strconv.Itoa(n + 100*i)}, alert.Annotations)
	}
}
