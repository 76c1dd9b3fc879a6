// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package otlpreceiver

import (
	"bytes"
	"context"
	"errors"
	"io"
	"mime"
	"net/http"
)

// wrapHandler admits a request before it is decoded. The body is
// decompressed, and bounded in its bytes.
func (b *budgets) wrapHandler(_ context.Context, next http.Handler) (http.Handler, error) {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			// Upstream writes the response to a body that cannot be read.
			r.Body = io.NopCloser(io.MultiReader(bytes.NewReader(body), failingReader{err}))
			next.ServeHTTP(w, r)
			return
		}
		mediaType, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type")) // as upstream decides
		release, err := b.admit(r.Context(), body, mediaType == "application/json")
		switch {
		case errors.Is(err, errTooLarge):
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		case err != nil:
			w.Header().Set("Retry-After", "1")
			http.Error(w, err.Error(), http.StatusServiceUnavailable)
			return
		}
		defer release()
		r.Body = io.NopCloser(bytes.NewReader(body))
		next.ServeHTTP(w, r)
	}), nil
}

type failingReader struct{ err error }

// Read fails.
func (r failingReader) Read([]byte) (int, error) { return 0, r.err }
