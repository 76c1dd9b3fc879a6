// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package httpresponse

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestReadBody(t *testing.T) {
	content, err := ReadBody(t.Context(), strings.NewReader("12345"), 5)
	require.NoError(t, err)
	assert.Equal(t, "12345", string(content))
	_, err = ReadBody(t.Context(), strings.NewReader("123456"), 5)
	require.ErrorIs(t, err, ErrTooLarge)
	assert.EqualError(t, err, "too large: more than 5 bytes")
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = ReadBody(ended, strings.NewReader("1"), 5)
	assert.ErrorIs(t, err, context.Canceled, "a part may look like all of it")
}

func TestReadable(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }))
	defer server.Close()
	client := http.Client{Timeout: time.Millisecond}
	_, err := client.Get(server.URL + "/?token=s3cret")
	require.Error(t, err)
	assert.EqualError(t, Readable(err, time.Millisecond), "no whole response within the timeout of 1ms")
	_, err = client.Get("http://127.0.0.1:0/?token=s3cret")
	require.Error(t, err)
	assert.NotContains(t, Readable(err, time.Millisecond).Error(), "s3cret")
	other := errors.New("other")
	assert.Equal(t, other, Readable(other, 0))
}

func TestRetryAfter(t *testing.T) {
	now := time.Date(2026, 3, 16, 14, 25, 0, 0, time.UTC)
	for value, want := range map[string]time.Duration{
		"0": 0, "120": 2 * time.Minute, "2147483647": 2147483647 * time.Second,
		"Mon, 16 Mar 2026 14:26:00 GMT": time.Minute, "Mon, 16 Mar 2026 14:24:00 GMT": 0,
	} {
		delay, ok := RetryAfter(http.Header{"Retry-After": {value}}, now)
		assert.True(t, ok, value)
		assert.Equal(t, want, delay, value)
	}
	for _, value := range []string{"", "-1", "1.5", "soon", "9999999999999"} {
		_, ok := RetryAfter(http.Header{"Retry-After": {value}}, now)
		assert.False(t, ok, value)
	}
}

func FuzzRetryAfter(f *testing.F) {
	f.Add("120")
	f.Add("Mon, 23 Nov 2026 10:00:30 GMT")
	f.Fuzz(func(t *testing.T, value string) {
		delay, ok := RetryAfter(http.Header{"Retry-After": {value}}, time.Unix(1_800_000_000, 0))
		assert.GreaterOrEqual(t, delay, time.Duration(0))
		if !ok {
			assert.Zero(t, delay)
		}
	})
}
