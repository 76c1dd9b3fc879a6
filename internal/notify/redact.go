// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package notify

import (
	"errors"
	"io"
	"net/http"
	"net/url"
	"path"
	"strings"

	"go.opentelemetry.io/collector/config/confighttp"
	"go.opentelemetry.io/collector/config/configopaque"
)

const (
	// redacted replaces a secret.
	redacted = "[REDACTED]"
	// minSecret keeps a part of an address, or the value of a header, that is too
	// short to be a secret, such as "/", from being taken out of every error.
	minSecret = 8
)

// Secret is a secret without a trailing line break: the Collector's file provider
// returns the whole file, including the line break at its end.
func Secret(text configopaque.String) configopaque.String {
	return configopaque.String(strings.TrimRight(string(text), "\r\n"))
}

// newRedactor replaces secrets in texts.
func newRedactor(secrets []string) *strings.Replacer {
	var pairs []string
	for _, secret := range secrets {
		pairs = append(pairs, secret, redacted)
	}
	return strings.NewReplacer(pairs...)
}

// RedactURL removes the URL from the errors of net/http and net/url.
func RedactURL(err error) error {
	var withURL *url.Error
	if !errors.As(err, &withURL) {
		return err
	}
	return &url.Error{Op: withURL.Op, URL: "<redacted>", Err: withURL.Err}
}

// URLSecrets are the parts of an address that can give access: its path and query,
// and the last element of the path alone.
func URLSecrets(address string) []string {
	u, err := url.Parse(address)
	if err != nil {
		return []string{address}
	}
	return LongEnough(u.RequestURI(), u.EscapedPath(), path.Base(u.Path))
}

// clientSecrets are what a client is set to send in its headers.
func clientSecrets(client confighttp.ClientConfig) []string {
	var values []string
	for _, header := range client.Headers {
		values = append(values, string(header.Value))
	}
	return LongEnough(values...)
}

// LongEnough are the texts that are long enough to be secrets.
func LongEnough(parts ...string) []string {
	var secrets []string
	for _, part := range parts {
		if len(part) >= minSecret {
			secrets = append(secrets, part)
		}
	}
	return secrets
}

// redacting replaces secrets in responses: those that are known, and the
// credentials of the request. It does so before a response is cut, which could leave
// half of a secret.
type redacting struct {
	next    http.RoundTripper
	secrets []string
}

// RoundTrip reads as much of the response as [Post] does.
func (r redacting) RoundTrip(request *http.Request) (*http.Response, error) {
	response, err := r.next.RoundTrip(request)
	if err != nil {
		return nil, err
	}
	secrets := r.secrets
	if response.Request != nil {
		_, credentials, _ := strings.Cut(response.Request.Header.Get("Authorization"), " ")
		secrets = append(LongEnough(credentials), secrets...)
	}
	content, err := io.ReadAll(io.LimitReader(response.Body, maxResponse))
	_ = response.Body.Close()
	body := io.Reader(strings.NewReader(newRedactor(secrets).Replace(string(content))))
	if err != nil {
		body = io.MultiReader(body, failed{err})
	}
	response.Body = io.NopCloser(body)
	return response, nil
}

// failed is a reader that returns the error of a failed read.
type failed struct{ err error }

// Read fails.
func (f failed) Read([]byte) (int, error) { return 0, f.err }
