// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestUsageFocus(t *testing.T) {
	var asked *http.Request
	respond := func(w http.ResponseWriter) { _, _ = w.Write([]byte("BilledCost\r\n1\r\n")) }
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked = r
		respond(w)
	}))
	t.Cleanup(server.Close)
	t.Setenv("ARCTOOL_TOKEN", "secret")
	focus := func(arguments ...string) (string, error) {
		stdout, _, err := run(t, append([]string{"usage", "focus", "--url", server.URL + "/"}, arguments...)...)
		return stdout, err
	}

	out, err := focus("--from", "2026-10", "--to", "2026-10", "--where", "team=research", "--step", "hour", "--account", "acme")
	require.NoError(t, err)
	assert.Equal(t, "BilledCost\r\n1\r\n", out)
	assert.Equal(t, "/api/usage/focus", asked.URL.Path)
	assert.Equal(t, map[string][]string{
		"from": {"2026-10"}, "to": {"2026-10"}, "where": {"team=research"}, "step": {"hour"}, "format": {"csv"}, "account": {"acme"},
	}, map[string][]string(asked.URL.Query()))
	assert.Equal(t, "Bearer secret", asked.Header.Get("Authorization"))

	file := filepath.Join(t.TempDir(), "focus.parquet")
	_, err = focus("--from", "2026-10", "--format", "parquet", "--output", file)
	require.NoError(t, err)
	content, err := os.ReadFile(file)
	require.NoError(t, err)
	assert.Equal(t, "BilledCost\r\n1\r\n", string(content))

	respond = func(w http.ResponseWriter) {
		w.WriteHeader(http.StatusBadRequest)
		_, _ = w.Write([]byte(`{"status": "error", "errorType": "bad_data", "error": "parameter from: must be a time"}`))
	}
	_, err = focus("--from", "never")
	require.ErrorContains(t, err, "400 Bad Request: parameter from: must be a time")

	respond = func(w http.ResponseWriter) { // ends in the middle
		w.Header().Set("Content-Length", "100")
		_, _ = w.Write([]byte("BilledCost"))
	}
	other := filepath.Join(t.TempDir(), "part.csv")
	_, err = focus("--from", "2026-10", "-o", other)
	require.Error(t, err)
	files, err := os.ReadDir(filepath.Dir(other))
	require.NoError(t, err)
	assert.Empty(t, files, "no part of an export is left")
	_, err = focus()
	require.ErrorContains(t, err, `required flag(s) "from" not set`)
}
