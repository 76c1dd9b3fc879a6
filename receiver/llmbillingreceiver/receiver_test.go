// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package llmbillingreceiver

import (
	"context"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/open-telemetry/opentelemetry-collector-contrib/extension/sigv4authextension"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/config/configauth"
	"go.opentelemetry.io/collector/config/confighttp"
	"go.opentelemetry.io/collector/config/configopaque"
	"go.opentelemetry.io/collector/config/configoptional"
	"go.opentelemetry.io/collector/confmap"
	"go.opentelemetry.io/collector/extension"
	"go.opentelemetry.io/collector/extension/extensiontest"
	"go.opentelemetry.io/collector/receiver/receivertest"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"github.com/otelcol-arc/otelcol-arc/internal/testkit/double"
	"github.com/otelcol-arc/otelcol-arc/internal/testkit/testhost"
	"github.com/otelcol-arc/otelcol-arc/receiver/llmbillingreceiver/internal/metadata"
	"github.com/otelcol-arc/otelcol-arc/receiver/llmbillingreceiver/internal/report"
)

// noon of the tests; days are counted back from it.
var noon = time.Date(2026, 11, 28, 12, 0, 0, 0, time.UTC)

func daysAgo(n int) time.Time { return noon.Truncate(24*time.Hour).AddDate(0, 0, -n) }

func accountOf(t *testing.T, settings map[string]any) AccountConfig {
	t.Helper()
	var a AccountConfig
	require.NoError(t, confmap.NewFromStringMap(settings).Unmarshal(&a))
	return a
}

// rig is a receiver that is asked by hand: its accounts do not ask by themselves.
type rig struct {
	*billing
	logs *observer.ObservedLogs
}

func newRig(t *testing.T, host component.Host, change func(*Config), accounts ...AccountConfig) *rig {
	t.Helper()
	cfg := createDefaultConfig().(*Config)
	cfg.Accounts = accounts
	if change != nil {
		change(cfg)
	}
	require.NoError(t, confmap.Validate(cfg))
	core, logs := observer.New(zap.InfoLevel)
	set := receivertest.NewNopSettings(metadata.Type)
	set.Logger, set.ID = zap.New(core), component.NewID(metadata.Type)
	b, err := newBilling(cfg, set)
	require.NoError(t, err)
	b.now = func() time.Time { return noon }
	require.NoError(t, b.openStore(t.Context(), host))
	for _, a := range b.accounts {
		require.NoError(t, b.connect(t.Context(), host, a))
		require.NoError(t, b.load(t.Context(), a))
	}
	t.Cleanup(func() { _ = b.shutdown(context.WithoutCancel(t.Context())) })
	return &rig{b, logs}
}

// dollars are what is emitted, by label and day.
func (r *rig) dollars(t *testing.T) map[string]float64 {
	t.Helper()
	md, err := r.scrape(t.Context())
	require.NoError(t, err)
	found := map[string]float64{}
	for _, rm := range md.ResourceMetrics().All() {
		for _, sm := range rm.ScopeMetrics().All() {
			for _, m := range sm.Metrics().All() {
				for _, p := range m.Gauge().DataPoints().All() {
					text := func(key string) string { v, _ := p.Attributes().Get(key); return v.Str() }
					switch m.Name() {
					case "arc_llm_billed_cost_dollars":
						found[strings.Join([]string{text("provider"), text("account"), text("project"), text("model_or_item"), text("day")}, " ")] += p.DoubleValue()
					case "arc_llm_billed_usage":
						found[strings.Join([]string{text("model_or_item"), text("kind"), text("tier"), text("day")}, " ")] += float64(p.IntValue())
					}
				}
			}
		}
	}
	return found
}

var signID = component.MustNewIDWithName("sigv4auth", "costs")

// signer is the extension that signs requests to AWS.
func signer(t *testing.T) extension.Extension {
	t.Helper()
	t.Setenv("AWS_ACCESS_KEY_ID", "AKID")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "secret")
	factory := sigv4authextension.NewFactory()
	cfg := factory.CreateDefaultConfig().(*sigv4authextension.Config)
	cfg.Region, cfg.Service = "us-east-1", "ce"
	require.NoError(t, confmap.Validate(cfg))
	made, err := factory.Create(t.Context(), extensiontest.NewNopSettings(factory.Type()), cfg)
	require.NoError(t, err)
	require.NoError(t, made.Start(t.Context(), componenttest.NewNopHost()))
	t.Cleanup(func() { _ = made.Shutdown(context.WithoutCancel(t.Context())) })
	return made
}

func all(t *testing.T, api *double.BillingAPI) []AccountConfig {
	t.Helper()
	var accounts []AccountConfig
	for _, provider := range []string{"openai", "anthropic", "openrouter"} {
		accounts = append(accounts, accountOf(t, map[string]any{"provider": provider, "name": "acme", "key": api.Key, "endpoint": api.URL}))
	}
	aws := accountOf(t, map[string]any{"provider": "bedrock", "name": "acme", "endpoint": api.URL})
	aws.HTTP.Auth = configoptional.Some(configauth.Config{AuthenticatorID: signID})
	return append(accounts, aws)
}

// Every provider's report is read over all its pages, in its own units.
func TestReportsOfEveryProvider(t *testing.T) {
	api := double.NewBillingAPI(t)
	api.Set(
		double.Billed{Provider: "openai", Project: "proj_1", Model: "gpt-5.5-2026-04-23", Day: daysAgo(9), Dollars: 2, Input: 1000, Cached: 500, Output: 100, Requests: 7},
		double.Billed{Provider: "openai", Project: "proj_1", Model: "gpt-5.5-2026-04-23", Day: daysAgo(1), Dollars: 8, Tier: "priority", Input: 10, Output: 1, Requests: 1},
		double.Billed{Provider: "openai", Item: "web search tool calls", Day: daysAgo(1), Dollars: 0.25},
		double.Billed{Provider: "anthropic", Project: "wrkspc_1", Model: "claude-sonnet-4-5-20250929", Day: daysAgo(5), Dollars: 12.34, Input: 4000, Cached: 9, Output: 5, Tier: "batch"},
		double.Billed{Provider: "anthropic", Item: "web_search", Day: daysAgo(0), Dollars: 0.5},
		double.Billed{Provider: "openrouter", Model: "openai/gpt-4.1", Day: daysAgo(2), Dollars: 0.015, Input: 50, Output: 125, Requests: 5},
		double.Billed{Provider: "openrouter", Model: "openai/gpt-4.1", Day: daysAgo(20), Dollars: 99},
		double.Billed{Provider: "bedrock", Model: "Claude Sonnet 4.5", Day: daysAgo(3), Dollars: 4.5},
		double.Billed{Provider: "bedrock", Item: "USE1-NovaLite-input-tokens", Day: daysAgo(13), Dollars: 0.125},
	)
	r := newRig(t, testhost.Host{signID: signer(t)}, nil, all(t, api)...)
	for _, a := range r.accounts {
		require.NoError(t, a.ask(t.Context()), a.id())
	}
	day := func(n int) string { return report.DayOf(daysAgo(n)) }
	want := map[string]float64{
		"openai acme proj_1 gpt-5.5-2026-04-23 " + day(9):              2,
		"openai acme proj_1 gpt-5.5-2026-04-23 " + day(1):              8,
		"openai acme  web search tool calls " + day(1):                 0.25,
		"gpt-5.5-2026-04-23 input standard " + day(9):                  1000,
		"gpt-5.5-2026-04-23 cache_read standard " + day(9):             500,
		"gpt-5.5-2026-04-23 output standard " + day(9):                 100,
		"gpt-5.5-2026-04-23 requests standard " + day(9):               7,
		"gpt-5.5-2026-04-23 input priority " + day(1):                  10,
		"gpt-5.5-2026-04-23 output priority " + day(1):                 1,
		"gpt-5.5-2026-04-23 requests priority " + day(1):               1,
		"anthropic acme wrkspc_1 claude-sonnet-4-5-20250929 " + day(5): 12.34,
		"anthropic acme  web_search " + day(0):                         0.5,
		"claude-sonnet-4-5-20250929 input batch " + day(5):             4000,
		"claude-sonnet-4-5-20250929 cache_read batch " + day(5):        9,
		"claude-sonnet-4-5-20250929 output batch " + day(5):            5,
		"openrouter acme  openai/gpt-4.1 " + day(2):                    0.015,
		"openai/gpt-4.1 input  " + day(2):                              50,
		"openai/gpt-4.1 output  " + day(2):                             125,
		"openai/gpt-4.1 requests  " + day(2):                           5,
		"bedrock acme  claude-sonnet-4-5 " + day(3):                    4.5,
		"bedrock acme  NovaLite-input-tokens " + day(13):               0.125,
	}
	got := r.dollars(t)
	for key, value := range want {
		assert.InDelta(t, value, got[key], 1e-9, key)
	}
	assert.Len(t, got, len(want), "nothing else: no other service, no day that is too old")
	paged := 0
	for _, request := range api.Requests() {
		if strings.Contains(request, "page=") {
			paged++
		}
	}
	assert.Positive(t, paged)
}

// A provider corrects its bill: the last days are asked for again, and what has gone is 0.
func TestCorrections(t *testing.T) {
	api := double.NewBillingAPI(t)
	api.Set(
		double.Billed{Provider: "openai", Model: "a", Day: daysAgo(1), Dollars: 4, Input: 5},
		double.Billed{Provider: "openai", Model: "b", Day: daysAgo(1), Dollars: 4},
		double.Billed{Provider: "openai", Model: "b", Day: daysAgo(9), Dollars: 1},
	)
	r := newRig(t, componenttest.NewNopHost(), nil, accountOf(t, map[string]any{"provider": "openai", "key": api.Key, "endpoint": api.URL}))
	a := r.accounts[0]
	require.NoError(t, a.ask(t.Context()))
	api.Set(double.Billed{Provider: "openai", Model: "b", Day: daysAgo(1), Dollars: 6})
	require.NoError(t, a.ask(t.Context()))
	day := report.DayOf(daysAgo(1))
	got := r.dollars(t)
	assert.InDelta(t, 0.0, got["openai default  a "+day], 0)
	assert.Contains(t, got, "openai default  a "+day)
	assert.InDelta(t, 0.0, got["a input standard "+day], 0)
	assert.InDelta(t, 6.0, got["openai default  b "+day], 0)
	assert.InDelta(t, 1.0, got["openai default  b "+report.DayOf(daysAgo(9))], 0, "not asked for again today")
	r.now = func() time.Time { return noon.AddDate(0, 0, 1) }
	require.NoError(t, a.ask(t.Context()))
	assert.InDelta(t, 0.0, r.dollars(t)["openai default  b "+report.DayOf(daysAgo(9))], 0, "asked for again once a day")
	r.now = func() time.Time { return noon.AddDate(0, 0, 30) }
	require.NoError(t, a.ask(t.Context()))
	assert.Empty(t, r.dollars(t), "beyond days")
}

// Each failure has an error that names what to do, does not contain the key, loses nothing
// of what was reported before, and is asked again at a polite time.
func TestFailures(t *testing.T) {
	for _, tt := range []struct {
		name, provider, key string
		respond             func(http.ResponseWriter, *http.Request) bool
		want                string
		retry               time.Duration
	}{
		{"a wrong key", "openai", "sk-wrong-key", nil, "status 401 Unauthorized: the key is not accepted; it must be an admin key", time.Hour},
		{"a wrong key", "anthropic", "sk-wrong-key", nil, "it must be an admin key (sk-ant-admin…) of the organization: \"invalid x-api-key\"", time.Hour},
		{"a key for inference", "openrouter", "sk-wrong-key", nil, "status 403 Forbidden: the key may not read the report; it needs a management key", time.Hour},
		{"too many requests", "openai", "", status(429, "120", `{"error": {"message": "Rate limit reached"}}`), `too many requests: "Rate limit reached"`, 2 * time.Minute},
		{"too many requests with a date", "anthropic", "", status(429, noon.Add(3*time.Minute).Format(http.TimeFormat), ""), "too many requests", 3 * time.Minute},
		{"a retry after a year", "anthropic", "", status(429, "31536000", ""), "too many requests", time.Hour},
		{"an outage", "openai", "", status(503, "", "<html>"), "status 503 Service Unavailable", time.Minute},
		{"an outage at the second page", "openai", "", onPage(status(502, "", "")), "status 502 Bad Gateway", time.Minute},
		{"another document", "openrouter", "", status(200, "", `[1]`), "the response is not the report that openrouter documents", time.Minute},
		{"another currency", "anthropic", "", status(200, "", `{"data": [{"starting_at": "2026-11-27T00:00:00Z", "results": [{"amount": "1", "currency": "EUR"}]}]}`), `an amount is in "EUR"`, time.Minute},
		{"an amount that is none", "openai", "", status(200, "", `{"data": [{"start_time": 1795737600, "results": [{"amount": {"value": "1e999999999", "currency": "usd"}}]}]}`), "is not an amount", time.Minute},
		{"pages without end", "openai", "", endless(), "more than 200 pages", time.Minute},
		{"the same page again", "openai", "", status(200, "", `{"data": [], "has_more": true, "next_page": "x"}`), "names the same next page twice", time.Minute},
		{"a redirect to another host", "openai", "", func(w http.ResponseWriter, r *http.Request) bool {
			http.Redirect(w, r, "http://example.invalid/", http.StatusFound)
			return true
		}, "redirected to example.invalid, which must not get the key", time.Minute},
	} {
		t.Run(tt.provider+" "+tt.name, func(t *testing.T) {
			api := double.NewBillingAPI(t)
			api.Set(double.Billed{Provider: tt.provider, Model: "m", Day: daysAgo(1), Dollars: 4})
			r := newRig(t, componenttest.NewNopHost(), nil, accountOf(t, map[string]any{"provider": tt.provider, "key": api.Key, "endpoint": api.URL}))
			a := r.accounts[0]
			require.NoError(t, a.ask(t.Context()))
			before := r.dollars(t)
			require.NotEmpty(t, before)
			if tt.key != "" {
				a.client.(*client).key = tt.key
			}
			a.state.Whole = time.Time{} // all days, which have pages
			api.Respond(tt.respond)
			err := a.ask(t.Context())
			require.ErrorContains(t, err, tt.want)
			for _, key := range []string{api.Key, tt.key} {
				if key != "" {
					assert.NotContains(t, err.Error(), key)
				}
			}
			assert.Equal(t, before, r.dollars(t))
			assert.Equal(t, tt.retry, retryIn(err, 1))
		})
	}
}

// An outage of the usage report does not hold the costs up.
func TestUsageThatMayNotBeRead(t *testing.T) {
	api := double.NewBillingAPI(t)
	api.Set(double.Billed{Provider: "openai", Model: "m", Day: daysAgo(1), Dollars: 4, Input: 3})
	api.Respond(func(w http.ResponseWriter, r *http.Request) bool {
		if !strings.Contains(r.URL.Path, "/usage/") {
			return false
		}
		return status(403, "", `{"error": {"message": "Missing scopes: api.usage.read"}}`)(w, r)
	})
	r := newRig(t, componenttest.NewNopHost(), nil, accountOf(t, map[string]any{"provider": "openai", "key": api.Key, "endpoint": api.URL}))
	require.ErrorContains(t, r.accounts[0].ask(t.Context()), "usage: status 403 Forbidden: the key may not read the report; it needs api.usage.read")
	assert.Len(t, r.dollars(t), 1)
}

func status(code int, retryAfter, body string) func(http.ResponseWriter, *http.Request) bool {
	return func(w http.ResponseWriter, _ *http.Request) bool {
		if retryAfter != "" {
			w.Header().Set("Retry-After", retryAfter)
		}
		w.WriteHeader(code)
		_, _ = w.Write([]byte(body))
		return true
	}
}

func onPage(respond func(http.ResponseWriter, *http.Request) bool) func(http.ResponseWriter, *http.Request) bool {
	return func(w http.ResponseWriter, r *http.Request) bool { return r.URL.Query().Has("page") && respond(w, r) }
}

func endless() func(http.ResponseWriter, *http.Request) bool {
	var n atomic.Int64
	return func(w http.ResponseWriter, r *http.Request) bool {
		return status(200, "", `{"data": [], "has_more": true, "next_page": "`+time.Duration(n.Add(1)).String()+`"}`)(w, r)
	}
}

// What was reported is there after a restart, without a request before the interval is over.
func TestRestart(t *testing.T) {
	api := double.NewBillingAPI(t)
	api.Set(double.Billed{Provider: "openai", Model: "m", Day: daysAgo(1), Dollars: 1.0 / 3, Input: 5})
	dir := t.TempDir()
	settings := map[string]any{"provider": "openai", "key": api.Key, "endpoint": api.URL}
	var before map[string]float64
	testhost.WithStorage(t, dir, func(host component.Host, id component.ID) {
		r := newRig(t, host, func(c *Config) { c.StorageID = &id }, accountOf(t, settings))
		require.NoError(t, r.accounts[0].ask(t.Context()))
		before = r.dollars(t)
		require.NotEmpty(t, before)
		require.NoError(t, r.shutdown(t.Context()))
		require.NoError(t, r.shutdown(t.Context()), "twice")
	})
	asked := len(api.Requests())
	testhost.WithStorage(t, dir, func(host component.Host, id component.ID) {
		cfg := createDefaultConfig().(*Config)
		cfg.Accounts, cfg.StorageID = []AccountConfig{accountOf(t, settings)}, &id
		set := receivertest.NewNopSettings(metadata.Type)
		set.ID = component.NewID(metadata.Type)
		b, err := newBilling(cfg, set)
		require.NoError(t, err)
		b.now = func() time.Time { return noon.Add(time.Minute) }
		require.NoError(t, b.start(t.Context(), host))
		assert.Equal(t, before, (&rig{billing: b}).dollars(t))
		require.NoError(t, b.shutdown(t.Context()))
	})
	assert.Len(t, api.Requests(), asked)
}

// A bill of very many items is bounded: the largest ones keep their names, and the sum is right.
func TestManyItems(t *testing.T) {
	api := double.NewBillingAPI(t)
	var billed []double.Billed
	total := 0.0
	for i := range 50 {
		billed = append(billed, double.Billed{Provider: "openai", Item: "item " + time.Duration(i).String(), Day: daysAgo(1), Dollars: float64(i)})
		total += float64(i)
	}
	api.Set(billed...)
	r := newRig(t, componenttest.NewNopHost(), func(c *Config) { c.MaxItems = 10 }, accountOf(t, map[string]any{"provider": "openai", "key": api.Key, "endpoint": api.URL}))
	require.NoError(t, r.accounts[0].ask(t.Context()))
	got := r.dollars(t)
	assert.Len(t, got, 10)
	sum := 0.0
	for _, dollars := range got {
		sum += dollars
	}
	assert.InDelta(t, total, sum, 1e-9)
	assert.Contains(t, got, "openai default  item 49ns "+report.DayOf(daysAgo(1)))
	assert.Contains(t, got, "openai default  (others) "+report.DayOf(daysAgo(1)))
}

// An account without a key is not asked, and the others are; the first report comes
// without waiting for an interval.
func TestAccountWithoutKey(t *testing.T) {
	api := double.NewBillingAPI(t)
	api.Set(double.Billed{Provider: "openai", Model: "m", Day: time.Now().UTC().Truncate(24 * time.Hour), Dollars: 4})
	cfg := createDefaultConfig().(*Config)
	cfg.Accounts = []AccountConfig{
		accountOf(t, map[string]any{"provider": "anthropic", "key": "", "endpoint": api.URL}),
		accountOf(t, map[string]any{"provider": "openai", "key": api.Key, "endpoint": api.URL}),
	}
	core, logs := observer.New(zap.InfoLevel)
	set := receivertest.NewNopSettings(metadata.Type)
	set.Logger = zap.New(core)
	b, err := newBilling(cfg, set)
	require.NoError(t, err)
	require.NoError(t, b.start(t.Context(), componenttest.NewNopHost()))
	require.Eventually(t, func() bool { return len((&rig{billing: b}).dollars(t)) > 0 }, time.Minute, 10*time.Millisecond)
	require.NoError(t, b.shutdown(t.Context()))
	assert.Equal(t, 1, logs.FilterMessage("An account has no key and is not asked").Len())
	for _, request := range api.Requests() {
		assert.Contains(t, request, "/v1/organization/")
	}
}

// A clock that goes back does not ask for days to come.
func TestClockGoesBack(t *testing.T) {
	api := double.NewBillingAPI(t)
	api.Set(double.Billed{Provider: "openai", Model: "m", Day: daysAgo(1), Dollars: 4})
	r := newRig(t, componenttest.NewNopHost(), nil, accountOf(t, map[string]any{"provider": "openai", "key": api.Key, "endpoint": api.URL}))
	r.now = func() time.Time { return noon.AddDate(0, 1, 0) }
	require.NoError(t, r.accounts[0].ask(t.Context()))
	r.now = func() time.Time { return noon }
	require.NoError(t, r.accounts[0].ask(t.Context()))
	assert.InDelta(t, 4.0, r.dollars(t)["openai default  m "+report.DayOf(daysAgo(1))], 0)
}

// A request that hangs does not hold the shutdown up.
func TestShutdownWhileAsking(t *testing.T) {
	api := double.NewBillingAPI(t)
	arrived, ended := make(chan struct{}, 10), make(chan struct{})
	t.Cleanup(func() { close(ended) })
	api.Respond(func(_ http.ResponseWriter, r *http.Request) bool {
		arrived <- struct{}{}
		select {
		case <-r.Context().Done():
		case <-ended:
		}
		return true
	})
	cfg := createDefaultConfig().(*Config)
	cfg.Accounts = []AccountConfig{accountOf(t, map[string]any{"provider": "openai", "key": "k", "endpoint": api.URL})}
	b, err := newBilling(cfg, receivertest.NewNopSettings(metadata.Type))
	require.NoError(t, err)
	require.NoError(t, b.start(t.Context(), componenttest.NewNopHost()))
	<-arrived
	require.NoError(t, b.shutdown(t.Context()))
}

func TestKeysAreNotShown(t *testing.T) {
	a := AccountConfig{Key: configopaque.String("sk-secret"), HTTP: confighttp.NewDefaultClientConfig()}
	conf := confmap.New()
	require.NoError(t, conf.Marshal(&a))
	assert.Equal(t, "[REDACTED]", conf.Get("key"))
}
