// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package notify

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"
)

const (
	// maxResponse bounds what is read of a response, in bytes. Some repeat the
	// message that they were sent.
	maxResponse = 256 << 10
	// maxDetail bounds what an error quotes of a response, in runes.
	maxDetail = 200
	// byteOrderMark is what some servers write before a text.
	byteOrderMark = "\ufeff"
)

// Post sends a JSON body to a URL that may be a secret: no error names it. It
// returns the first 256 KiB of the response when the status is 2xx, or else an
// error that is permanent, throttled or retryable as the status asks.
func Post(ctx context.Context, client *http.Client, target string, body []byte) (string, error) {
	return PostAs(ctx, client, target, "", body)
}

// PostAs is [Post] with a bearer token; "" for none.
func PostAs(ctx context.Context, client *http.Client, target, token string, body []byte) (string, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, target, bytes.NewReader(body))
	if err != nil {
		return "", RedactURL(err)
	}
	if token != "" {
		request.Header.Set("Authorization", "Bearer "+token)
	}
	request.Header.Set("Content-Type", "application/json; charset=utf-8")
	return Do(client, request)
}

// PostToAPI is [Post] to a service that never responds with HTML: it is a proxy or the login of a
// network that does.
func PostToAPI(ctx context.Context, client *http.Client, target string, body []byte) (string, error) {
	response, err := Post(ctx, client, target, body)
	if err == nil && strings.HasPrefix(response, "<") {
		err = StrangerError(response)
	}
	return response, err
}

// Do sends a request as [Post] does.
func Do(client *http.Client, request *http.Request) (string, error) {
	response, err := client.Do(request) //nolint:gosec // G704: the address is from the configuration alone
	if err != nil {
		return "", RedactURL(err)
	}
	defer response.Body.Close()
	content, err := io.ReadAll(io.LimitReader(response.Body, maxResponse))
	if err != nil {
		return "", fmt.Errorf("read the response: %w", RedactURL(err))
	}
	text := strings.TrimSpace(strings.TrimPrefix(string(content), byteOrderMark))
	return text, statusError(response.StatusCode, response.Header, Truncate(Clean(text), maxDetail), time.Now())
}
