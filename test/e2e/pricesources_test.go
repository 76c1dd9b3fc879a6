// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"crypto/tls"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-arc/otelcol-arc/internal/testkit/collector"
	"github.com/otelcol-arc/otelcol-arc/internal/testkit/double"
)

// priceServer serves price lists over TLS to whoever has its token, one for each way in
// which a list can fail.
type priceServer struct {
	*httptest.Server
	mu       sync.Mutex
	requests map[string][]*http.Request
}

const (
	priceToken = "token-of-the-price-server"
	goodList   = `version: 2026-11-27
models:
  - {name: house-1, provider: house, prices: [{input: "2", output: "8", source: the contract, checked: 2026-11-26}]}
`
)

func newPriceServer(t *testing.T, certificate double.Certificate) *priceServer {
	t.Helper()
	s := &priceServer{requests: map[string][]*http.Request{}}
	stop := make(chan struct{})
	s.Server = httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		s.requests[r.URL.Path] = append(s.requests[r.URL.Path], r)
		s.mu.Unlock()
		bad := strings.ReplaceAll(goodList, "house-1", "house-"+strings.Trim(r.URL.Path, "/"))
		switch {
		case r.Header.Get("Authorization") != "Bearer "+priceToken:
			w.WriteHeader(http.StatusUnauthorized)
		case r.URL.Path == "/good":
			w.Header().Set("ETag", `"v1"`)
			if r.Header.Get("If-None-Match") == `"v1"` {
				w.WriteHeader(http.StatusNotModified)
				return
			}
			_, _ = io.WriteString(w, goodList)
		case r.URL.Path == "/failing":
			w.WriteHeader(http.StatusInternalServerError)
			_, _ = io.WriteString(w, bad)
		case r.URL.Path == "/large":
			_, _ = io.WriteString(w, bad+"#")
			line := strings.Repeat("x", 1<<20)
			for range 64 {
				if _, err := io.WriteString(w, line); err != nil {
					return
				}
			}
		case r.URL.Path == "/broken":
			_, _ = io.WriteString(w, bad+"  - {name: other, prices: [{input: free, output: \"1\"}]}\n")
		case r.URL.Path == "/slow":
			_, _ = io.WriteString(w, bad)
			w.(http.Flusher).Flush()
			select {
			case <-stop:
			case <-r.Context().Done():
			}
		}
	}))
	s.TLS = &tls.Config{Certificates: []tls.Certificate{certificate.TLS}, MinVersion: tls.VersionTLS12}
	s.StartTLS()
	t.Cleanup(func() { close(stop); s.Close() })
	return s
}

func (s *priceServer) received(path string) []*http.Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.requests[path]
}

func (s *priceServer) config(certificate double.Certificate, paths ...string) string {
	var sources strings.Builder
	for _, path := range paths {
		timeout := "40s"
		if path == "/slow" {
			timeout = "2s"
		}
		fmt.Fprintf(&sources, `
        - {endpoint: "%s%s?tenant=secret-tenant", timeout: %s, auth: {authenticator: bearertokenauth/prices}, tls: {ca_file: %s}}`, s.URL, path, timeout, certificate.CertFile)
	}
	return `yaml:
extensions:
  bearertokenauth/prices: {token: ` + priceToken + `}
processors:
  llm_cost:
    prices:
      sources:` + sources.String() + `
service:
  extensions: [health_check, dashboard, wal_storage, bearertokenauth/prices]
`
}

// usedPrices is the response of /api/usage/prices.
type usedPrices struct {
	Data struct {
		Sources []struct {
			URL, Version, Error string
			Models              int
			Fetched, Tried      *time.Time
		}
		InUse []struct {
			Model, List, Source string
			Checked             *time.Time
			AgeDays             *int `json:"age_days"`
		} `json:"in_use"`
	}
}

func getPrices(t require.TestingT, dashboard string) (prices usedPrices) {
	status, body := fetch(t, "http://"+dashboard+"/api/usage/prices")
	require.Equal(t, http.StatusOK, status, body)
	require.NoError(t, json.Unmarshal([]byte(body), &prices), body)
	return prices
}

// Lists are fetched with authentication over TLS. One that is good counts whatever happens
// to the others, is asked for again with its entity tag, and is there after a restart
// without the server.
func TestPriceSources(t *testing.T) {
	certificate := double.NewCertificate(t)
	server := newPriceServer(t, certificate)
	state := t.TempDir()
	paths := []string{"/good", "/failing", "/large", "/broken", "/slow"}
	start := func() (ports, *collector.Process) {
		p, set := quick(t)
		return p, collector.Start(t, collector.Options{
			Configs: []string{"config/default.yaml", "config/policies/state.yaml", server.config(certificate, paths...)},
			Set:     append(set, "exporters::prometheus::endpoint="+p.page),
			Env:     []string{"OTELCOL_ARC_STATE=" + state},
		})
	}
	spent := func(p ports, calls int, dollars float64) {
		t.Helper()
		postEvents(t, "http://"+p.arc, security{}, lines(llmEvent(call{model: "house/house-1", input: 1000, output: 500}, 1)))
		require.EventuallyWithT(t, func(c *assert.CollectT) {
			found := scrape(c, "http://"+p.page+"/metrics")
			assert.InDelta(c, float64(calls), found.sum("arc_llm_calls_total"), 0)
			assert.InDelta(c, dollars, found.sum("arc_llm_cost_dollars"), 1e-12)
		}, 30*time.Second, 100*time.Millisecond)
	}

	p, process := start()
	require.EventuallyWithT(t, func(c *assert.CollectT) {
		for i, want := range []string{"", "status 500 Internal Server Error", "more than 4194304 bytes", `models[1] (other).prices[0].input: "free"`, "no whole response within the timeout of"} {
			sources := getPrices(c, p.dashboard).Data.Sources
			if assert.Len(c, sources, len(paths)) && assert.NotNil(c, sources[i].Tried) {
				assert.Contains(c, sources[i].Error, want)
				assert.Equal(c, server.URL+paths[i], sources[i].URL)
				assert.Equal(c, i == 0, sources[i].Fetched != nil)
			}
		}
	}, 90*time.Second, 100*time.Millisecond)
	spent(p, 1, 0.006)
	prices := getPrices(t, p.dashboard).Data
	assert.Equal(t, "2026-11-27", prices.Sources[0].Version)
	require.Len(t, prices.InUse, 1)
	assert.Equal(t, server.URL+"/good", prices.InUse[0].List)
	assert.Equal(t, "the contract", prices.InUse[0].Source)
	assert.NotNil(t, prices.InUse[0].AgeDays)
	_, page := fetch(t, "http://"+p.dashboard+"/")
	assert.Contains(t, page, server.URL+"/good")
	assert.Contains(t, page, "status 500 Internal Server Error")
	_, health := fetch(t, "http://"+p.dashboard+"/api/health")
	assert.Contains(t, health, server.URL+"/failing")
	assert.NotContains(t, health, server.URL+"/good")
	assert.Len(t, process.Lines("Fetching a price list failed"), len(paths)-1)
	process.Terminate(t, 20*time.Second)

	p, process = start()
	require.EventuallyWithT(t, func(c *assert.CollectT) { assert.Len(c, server.received("/good"), 2) }, 30*time.Second, 50*time.Millisecond)
	assert.Equal(t, `"v1"`, server.received("/good")[1].Header.Get("If-None-Match"))
	spent(p, 2, 0.012)
	process.Kill()

	require.NoError(t, server.Listener.Close())
	p, process = start()
	spent(p, 3, 0.018)
	require.EventuallyWithT(t, func(c *assert.CollectT) {
		sources := getPrices(c, p.dashboard).Data.Sources
		if assert.NotNil(c, sources[0].Tried) && assert.NotNil(c, sources[0].Fetched) {
			assert.Contains(c, sources[0].Error, "connection refused")
		}
	}, 30*time.Second, 100*time.Millisecond)
	process.Terminate(t, 20*time.Second)
	for _, secret := range []string{priceToken, "secret-tenant"} {
		assert.NotContains(t, process.Output()+page+health, secret)
	}
}
