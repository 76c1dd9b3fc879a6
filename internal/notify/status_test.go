// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package notify

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/consumer/consumererror"
)

func TestClassifyEveryStatus(t *testing.T) {
	for status := 100; status <= 599; status++ {
		want := classPermanent
		switch {
		case status >= 200 && status <= 299:
			want = classDone
		case status == 429:
			want = classThrottle
		case status == 408 || status >= 500:
			want = classRetry
		}
		assert.Equal(t, want, classify(status), status)

		err := statusError(status, http.Header{}, "detail", time.Time{})
		assert.Equal(t, want == classDone, err == nil, status)
		assert.Equal(t, want == classPermanent, consumererror.IsPermanent(err), status)
		assert.Equal(t, status/100 == 3 || slices.Contains(channelStatuses, status), errors.Is(err, ErrChannel), status)
		if want != classDone {
			require.ErrorIs(t, err, ErrRefused)
			assert.ErrorContains(t, err, "detail")
		}
	}
}

func TestThrottled(t *testing.T) {
	for _, status := range []int{429, 503} {
		err := statusError(status, http.Header{"Retry-After": {"17"}}, "", time.Time{})
		assert.False(t, consumererror.IsPermanent(err))
		assert.ErrorContains(t, err, "17s", "exporterhelper waits as long as it was asked to")
	}
}

const secret = "T0SECRET"

func TestPost(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		assert.Equal(t, "application/json; charset=utf-8", r.Header.Get("Content-Type"))
		switch r.URL.Path {
		case "/good":
			_, _ = w.Write([]byte(" ok\n"))
		case "/bad":
			w.WriteHeader(http.StatusBadRequest)
			_, _ = w.Write([]byte(strings.Repeat("no ", 10_000)))
		}
	}))
	defer server.Close()
	client := server.Client()

	got, err := Post(t.Context(), client, server.URL+"/good", []byte("{}"))
	require.NoError(t, err)
	assert.Equal(t, "ok", got)

	_, err = Post(t.Context(), client, server.URL+"/bad", []byte("{}"))
	require.ErrorIs(t, err, ErrRefused)
	assert.ErrorContains(t, err, "400: no no")
	assert.Less(t, len(err.Error()), 400)
}

// However a request fails, its address stays out of the error.
func TestErrorsKeepTheSecret(t *testing.T) {
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	require.NoError(t, listener.Close())
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	for name, post := range map[string]func() (string, error){
		"refused connection": func() (string, error) {
			return Post(t.Context(), http.DefaultClient, "http://"+listener.Addr().String()+"/"+secret, nil)
		},
		"malformed address": func() (string, error) {
			return Post(t.Context(), http.DefaultClient, "http://127.0.0.1\x7f/"+secret, nil)
		},
		"unknown scheme": func() (string, error) {
			return Post(t.Context(), http.DefaultClient, "ftp://127.0.0.1/"+secret, nil)
		},
		"cancelled": func() (string, error) {
			return Post(gone, http.DefaultClient, "http://127.0.0.1/"+secret, nil)
		},
	} {
		_, err := post()
		require.Error(t, err, name)
		assert.NotContains(t, err.Error(), secret, name)
		assert.False(t, consumererror.IsPermanent(err), "%s: may pass", name)
	}
}
