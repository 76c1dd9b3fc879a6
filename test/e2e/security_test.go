// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-arc/otelcol-arc/internal/testkit/collector"
	"github.com/otelcol-arc/otelcol-arc/internal/testkit/double"
)

// The example of docs/security.md lets in, over TLS, who has the token.
func TestSecuredExample(t *testing.T) {
	doc, err := os.ReadFile(filepath.Join(collector.Root(), "docs", "security.md"))
	require.NoError(t, err)
	example := regexp.MustCompile("(?s)security_test.go runs this. -->\n```yaml\n(.*?)```").FindSubmatch(doc)
	require.NotNil(t, example)
	cert := double.NewCertificate(t)
	p, set := quick(t)
	process := collector.Start(t, collector.Options{
		Configs: []string{"config/default.yaml", "yaml:" + string(example[1])},
		Set:     append(set, "exporters::prometheus::endpoint="+p.page),
		Env:     []string{"OTELCOL_ARC_TOKEN=" + token, "OTELCOL_ARC_TLS_CERT=" + cert.CertFile, "OTELCOL_ARC_TLS_KEY=" + cert.KeyFile},
	})
	const event = `{"level":"INFO","logger":"arc","message":"hello"}`
	for name, tt := range map[string]struct {
		url, token string
		want       int
	}{
		"with the token":        {"https://" + p.arc, token, http.StatusOK},
		"with a wrong token":    {"https://" + p.arc, "wrong", http.StatusUnauthorized},
		"without a token":       {"https://" + p.arc, "", http.StatusUnauthorized},
		"without TLS":           {"http://" + p.arc, token, 0},
		"OTLP, without TLS":     {"http://" + p.http, token, 0},
		"OTLP, without a token": {"https://" + p.http, "", http.StatusUnauthorized},
	} {
		t.Run(name, func(t *testing.T) {
			s := security{pool: cert.Pool, token: tt.token}
			l := &load{s: &site{security: s}, client: &http.Client{Transport: &http.Transport{TLSClientConfig: s.tls(), DisableKeepAlives: true}, Timeout: 10 * time.Second}}
			path, contentType, body := "/v1/events", "application/x-ndjson", []byte(event)
			if tt.url == "https://"+p.http || tt.url == "http://"+p.http {
				path, contentType, body = "/v1/traces", "application/x-protobuf", numberedSpans(t, 1)
			}
			status, err := l.status(t.Context(), tt.url+path, contentType, body)
			if tt.want == 0 { // a response that is not HTTP, or one that names what is missing
				assert.True(t, err != nil || status == http.StatusBadRequest, status)
				return
			}
			require.NoError(t, err)
			assert.Equal(t, tt.want, status)
		})
	}
	process.Terminate(t, 20*time.Second)
}

// What is kept can be read by the collector's user and, at most, its group.
func TestStateIsNotForEverybody(t *testing.T) {
	p, set := quick(t)
	state := filepath.Join(t.TempDir(), "state")
	process := collector.Start(t, collector.Options{
		Configs: []string{"config/default.yaml", "config/policies/state.yaml"},
		Set:     append(set, "exporters::prometheus::endpoint="+p.page),
		Env:     []string{"OTELCOL_ARC_STATE=" + state},
	})
	process.Terminate(t, 20*time.Second)
	for _, directory := range []string{"storage", "alert"} {
		path := filepath.Join(state, directory)
		info, err := os.Stat(path)
		require.NoError(t, err)
		assert.Zero(t, info.Mode().Perm()&0o027, "%s is %s", path, info.Mode())
		entries, err := os.ReadDir(path)
		require.NoError(t, err)
		assert.NotEmpty(t, entries)
	}
}
