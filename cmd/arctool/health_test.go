// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestHealth(t *testing.T) {
	status := http.StatusOK
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/slow" {
			<-r.Context().Done()
			return
		}
		w.WriteHeader(status)
		_, _ = w.Write([]byte(`{"status":"Server available"}`))
	}))
	ask := func(args ...string) (string, error) {
		var out bytes.Buffer
		cmd := newHealthCommand()
		cmd.SetArgs(args)
		cmd.SetOut(&out)
		cmd.SetErr(&out)
		err := cmd.ExecuteContext(t.Context())
		return out.String(), err
	}
	out, err := ask(server.URL)
	require.NoError(t, err)
	assert.Contains(t, out, "200 OK")

	status = http.StatusServiceUnavailable
	_, err = ask(server.URL)
	require.ErrorContains(t, err, "503")

	_, err = ask(server.URL+"/slow", "--timeout", (50 * time.Millisecond).String())
	require.ErrorContains(t, err, "deadline")

	server.Close()
	_, err = ask(server.URL)
	require.Error(t, err)
}
