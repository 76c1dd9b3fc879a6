// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package llmcostprocessor

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"github.com/otelcol-arc/otelcol-arc/internal/httpresponse"
)

// maxFetchedSize bounds a list that is fetched, in bytes after decompression. The
// built-in table would have 2 MiB as a price file.
const maxFetchedSize = 4 << 20

// priceSource is a price list that is fetched.
type priceSource struct {
	cfg    *PriceSourceConfig
	name   string // its URL without the query, which may hold a secret
	key    string // of its copy in the storage
	agent  string
	client *http.Client // set in Start

	// What follows is guarded by priceLists.mu.
	copy    []byte // the last good one; nil before the first
	state   sourceState
	since   time.Time // when it was configured: what counts until a first copy
	attempt time.Time // the last one
	err     error     // of the last attempt
}

// sourceState is what the storage has about a copy.
type sourceState struct {
	ETag     string `json:"etag,omitempty"`
	Modified string `json:"last_modified,omitempty"`
	// Confirmed is when the server last sent the list, or confirmed with status 304 that the copy is current.
	Confirmed time.Time `json:"confirmed"`
}

func newPriceSources(configs []PriceSourceConfig, agent string, now time.Time) []*priceSource {
	names := map[string]bool{}
	sources := make([]*priceSource, len(configs))
	for i := range configs {
		endpoint := configs[i].HTTP.Endpoint
		sum := sha256.Sum256([]byte(endpoint))
		s := &priceSource{cfg: &configs[i], name: withoutQuery(endpoint), key: hex.EncodeToString(sum[:16]), agent: agent, since: now}
		if names[s.name] {
			s.name = fmt.Sprintf("%s#%d", s.name, i)
		}
		names[s.name] = true
		sources[i] = s
	}
	return sources
}

func withoutQuery(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	u.User, u.RawQuery, u.ForceQuery, u.Fragment = nil, "", false, ""
	return u.String()
}

// errNoResponse means that no server responded.
type errNoResponse struct{ error }

func (e errNoResponse) Unwrap() error { return e.error }

// fetch asks the server for the list, if it is not that of state. A list that is nil
// is current.
func (s *priceSource) fetch(ctx context.Context, state sourceState) (list []byte, next sourceState, err error) {
	ctx, cancel := context.WithTimeout(ctx, s.cfg.HTTP.Timeout)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, s.cfg.HTTP.Endpoint, http.NoBody)
	if err != nil {
		return nil, state, httpresponse.WithoutURL(err)
	}
	request.Header.Set("User-Agent", s.agent)
	if state.ETag != "" {
		request.Header.Set("If-None-Match", state.ETag)
	}
	if state.Modified != "" {
		request.Header.Set("If-Modified-Since", state.Modified)
	}
	response, err := s.client.Do(request)
	if err != nil {
		return nil, state, errNoResponse{httpresponse.Readable(err, s.cfg.HTTP.Timeout)}
	}
	defer response.Body.Close()
	switch {
	case response.StatusCode == http.StatusNotModified && (state.ETag != "" || state.Modified != ""):
		return nil, state, nil
	case response.StatusCode != http.StatusOK:
		return nil, state, fmt.Errorf("the server responded with status %s", response.Status)
	case response.ContentLength > maxFetchedSize:
		return nil, state, fmt.Errorf("the list has %d bytes, %d are the most", response.ContentLength, maxFetchedSize)
	}
	list, err = httpresponse.ReadBody(ctx, response.Body, maxFetchedSize)
	switch {
	case errors.Is(err, httpresponse.ErrTooLarge):
		return nil, state, fmt.Errorf("the list has more than %d bytes", maxFetchedSize)
	case err != nil:
		return nil, state, fmt.Errorf("read the list: %w", httpresponse.Readable(err, s.cfg.HTTP.Timeout))
	}
	return list, sourceState{ETag: response.Header.Get("ETag"), Modified: response.Header.Get("Last-Modified")}, nil
}

// maxRedirects is as many as net/http follows by default.
const maxRedirects = 10

// checkRedirect refuses what would send credentials to another host, or the request
// over a connection that is less safe. Headers and authentication of the
// configuration are added to every request, a redirected one too.
func (s *priceSource) checkRedirect(request *http.Request, via []*http.Request) error {
	first := via[0].URL
	switch {
	case len(via) >= maxRedirects:
		return fmt.Errorf("more than %d redirects", maxRedirects)
	case first.Scheme == "https" && request.URL.Scheme != "https":
		return errors.New("redirected from https to http")
	case request.URL.Host != first.Host && (s.cfg.HTTP.Auth.HasValue() || len(s.cfg.HTTP.Headers) > 0):
		return fmt.Errorf("redirected to another host, %s, which must not get the credentials", request.URL.Host)
	}
	return nil
}

// retryIn is the time until the next attempt after failures in a row. A server is
// asked once an hour, also after an error status; one that cannot be reached, sooner.
func retryIn(err error, failures int) time.Duration {
	if _, unreachable := errors.AsType[errNoResponse](err); unreachable {
		return min(time.Minute<<min(failures-1, 6), minSourceInterval)
	}
	return minSourceInterval
}
