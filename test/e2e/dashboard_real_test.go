//go:build e2e

// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"context"
	"fmt"
	"math"
	"regexp"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/confmap"
	"go.opentelemetry.io/collector/extension/extensiontest"

	"github.com/otelcol-arc/otelcol-arc/extension/dashboardextension"
	"github.com/otelcol-arc/otelcol-arc/internal/dashboard"
	"github.com/otelcol-arc/otelcol-arc/internal/testkit/collector"
	"github.com/otelcol-arc/otelcol-arc/internal/testkit/dashboards"
)

// startPage serves a month of calls, about 10000, until the test ends.
func startPage(t *testing.T) (url string, usage *dashboards.Usage) {
	t.Helper()
	address := collector.FreeAddress(t)
	factory := dashboardextension.NewFactory()
	cfg := factory.CreateDefaultConfig()
	require.NoError(t, confmap.NewFromStringMap(map[string]any{
		"endpoint": address, "writable": true, "trace_url": "http://localhost:16686/trace/{trace_id}",
	}).Unmarshal(cfg))
	extension, err := factory.Create(t.Context(), extensiontest.NewNopSettings(factory.Type()), cfg)
	require.NoError(t, err)
	require.NoError(t, extension.Start(t.Context(), componenttest.NewNopHost()))
	t.Cleanup(func() { assert.NoError(t, extension.Shutdown(context.Background())) })
	now := time.Now()
	usage = dashboards.SampleUsage(now, 31, 2*time.Minute)
	usage.ArrivalsOf = dashboards.SampleArrivals(now)
	extension.(dashboard.Extension).ShowUsage(component.MustNewID("llm_cost"), usage)
	extension.(dashboard.Extension).ShowAlerts(component.MustNewID("alert"), dashboards.SampleAlerts(now))
	return "http://" + address, usage
}

// ruleAddress is the path of a rule's page.
func ruleAddress(t *testing.T, url, name string) string {
	t.Helper()
	_, html := fetch(t, url+"/rules")
	found := regexp.MustCompile(`<a href="(/rule\?id=\w+)">` + name + `</a>`).FindStringSubmatch(html)
	require.NotNil(t, found, name)
	return found[1]
}

// The dashboard in a real browser: it is fast, logs nothing to the console, requests
// nothing from other hosts, has the ledger's figures, can be used without a mouse, and
// looks as docs/dashboard.md shows it.
func TestRealBrowser(t *testing.T) {
	url, usage := startPage(t)
	b := newBrowser(t)
	b.setView(1280, 800, "light")
	b.run(chromedp.Navigate(url + "/?range=30d"))
	loaded := b.loadTime()
	t.Logf("the dashboard with %d calls of a month was loaded in %s", len(usage.All), loaded)
	assert.Less(t, loaded, 5*time.Second, "it takes some 0.1 s; this machine may be busy")

	rows, err := usage.Usage(dashboard.Query{
		From: time.Now().UTC().Truncate(24*time.Hour).AddDate(0, 0, -29), To: time.Now().Add(time.Hour), GroupBy: []string{dashboard.Model},
	})
	require.NoError(t, err)
	for _, row := range rows {
		if row.Usage.Unpriced == row.Usage.Calls {
			continue
		}
		cell := read(b, chromedp.Text(chromedp.Search(`//table[contains(@class, "groups")]//tr[th//a[text()="`+row.Group[0]+`"]]/td[2]`)))
		assert.Equal(t, int64(math.Round(100*row.Usage.Dollars)), cents(t, cell), row.Group[0])
	}

	for _, scheme := range []string{"light", "dark"} {
		b.setView(1280, 800, scheme)
		for _, path := range []string{"/", "/?range=7d&by=service.name&show=tokens&where=model%3Dgpt-4o", "/money", "/alerts", "/rules", ruleAddress(t, url, "HighLLMCost"), "/calls?range=30d&status=failed", "/calls/0000000000000001", "/sessions", "/latency?range=7d", "/arrivals", "/traces", "/traces/" + dashboards.SampleTrace} {
			b.run(chromedp.Navigate(url + path))
			assert.Empty(t, b.axe(), "%s %s", path, scheme)
		}
	}
	b.setView(390, 844, "light")
	for _, path := range []string{"/", "/money", "/alerts", "/rules", ruleAddress(t, url, "HighLLMCost"), "/calls?range=30d&status=failed", "/calls/0000000000000001", "/sessions", "/latency?range=7d", "/arrivals", "/traces", "/traces/" + dashboards.SampleTrace} {
		b.run(chromedp.Navigate(url + path))
		assert.Empty(t, b.axe(), "%s on a phone", path)
		wide := read(b, chromedp.Evaluate[bool](`document.documentElement.scrollWidth > innerWidth`))
		assert.False(t, wide, "nothing of %s sticks out on a phone", path)
	}

	for _, shot := range []struct {
		name, path, scheme string
		width, height      int64
	}{
		{"dashboard-light.png", "/", "light", 1280, 1500},
		{"dashboard-dark.png", "/?range=30d", "dark", 1280, 1000},
		{"dashboard-phone.png", "/", "light", 390, 1300},
		{"dashboard-money.png", "/money", "light", 1280, 1280},
		{"dashboard-rules.png", "/rules", "light", 1280, 760},
		{"dashboard-arrivals.png", "/arrivals", "light", 1280, 800},
		{"dashboard-rule.png", ruleAddress(t, url, "HighLLMCost"), "light", 1280, 1100},
	} {
		b.setView(shot.width, 800, shot.scheme)
		b.run(chromedp.Navigate(url+shot.path), chromedp.WaitReady(chromedp.CSS("footer")))
		b.screenshot(shot.name, float64(shot.width), float64(shot.height))
	}
	b.reportProblems(url)
}

// A link that only changes what is shown keeps the scroll position; arrow keys show a
// bar's figures; new data appears without a reload.
func TestRealBrowserLive(t *testing.T) {
	url, usage := startPage(t)
	b := newBrowser(t)
	b.setView(1280, 800, "light")
	b.run(
		chromedp.Navigate(url),
		chromedp.Evaluate[chromedp.Void](`window.stays = true; undefined`),
		chromedp.Click(chromedp.Search(`//a[text()="30 days"]`)),
		chromedp.WaitVisible(chromedp.Search(`//h2[@id="usage-h"]/span[text()="in the last 30 days"]`)),
		chromedp.Focus(chromedp.CSS(`[data-plot]`)),
		chromedp.KeyEvent(kb.End), chromedp.KeyEvent(kb.ArrowLeft),
	)
	assert.Regexp(t, `^\w{3}, \w{3} \d+: \$\d+\.\d\d \(`, b.text(`[data-readout]`))

	before := cents(t, b.text(`.big`))
	later := usage.All[len(usage.All)-1]
	dollars := 1000.0
	later.Time, later.Dollars = time.Now(), &dollars
	usage.Add(later)
	b.run(chromedp.Evaluate[chromedp.Void](`document.dispatchEvent(new Event('visibilitychange')); undefined`),
		chromedp.Poll[chromedp.Void](`document.querySelector('.big').textContent.startsWith('$1,')`, chromedp.WithPollingTimeout(30*time.Second)))
	if time.Since(later.Time) < time.Hour && later.Time.Hour() == time.Now().Hour() {
		assert.Equal(t, before+100_000, cents(t, b.text(`.big`)))
	}
	stays := read(b, chromedp.Evaluate[bool](`window.stays === true && location.search === '?range=30d'`))
	assert.True(t, stays, "the document was not reloaded")
	b.reportProblems(url)
}

// What applications sent to the running collector is on its page, in dollars
// that are worked out here by hand.
func TestRealBrowserOfARunningCollector(t *testing.T) {
	p, set := quick(t)
	process := collector.Start(t, collector.Options{
		Configs: []string{"config/default.yaml"},
		Set:     append(set, "exporters::prometheus::endpoint="+p.page),
	})
	time.Sleep(time.Second) // until a signal is heard
	exporter := grpcExporter(t, p.grpc, security{})
	var calls []call
	for range 50 {
		calls = append(calls, call{"gpt-4o", 2000, 300}) // $0.008
	}
	for range 20 {
		calls = append(calls, call{"gpt-4o-mini", 10_000, 1000}) // $0.0021
	}
	calls = append(calls, call{"gpt-4-turbo", 124_000, 4000}) // $1.36
	calls = append(calls, call{"acme-70b", 500, 50})          // nobody knows
	sendSpans(t, exporter, calls...)

	url := "http://" + p.dashboard
	b := newBrowser(t)
	b.setView(1280, 800, "light")
	b.run(chromedp.Navigate(url))
	assert.Equal(t, int64(180), cents(t, b.text(`.big`)), "$0.40 + $0.042 + $1.36")
	for model, want := range map[string][]string{
		"gpt-4o":      {"$0.40", "50"},
		"gpt-4o-mini": {"$0.04", "20"},
		"gpt-4-turbo": {"$1.36", "1"},
		"acme-70b":    {"no price", "1"},
	} {
		for i, text := range want {
			cell := read(b, chromedp.Text(chromedp.Search(fmt.Sprintf(`//table[contains(@class, "groups")]//tr[th//a[text()=%q]]/td[%d]`, model, i+2))))
			assert.Equal(t, text, cell, model)
		}
	}
	_, html := fetch(t, url)
	assert.Contains(t, html, "- name: &#34;acme-70b&#34;", "an entry to fill in")
	assert.Empty(t, b.axe())
	b.reportProblems(url)
	process.Terminate(t, 20*time.Second)
}
