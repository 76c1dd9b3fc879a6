// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-arc/otelcol-arc/internal/testkit/collector"
)

// sendAs sends a request as a browser or another client would.
func sendAs(t *testing.T, method, url, host, body string, headers ...string) (status int, text string) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	require.NoError(t, err)
	request.Host = host
	for i := 0; i+1 < len(headers); i += 2 {
		request.Header.Set(headers[i], headers[i+1])
	}
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: 10 * time.Second}
	response, err := client.Do(request)
	require.NoError(t, err)
	defer response.Body.Close()
	content, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	return response.StatusCode, string(content)
}

// A web page of another origin can make a browser send events and end silences; the
// shipped configuration refuses both, and accepts what clients send that are no
// browsers.
func TestCrossSiteRequests(t *testing.T) {
	p, set := quick(t)
	process := collector.Start(t, collector.Options{
		Configs: []string{"config/default.yaml"},
		Set:     append(set, "exporters::prometheus::endpoint="+p.page),
	})
	const event = `{"model":"gpt-4o","prompt_tokens":1000000,"completion_tokens":1000000}`
	_, port, err := net.SplitHostPort(p.arc)
	require.NoError(t, err)
	for name, tt := range map[string]struct {
		host    string
		headers []string
		status  int
	}{
		"curl":                       {"localhost:" + port, nil, http.StatusOK},
		"SDK":                        {p.arc, []string{"Content-Type", "application/json", "User-Agent", "python-requests/2.32"}, http.StatusOK},
		"fetch of another site":      {p.arc, []string{"Content-Type", "text/plain", "Origin", "https://attacker.example", "Sec-Fetch-Site", "cross-site", "Sec-Fetch-Mode", "no-cors"}, http.StatusForbidden},
		"form of an older browser":   {p.arc, []string{"Content-Type", "text/plain", "Origin", "https://attacker.example"}, http.StatusForbidden},
		"sandboxed frame":            {p.arc, []string{"Origin", "null"}, http.StatusForbidden},
		"another port on this host":  {p.arc, []string{"Origin", "http://localhost:3000", "Sec-Fetch-Site", "same-site"}, http.StatusForbidden},
		"DNS rebinding":              {"attacker.example:" + port, []string{"Origin", "http://attacker.example:" + port, "Sec-Fetch-Site", "same-origin"}, http.StatusMisdirectedRequest},
		"unknown name, no browser":   {"attacker.example:" + port, nil, http.StatusMisdirectedRequest},
		"preflight, nothing allowed": {p.arc, []string{"Origin", "https://attacker.example", "Access-Control-Request-Method", "POST"}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			if tt.status == 0 {
				status, _ := sendAs(t, http.MethodOptions, "http://"+p.arc+"/v1/events", tt.host, "", tt.headers...)
				assert.NotEqual(t, http.StatusOK, status)
				assert.NotEqual(t, http.StatusNoContent, status)
				return
			}
			for _, path := range []string{"/v1/events", "/v1/export"} {
				status, text := sendAs(t, http.MethodPost, "http://"+p.arc+path, tt.host, event, tt.headers...)
				assert.Equal(t, tt.status, status, text)
				if status != http.StatusOK {
					assert.Contains(t, text, `"accepted":0`)
				}
			}
		})
	}
	status, _ := sendAs(t, http.MethodPost, "http://"+p.dashboard+"/api/silences", p.dashboard, "{}", "Origin", "https://attacker.example", "Content-Type", "text/plain")
	assert.Equal(t, http.StatusForbidden, status)
	status, _ = sendAs(t, http.MethodGet, "http://"+p.dashboard+"/api/alerts", "attacker.example", "")
	assert.Equal(t, http.StatusMisdirectedRequest, status)
	process.Terminate(t, 20*time.Second)
}

// On a network address without authentication the dashboard warns, checks host names
// where some are configured, and is writable only where that was decided twice.
func TestOpenDashboard(t *testing.T) {
	p, set := quick(t)
	_, port, err := net.SplitHostPort(p.dashboard)
	require.NoError(t, err)
	set = append(set, "exporters::prometheus::endpoint="+p.page, "extensions::dashboard::endpoint=0.0.0.0:"+port)

	output, err := collector.Command(t.Context(), t, validate(set)...).CombinedOutput()
	require.Error(t, err)
	assert.Contains(t, string(output), "writable: requires auth, tls::client_ca_file or writable_without_auth")

	process := collector.Start(t, collector.Options{
		Configs: []string{"config/default.yaml"},
		Set:     append(set, "extensions::dashboard::writable_without_auth=true", "extensions::dashboard::allowed_hosts=[arc.example]"),
	})
	assert.Len(t, process.Lines("everybody who can reach"), 1)
	for host, want := range map[string]int{"arc.example": http.StatusOK, "127.0.0.1:" + port: http.StatusOK, "attacker.example": http.StatusMisdirectedRequest} {
		status, _ := sendAs(t, http.MethodGet, "http://127.0.0.1:"+port+"/api/alerts", host, "")
		assert.Equal(t, want, status, host)
	}
	process.Terminate(t, 20*time.Second)
}

func validate(set []string) []string {
	args := []string{"validate", "--config", "config/default.yaml"}
	for _, s := range set {
		args = append(args, "--set", s)
	}
	return args
}
