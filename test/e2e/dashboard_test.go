// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"encoding/json"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/crypto/bcrypt"

	"github.com/otelcol-arc/otelcol-arc/internal/testkit/collector"
)

// pageUsers is what `htpasswd -B -c FILE viewer` makes.
func pageUsers(t *testing.T) (file string) {
	t.Helper()
	hash, err := bcrypt.GenerateFromPassword([]byte(password), bcrypt.MinCost)
	require.NoError(t, err)
	file = filepath.Join(t.TempDir(), "users")
	require.NoError(t, os.WriteFile(file, append([]byte("viewer:"), hash...), 0o600))
	return file
}

// The dashboard of config/production.yaml asks for a user name and a password, and is
// read-only.
func TestProductionPage(t *testing.T) {
	s := newSite(t)
	collector.Start(t, s.options)
	transport := &http.Transport{TLSClientConfig: s.security.tls()}
	defer transport.CloseIdleConnections()
	client := &http.Client{Transport: transport, Timeout: 30 * time.Second}
	ask := func(method, path, user string) (*http.Response, string) {
		request, err := http.NewRequestWithContext(t.Context(), method, "https://"+s.dashboard+path, strings.NewReader(`{}`))
		require.NoError(t, err)
		request.Header.Set("Content-Type", "application/json")
		if user != "" {
			request.SetBasicAuth(user, password)
		}
		response, err := client.Do(request)
		require.NoError(t, err)
		defer response.Body.Close()
		body, err := io.ReadAll(response.Body)
		require.NoError(t, err)
		return response, string(body)
	}
	for _, user := range []string{"", "stranger"} {
		response, body := ask(http.MethodGet, "/", user)
		assert.Equal(t, http.StatusUnauthorized, response.StatusCode)
		assert.Contains(t, response.Header.Get("WWW-Authenticate"), "Basic")
		assert.NotEmpty(t, response.Header.Get("Content-Security-Policy"))
		assert.NotContains(t, body, "otelcol-arc")
	}
	response, body := ask(http.MethodGet, "/rules", "viewer")
	assert.Equal(t, http.StatusOK, response.StatusCode)
	assert.Contains(t, body, "test/e2e/testdata/rules.yml")
	response, _ = ask(http.MethodPost, "/api/silences", "viewer")
	assert.Equal(t, http.StatusForbidden, response.StatusCode)
}

// The alerts and rules of a running collector are on its page, and an alert
// can be silenced there.
func TestDashboardOfARunningCollector(t *testing.T) {
	p, set := quick(t)
	process := collector.Start(t, collector.Options{
		Configs: []string{"config/default.yaml"},
		Set:     append(set, "exporters::prometheus::endpoint="+p.page),
	})
	url := "http://" + p.dashboard
	postEvents(t, "http://"+p.arc, security{}, lines(llmEvent(call{model: "gpt-4-turbo", input: 200_000, output: 100}, 4)))
	require.EventuallyWithT(t, func(c *assert.CollectT) {
		_, history := fetch(c, url+"/api/alerts/history")
		assert.Contains(c, history, "HighCostLLMCall")
		// The event names no service.
		assert.Contains(c, history, `"An LLM call cost more than $1"`)
		assert.Contains(c, history, `"A call of gpt-4-turbo cost 2.00 dollars."`)
		_, rules := fetch(c, url+"/rules")
		assert.Contains(c, rules, "config/rules/arc.yml")
		assert.Contains(c, rules, "HighCostLLMCall")
	}, 30*time.Second, 100*time.Millisecond)

	body, err := json.Marshal(map[string]any{
		"matchers": []string{`alertname="HighCostLLMCall"`}, "endsAt": time.Now().Add(time.Hour), "createdBy": "e2e", "comment": "seen",
	})
	require.NoError(t, err)
	response, err := http.Post(url+"/api/silences", "application/json", strings.NewReader(string(body)))
	require.NoError(t, err)
	require.NoError(t, response.Body.Close())
	require.Equal(t, http.StatusOK, response.StatusCode)
	_, alerts := fetch(t, url+"/alerts")
	assert.Contains(t, alerts, "alertname=&#34;HighCostLLMCall&#34;")
	process.Terminate(t, 20*time.Second)
}

func fetch(t require.TestingT, url string) (status int, body string) {
	client := http.Client{Timeout: 5 * time.Second}
	defer client.CloseIdleConnections()
	response, err := client.Get(url)
	require.NoError(t, err)
	defer response.Body.Close()
	content, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	return response.StatusCode, string(content)
}
