// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package notify

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// No half of a secret is left where a response is cut. The credentials of the
// request are redacted too.
func TestResponsesAreRedacted(t *testing.T) {
	const proof = "user-and-password-in-base64"
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(http.StatusBadRequest)
		_, _ = io.WriteString(w, r.Header.Get("Authorization")+strings.Repeat(".", maxDetail-40)+secret)
	}))
	defer server.Close()
	client := server.Client()
	client.Transport = redacting{next: client.Transport, secrets: []string{secret}}
	_, err := PostAs(t.Context(), client, server.URL, proof, nil)
	require.ErrorIs(t, err, ErrRefused)
	assert.NotContains(t, err.Error(), proof)
	assert.NotContains(t, err.Error(), secret[:4])
	assert.ErrorContains(t, err, "Bearer "+redacted)
}

// A response that breaks off is still an error.
func TestResponseBreaksOff(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "100")
		_, _ = io.WriteString(w, "ok")
	}))
	defer server.Close()
	client := server.Client()
	client.Transport = redacting{next: client.Transport}
	_, err := Post(t.Context(), client, server.URL, nil)
	require.ErrorIs(t, err, io.ErrUnexpectedEOF)
}
