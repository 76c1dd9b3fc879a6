// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package double

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
)

// Elasticsearch serves the bulk API.
// https://www.elastic.co/docs/api/doc/elasticsearch/operation/operation-bulk
type Elasticsearch struct {
	URL string

	mu        sync.Mutex
	documents []Document
}

// Document is one that a bulk request created.
type Document struct {
	Index  string
	Source map[string]any
}

// NewElasticsearch serves until the test ends, behind TLS and basic authentication.
func NewElasticsearch(tb testing.TB, cert Certificate, user, password string) *Elasticsearch {
	tb.Helper()
	e := &Elasticsearch{}
	e.URL = serveTLS(tb, e.handler(func(r *http.Request) bool {
		u, pw, _ := r.BasicAuth()
		return u == user && pw == password
	}), cert)
	return e
}

// NewElasticsearchWithKey serves until the test ends, without TLS. It requires the API key.
func NewElasticsearchWithKey(tb testing.TB, key string) *Elasticsearch {
	tb.Helper()
	e := &Elasticsearch{}
	server := httptest.NewServer(e.handler(func(r *http.Request) bool { return strings.EqualFold(r.Header.Get("Authorization"), "ApiKey "+key) }))
	tb.Cleanup(server.Close)
	e.URL = server.URL
	return e
}

func (e *Elasticsearch) handler(known func(*http.Request) bool) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		// Clients check that they talk to the real product.
		w.Header().Set("X-Elastic-Product", "Elasticsearch")
		w.Header().Set("Content-Type", "application/json")
		if !known(r) {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		switch {
		case r.URL.Path == "/":
			fmt.Fprint(w, `{"version":{"number":"8.19.0","build_flavor":"default"}}`)
		case r.Method == http.MethodPost && r.URL.Path == "/_bulk":
			e.bulk(w, r)
		default:
			w.WriteHeader(http.StatusNotFound)
		}
	})
	return mux
}

func (e *Elasticsearch) bulk(w http.ResponseWriter, r *http.Request) {
	body, err := readBody(r)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	documents, items, err := parseBulk(body)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	e.mu.Lock()
	e.documents = append(e.documents, documents...)
	e.mu.Unlock()
	if err := json.NewEncoder(w).Encode(map[string]any{"took": 1, "errors": false, "items": items}); err != nil {
		panic(err)
	}
}

// parseBulk reads pairs of lines: what to do, and the document.
func parseBulk(body []byte) (documents []Document, items []map[string]any, err error) {
	lines := bufio.NewScanner(bytes.NewReader(body))
	lines.Buffer(nil, 16<<20)
	for lines.Scan() {
		var action map[string]struct {
			Index string `json:"_index"`
		}
		if err := json.Unmarshal(lines.Bytes(), &action); err != nil {
			return nil, nil, fmt.Errorf("action: %w", err)
		}
		if !lines.Scan() {
			return nil, nil, errors.New("action without a document")
		}
		for verb, meta := range action {
			document := Document{Index: meta.Index}
			if err := json.Unmarshal(lines.Bytes(), &document.Source); err != nil {
				return nil, nil, fmt.Errorf("document: %w", err)
			}
			documents = append(documents, document)
			items = append(items, map[string]any{verb: map[string]any{"_index": meta.Index, "status": http.StatusCreated}})
		}
	}
	return documents, items, lines.Err()
}

// Documents are all that were created so far.
func (e *Elasticsearch) Documents() []Document {
	e.mu.Lock()
	defer e.mu.Unlock()
	return slices.Clone(e.documents)
}
