// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package notify

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"path"
	"strings"
	"time"
)

const (
	// maxAnswer bounds what is read of an answer, in bytes. Some repeat the
	// message that they were sent.
	maxAnswer = 256 << 10
	// maxDetail bounds what an error quotes of an answer, in runes.
	maxDetail = 200
	// minSecret keeps a part of an address that is too short to be a secret, such
	// as "/", from being taken out of every error.
	minSecret = 8
)

// Post sends a JSON body to a URL that may be a secret: no error names it. It
// returns the first 256 KiB of the answer when the status is 2xx, or else an
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
	response, err := client.Do(request)
	if err != nil {
		return "", RedactURL(err)
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer))
	if err != nil {
		return "", fmt.Errorf("read the answer: %w", RedactURL(err))
	}
	text := strings.TrimSpace(string(answer))
	return text, statusError(response.StatusCode, response.Header, Truncate(Clean(text), maxDetail), time.Now())
}

// RedactURL takes the URL out of the errors that net/http and net/url make.
func RedactURL(err error) error {
	var withURL *url.Error
	if !errors.As(err, &withURL) {
		return err
	}
	return &url.Error{Op: withURL.Op, URL: "<redacted>", Err: withURL.Err}
}

// URLSecrets are the parts of an address that lead in: its path and query, and
// the last piece of the path by itself.
func URLSecrets(address string) []string {
	u, err := url.Parse(address)
	if err != nil {
		return []string{address}
	}
	var secrets []string
	for _, part := range []string{u.RequestURI(), u.EscapedPath(), path.Base(u.Path)} {
		if len(part) >= minSecret {
			secrets = append(secrets, part)
		}
	}
	return secrets
}
