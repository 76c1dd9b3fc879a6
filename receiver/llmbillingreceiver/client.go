// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package llmbillingreceiver

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/otelcol-arc/otelcol-arc/internal/httpresponse"
	"github.com/otelcol-arc/otelcol-arc/receiver/llmbillingreceiver/internal/report"
)

const (
	// maxBody bounds a page of a report, in bytes after decompression.
	maxBody = 16 << 20
	// maxReason bounds what is quoted of an error response, in bytes.
	maxReason = 300
)

// outcomes of a report, in self-metrics.
const (
	outcomeRead         = "read"
	outcomeUnauthorized = "unauthorized"
	outcomeRateLimited  = "rate_limited"
	outcomeFailed       = "failed"
)

// reportError is why a report was not read.
type reportError struct {
	error
	outcome string
	// retryAfter is what the server asked for; 0 where it did not.
	retryAfter time.Duration
}

func (e *reportError) Unwrap() error { return e.error }

// client sends the requests of one account.
type client struct {
	http     *http.Client
	provider *report.Provider
	key      string
	agent    string
	timeout  time.Duration
	now      func() time.Time
}

var _ report.Client = (*client)(nil)

// Do sends a request, and decodes the response into a value.
func (c *client) Do(ctx context.Context, request *http.Request, into any) error {
	ctx, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	request = request.WithContext(ctx)
	request.Header.Set("User-Agent", c.agent)
	request.Header.Set("Accept", "application/json")
	if c.provider.Authorize != nil {
		c.provider.Authorize(request, c.key)
	}
	response, err := c.http.Do(request) //nolint:gosec // the address is that of the configuration
	if err != nil {
		return &reportError{error: httpresponse.Readable(err, c.timeout), outcome: outcomeFailed}
	}
	defer func() { _ = response.Body.Close() }()
	body, err := httpresponse.ReadBody(ctx, response.Body, maxBody)
	switch {
	case response.StatusCode != http.StatusOK:
		return c.statusError(response, body)
	case errors.Is(err, httpresponse.ErrTooLarge):
		return &reportError{error: fmt.Errorf("a page of the report has more than %d bytes", maxBody), outcome: outcomeFailed}
	case err != nil:
		return &reportError{error: fmt.Errorf("read the response: %w", httpresponse.Readable(err, c.timeout)), outcome: outcomeFailed}
	}
	if err := json.Unmarshal(body, into); err != nil {
		return &reportError{error: fmt.Errorf("the response is not the report that %s documents: %w", c.provider.Name, err), outcome: outcomeFailed}
	}
	return nil
}

// statusError is the error for a status other than 200.
func (c *client) statusError(response *http.Response, body []byte) error {
	reason := c.reason(body)
	delay, _ := httpresponse.RetryAfter(response.Header, c.now())
	switch status := response.StatusCode; {
	case status == http.StatusUnauthorized:
		return &reportError{error: fmt.Errorf("status %s: the key is not accepted; it must be %s%s", response.Status, c.provider.Key, reason), outcome: outcomeUnauthorized}
	case status == http.StatusForbidden || status == http.StatusBadRequest && strings.Contains(reason, "AccessDenied"):
		return &reportError{error: fmt.Errorf("status %s: the key may not read the report; it needs %s%s", response.Status, c.provider.Scope, reason), outcome: outcomeUnauthorized}
	case status == http.StatusTooManyRequests || status == http.StatusBadRequest && strings.Contains(reason, "LimitExceeded"):
		return &reportError{error: fmt.Errorf("status %s: too many requests%s", response.Status, reason), outcome: outcomeRateLimited, retryAfter: delay}
	default:
		return &reportError{error: fmt.Errorf("status %s%s", response.Status, reason), outcome: outcomeFailed, retryAfter: delay}
	}
}

// reason is what an error response has to say, with the key taken out: some quote it.
func (c *client) reason(body []byte) string {
	var document struct {
		Error   json.RawMessage `json:"error"`
		Message string          `json:"message"`
		Type    string          `json:"__type"` // AWS
		AWS     string          `json:"Message"`
	}
	if json.Unmarshal(body, &document) != nil {
		return ""
	}
	text := document.Message
	var detailed struct {
		Message string `json:"message"`
	}
	if json.Unmarshal(document.Error, &detailed) == nil && detailed.Message != "" {
		text = detailed.Message
	}
	text = strings.TrimSpace(strings.Join([]string{document.Type, text, document.AWS}, " "))
	if c.key != "" {
		text = strings.ReplaceAll(text, c.key, "[REDACTED]")
	}
	if len(text) > maxReason {
		text = strings.ToValidUTF8(text[:maxReason], "") + "…"
	}
	if text == "" {
		return ""
	}
	return ": " + strconv.Quote(text)
}

// checkRedirect refuses redirects to other hosts: the key must not go there.
func checkRedirect(request *http.Request, via []*http.Request) error {
	if request.URL.Host != via[0].URL.Host || request.URL.Scheme != via[0].URL.Scheme || len(via) >= 10 {
		return fmt.Errorf("redirected to %s, which must not get the key", request.URL.Host)
	}
	return nil
}
