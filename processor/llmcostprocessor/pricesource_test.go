// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package llmcostprocessor

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component/componentstatus"
	"go.opentelemetry.io/collector/config/configopaque"
	"go.opentelemetry.io/collector/confmap"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	"go.opentelemetry.io/otel/sdk/metric/metricdata/metricdatatest"

	"github.com/otelcol-arc/otelcol-arc/internal/dashboard"
	"github.com/otelcol-arc/otelcol-arc/internal/falseclock"
	"github.com/otelcol-arc/otelcol-arc/processor/llmcostprocessor/internal/metadatatest"
)

// listServer is a server of a price list.
type listServer struct {
	*httptest.Server
	mu       sync.Mutex
	response http.HandlerFunc
	requests []*http.Request
}

func newListServer(t *testing.T) *listServer {
	t.Helper()
	s := &listServer{}
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.requests = append(s.requests, r)
		s.response(w, r)
	}))
	t.Cleanup(s.Close)
	return s
}

func (s *listServer) set(response http.HandlerFunc) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.response = response
}

func (s *listServer) received() []*http.Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.requests
}

// list respond with a price of gpt-4o in dollars per million tokens, and an entity tag.
func list(input string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		tag := `"` + input + `"`
		w.Header().Set("ETag", tag)
		if r.Header.Get("If-None-Match") == tag {
			w.WriteHeader(http.StatusNotModified)
			return
		}
		_, _ = io.WriteString(w, listOf(input))
	}
}

func listOf(input string) string {
	return "version: 2026-11-20\nmodels:\n  - {name: gpt-4o, provider: openai, prices: [{input: \"" + input + "\", output: \"0\"}]}\n"
}

func respond(status int, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}
}

func withSources(endpoints ...string) func(*Config) {
	return func(c *Config) {
		for _, endpoint := range endpoints {
			var s PriceSourceConfig
			if err := confmap.NewFromStringMap(map[string]any{"endpoint": endpoint}).Unmarshal(&s); err != nil {
				panic(err)
			}
			c.Prices.Sources = append(c.Prices.Sources, s)
		}
	}
}

func cost(r *rig) any { return written(firstSpan(r.price(callSpan())).Attributes())[attrCost] }

func TestFetchedListIsUsedWhileItIsValid(t *testing.T) {
	server := newListServer(t)
	server.set(list("1"))
	falseclock.Test(t, func(t *testing.T) {
		wakeUp()
		r := newRig(t, testConfig(withSources(server.URL+"/list.yaml?token=secret")))
		status := func() dashboard.PriceSource { return usageSource{r.core()}.Prices().Sources[0] }
		after := func(d time.Duration) { time.Sleep(d); synctest.Wait() }
		synctest.Wait()
		assert.Equal(t, 0.001, cost(r))
		assert.Equal(t, dashboard.PriceSource{
			URL: server.URL + "/list.yaml", Version: "2026-11-20", Models: 1, Fetched: morning, Tried: morning,
		}, status())
		used := usageSource{r.core()}.Prices().InUse
		require.Len(t, used, 1)
		assert.Equal(t, dashboard.PriceInUse{
			Model: "gpt-4o", Provider: "openai", List: server.URL + "/list.yaml", Source: server.URL + "/list.yaml",
			Checked: time.Date(2026, 11, 20, 0, 0, 0, 0, time.UTC),
		}, used[0])

		after(23 * time.Hour)
		require.Len(t, server.received(), 1, "once a day")
		after(time.Hour)
		require.Len(t, server.received(), 2)
		assert.Equal(t, `"1"`, server.received()[1].Header.Get("If-None-Match"))
		assert.Equal(t, morning.Add(24*time.Hour), status().Fetched, "a copy that is current is confirmed")
		assert.Empty(t, r.host.reported())

		requests := 2
		for name, tt := range map[string]struct {
			response http.HandlerFunc
			want     string
		}{
			"an error":        {respond(500, listOf("9")), "the server responded with status 500 Internal Server Error"},
			"no price":        {respond(200, `models: [{name: gpt-4o, prices: [{input: "9", output: "four"}]}]`), `list.yaml:1: models[0] (gpt-4o).prices[0].output: "four"`},
			"half a list":     {respond(200, listOf("9")[:60]), "did not find expected"},
			"no list":         {respond(200, "<html>sign in</html>"), "is not a mapping"},
			"nothing":         {respond(200, ""), "the file is empty"},
			"a wrong alias":   {respond(200, listOf("9")+"aliases: [{name: a, model: nowhere}]"), `no price is known of "nowhere"`},
			"too large":       {respond(200, "#"+strings.Repeat("x", maxFetchedSize)+"\n"+listOf("9")), "4194304"},
			"too many errors": {respond(200, strings.Repeat("x: 1\n", 10_000)), "and 9991 more errors"},
			"an unasked 304":  {func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusFound) }, "status 302 Found"},
			"gone":            {respond(404, ""), "404 Not Found"},
			"less than it has": {func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Length", "900")
				_, _ = io.WriteString(w, listOf("9"))
			}, "unexpected EOF"},
		} {
			server.set(tt.response)
			if requests == 2 {
				after(24 * time.Hour)
			} else {
				after(59 * time.Minute)
				require.Len(t, server.received(), requests, "at most once an hour")
				after(time.Minute)
			}
			requests++
			require.Len(t, server.received(), requests, name)
			assert.Equal(t, 0.001, cost(r), name)
			assert.Contains(t, status().Err, tt.want, name)
			assert.Equal(t, morning.Add(24*time.Hour), status().Fetched, name)
			events := r.host.reported()
			require.NotEmpty(t, events)
			assert.Equal(t, componentstatus.StatusRecoverableError, events[len(events)-1].Status())
			assert.NotContains(t, status().Err, "secret")
		}
		for _, entry := range r.warnings.All() {
			assert.NotContains(t, entry.Message+entry.ContextMap()["error"].(string), "secret")
		}
		server.set(list("2"))
		after(time.Hour)
		assert.Equal(t, 0.002, cost(r))
		assert.Empty(t, status().Err)
		events := r.host.reported()
		assert.Equal(t, componentstatus.StatusOK, events[len(events)-1].Status())

		source := attribute.String("source", server.URL+"/list.yaml")
		count := func(outcome string, n int64) metricdata.DataPoint[int64] {
			return metricdata.DataPoint[int64]{Attributes: attribute.NewSet(source, attribute.String("outcome", outcome)), Value: n}
		}
		metadatatest.AssertEqualProcessorLlmCostPriceFetches(t, r.telemetry, []metricdata.DataPoint[int64]{
			count("updated", 2), count("unchanged", 1), count("failed", 5), count("rejected", 6),
		}, metricdatatest.IgnoreTimestamp())
		time.Sleep(time.Hour)
		metadatatest.AssertEqualProcessorLlmCostPriceSourceAge(t, r.telemetry, []metricdata.DataPoint[float64]{
			{Attributes: attribute.NewSet(source), Value: 3600},
		}, metricdatatest.IgnoreTimestamp())
	})
}

// Files of the user go before sources, and sources before the built-in table, the last first.
func TestOrderOfLists(t *testing.T) {
	first, second := newListServer(t), newListServer(t)
	first.set(respond(200, listOf("1")+"  - {name: house-1, provider: house, prices: [{input: \"1\", output: \"1\"}]}\n"))
	second.set(list("2"))
	file := t.TempDir() + "/prices.yaml"
	falseclock.Test(t, func(t *testing.T) {
		wakeUp()
		writeFile(t, file, `models: [{name: gpt-4o-mini, provider: openai, prices: [{input: "3", output: "3"}]}]`)
		r := newRig(t, testConfig(func(c *Config) {
			c.Prices.Files = []string{file}
			withSources(first.URL, second.URL)(c)
		}))
		synctest.Wait()
		of := func(provider, model string) any {
			return written(firstSpan(r.price(callSpan(put("gen_ai.provider.name", provider), put("gen_ai.request.model", model)))).Attributes())[attrCost]
		}
		assert.Equal(t, 0.002, of("openai", "gpt-4o"))
		assert.Equal(t, 0.0045, of("openai", "gpt-4o-mini"))
		assert.Equal(t, 0.0015, of("house", "house-1"))
		writeFile(t, file, `models: [{name: gpt-4o, provider: openai, prices: [{input: "4", output: "0"}]}]`)
		time.Sleep(filesInterval)
		synctest.Wait()
		assert.Equal(t, 0.004, of("openai", "gpt-4o"))
		assert.Equal(t, 0.0015, of("house", "house-1"))
		// A file that is wrong keeps no list from being updated.
		writeFile(t, file, `models: 3`)
		second.set(list("5"))
		first.set(respond(200, "models:\n  - {name: house-1, provider: house, prices: [{input: \"2\", output: \"2\"}]}\n"))
		time.Sleep(24 * time.Hour)
		synctest.Wait()
		assert.Equal(t, 0.004, of("openai", "gpt-4o"))
		assert.Equal(t, 0.003, of("house", "house-1"))
	})
}

func TestLastGoodCopyOutlivesARestart(t *testing.T) {
	server := newListServer(t)
	server.set(list("1"))
	storage := &memory{}
	falseclock.Test(t, func(t *testing.T) {
		wakeUp()
		cfg := func() *Config { return withStorage(withSources(server.URL + "/a.yaml")) }
		r := newRig(t, cfg(), storage.extension())
		synctest.Wait()
		assert.Equal(t, 0.001, cost(r))
		r.stop()

		server.set(respond(503, ""))
		r = newRig(t, cfg(), storage.extension())
		assert.Equal(t, 0.001, cost(r), "before the server has responded")
		synctest.Wait()
		assert.Equal(t, 0.001, cost(r))
		requests := server.received()
		assert.Equal(t, `"1"`, requests[len(requests)-1].Header.Get("If-None-Match"))
		assert.Equal(t, morning, usageSource{r.core()}.Prices().Sources[0].Fetched)
		r.stop()

		// A copy that cannot be read is fetched again, as a whole.
		for key := range storage.content {
			if strings.HasPrefix(key, keyCopy) {
				storage.content[key] = []byte("models: 3")
			}
		}
		server.set(list("1"))
		r = newRig(t, cfg(), storage.extension())
		synctest.Wait()
		assert.Equal(t, 0.001, cost(r))
		r.stop()

		// What is not configured any more is removed.
		r = newRig(t, withStorage(withSources(server.URL+"/b.yaml")), storage.extension())
		synctest.Wait()
		r.stop()
		copies := 0
		for key := range storage.content {
			if strings.HasPrefix(key, keyCopy) {
				copies++
			}
		}
		assert.Equal(t, 1, copies)
	})
}

func TestServerThatDoesNotRespond(t *testing.T) {
	release := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		select {
		case <-release:
		case <-r.Context().Done():
		}
	}))
	defer server.Close()
	defer close(release)
	r := newRig(t, testConfig(withSources(server.URL)))
	assert.Equal(t, 0.0075, cost(r), "neither the start nor calls wait")
	r.stop()
	assert.Zero(t, r.warnings.Len(), "the end of the process is no failure")
}

// A server that cannot be reached has not been asked: it is tried sooner.
func TestRetryOfUnreachableServer(t *testing.T) {
	server := httptest.NewServer(http.NotFoundHandler())
	server.Close()
	falseclock.Test(t, func(t *testing.T) {
		wakeUp()
		r := newRig(t, testConfig(withSources(server.URL)))
		synctest.Wait()
		assert.Equal(t, 0.0075, cost(r))
		time.Sleep(3*time.Minute + time.Second)
		synctest.Wait()
		assert.Equal(t, 3, r.warnings.Len(), "at once, after 1 and after 2 more minutes")
		time.Sleep(24 * time.Hour)
		synctest.Wait()
		assert.LessOrEqual(t, r.warnings.Len(), 3+5+24)
	})
}

func TestRedirectsKeepCredentials(t *testing.T) {
	other := newListServer(t)
	other.set(list("3"))
	server := newListServer(t)
	server.set(func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, other.URL, http.StatusFound) })
	falseclock.Test(t, func(t *testing.T) {
		wakeUp()
		r := newRig(t, testConfig(func(c *Config) {
			withSources(server.URL)(c)
			c.Prices.Sources[0].HTTP.Headers = configopaque.MapList{{Name: "X-Key", Value: "secret"}}
		}))
		synctest.Wait()
		assert.Empty(t, other.received())
		assert.Contains(t, usageSource{r.core()}.Prices().Sources[0].Err, "must not get the credentials")
		r.stop()
		r = newRig(t, testConfig(withSources(server.URL)))
		synctest.Wait()
		assert.Equal(t, 0.003, cost(r))
	})
}

func TestSourceConfig(t *testing.T) {
	load := func(sources ...map[string]any) error {
		items := make([]any, len(sources))
		for i := range sources {
			items[i] = sources[i]
		}
		cfg := createDefaultConfig()
		if err := confmap.NewFromStringMap(map[string]any{"prices": map[string]any{"sources": items}}).Unmarshal(cfg); err != nil {
			return err
		}
		return confmap.Validate(cfg)
	}
	require.NoError(t, load(map[string]any{"endpoint": "https://prices.example/list.yaml", "interval": "1h", "tls": map[string]any{"insecure_skip_verify": true}, "headers": map[string]any{"a": "b"}}))
	err := load(
		map[string]any{"endpoint": "ftp://prices.example/a", "interval": "59m"},
		map[string]any{"endpoint": "https://me:secret@prices.example/a", "timeout": "0s"},
		map[string]any{"interval": "25h"},
		map[string]any{"endpoint": "https://prices.example/a"},
		map[string]any{"endpoint": "https://prices.example/a"},
	)
	for _, want := range []string{
		"prices::sources::0::endpoint: must be an http or https URL", "prices::sources::0::interval: must be 1h0m0s to 24h0m0s, is 59m0s",
		"prices::sources::1::endpoint: must not contain a user or password", "prices::sources::1::timeout: must be above 0",
		"prices::sources::2::endpoint: must be", "prices::sources::2::interval", "prices::sources::4::endpoint: is that of prices::sources::3 too",
	} {
		assert.ErrorContains(t, err, want)
	}
	assert.NotContains(t, err.Error(), "secret")
	assert.ErrorContains(t, load(map[string]any{"url": "https://prices.example/a"}), "url")
}
