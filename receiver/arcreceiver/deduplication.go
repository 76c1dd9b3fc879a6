// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package arcreceiver

import (
	"crypto/sha256"
	"hash"
	"io"
	"net/http"
	"sync"
	"time"

	"github.com/otelcol-arc/otelcol-arc/receiver/arcreceiver/internal/dedup"
	"github.com/otelcol-arc/otelcol-arc/receiver/arcreceiver/internal/event"
)

const (
	keyHeader = "Idempotency-Key"
	// maxKeyBytes bounds the header.
	maxKeyBytes = 256
	// maxResponseBytes bounds the memory of the responses that are remembered for
	// requests with a key: some 40,000 where no event was rejected.
	maxResponseBytes = 16 << 20
)

// name is an event's own: its kind, service, `id` and text. The text is part of
// it because `id` may be the number of something else, such as a customer, of
// which many log lines name.
type name [sha256.Size]byte

func nameOf(e *event.Event, raw []byte) name {
	h := sha256.New()
	for _, part := range []string{e.Kind().String(), e.Resource.Service, e.ID} {
		_, _ = io.WriteString(h, part)
		_, _ = h.Write([]byte{0})
	}
	_, _ = h.Write(withoutSpace(raw))
	return name(h.Sum(nil))
}

// acceptedRequest is what is remembered of a request with a key.
type acceptedRequest struct {
	body     [sha256.Size]byte
	events   kinds
	response response
}

// deduplicator knows what the pipelines accepted lately. It is updated only after they
// did, so what was rejected is accepted when it is sent again.
type deduplicator struct {
	window time.Duration

	mu       sync.Mutex
	events   *dedup.Window[name, struct{}]
	requests *dedup.Window[string, acceptedRequest]
	inFlight map[string]bool // keys of requests in flight
}

func newDeduplicator(window time.Duration, maxIDs int) *deduplicator {
	return &deduplicator{
		window:   window,
		events:   dedup.New[name, struct{}](maxIDs, window),
		requests: dedup.New[string, acceptedRequest](maxResponseBytes, window),
		inFlight: map[string]bool{},
	}
}

func (r *deduplicator) enabled() bool { return r.window > 0 }

func (r *deduplicator) knows(n name, now time.Time) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	_, ok := r.events.Get(n, now)
	return ok
}

// remember keeps the names of events, and the responses to requests with a key.
func (r *deduplicator) remember(now time.Time, names []name, key string, t acceptedRequest) {
	if !r.enabled() {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, n := range names {
		r.events.Put(n, struct{}{}, 1, now)
	}
	if key != "" {
		r.requests.Put(key, t, t.weight(key), now)
	}
}

// weight is the most bytes of memory that t takes, with its place in a map that grows.
func (t acceptedRequest) weight(key string) int {
	n := 384 + len(key)
	for _, e := range t.response.Errors {
		n += 64 + len(e.Error)
	}
	return n
}

// begin claims a key. It returns the response to a request of that key, or
// that one is in flight.
func (r *deduplicator) begin(key string, now time.Time) (t acceptedRequest, known, busy bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if t, known = r.requests.Get(key, now); known {
		return t, true, false
	}
	busy = r.inFlight[key]
	r.inFlight[key] = true
	return acceptedRequest{}, false, busy
}

// release gives a key back after the response to its request.
func (r *deduplicator) release(key string) {
	if key == "" {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.inFlight, key)
}

// claim reads the header Idempotency-Key. A request that was accepted before, or
// whose twin is in flight, gets its response here, as the IETF's draft on the header
// (draft-ietf-httpapi-idempotency-key-header) specifies.
func (c *core) claim(w http.ResponseWriter, r *http.Request) (key string, ok bool) {
	key = r.Header.Get(keyHeader)
	if key == "" || !c.deduplicator.enabled() {
		return "", true
	}
	if len(key) > maxKeyBytes {
		writeResponse(w, http.StatusBadRequest, response{Error: keyHeader + " must have at most 256 bytes"})
		return "", false
	}
	key = r.URL.Path + " " + key
	before, known, busy := c.deduplicator.begin(key, c.now())
	switch {
	case busy:
		c.reject(w, rejection{http.StatusConflict, defaultRetryAfter, "a request with this " + keyHeader + " is in progress"}, response{})
	case known:
		c.replayResponse(w, r, before)
	default:
		return key, true
	}
	return "", false
}

// replayResponse answers a request whose key was used before: the same if it is the
// same request.
func (c *core) replayResponse(w http.ResponseWriter, r *http.Request, before acceptedRequest) {
	body := &hashed{ReadCloser: r.Body, hash: sha256.New()}
	if _, err := io.Copy(io.Discard, body); err != nil {
		writeUnread(w, err)
		return
	}
	if body.sum() != before.body {
		writeResponse(w, http.StatusUnprocessableEntity, response{
			Error: "this " + keyHeader + " was used for another body; no event was accepted",
		})
		return
	}
	c.telemetry.read(r.Context(), &before.events, repeated)
	writeResponse(w, http.StatusOK, before.response)
}

// hashed is a body that sums up what was read of it, if it has a hash.
type hashed struct {
	io.ReadCloser
	hash hash.Hash
}

func (h *hashed) Read(p []byte) (int, error) {
	n, err := h.ReadCloser.Read(p)
	if h.hash != nil {
		_, _ = h.hash.Write(p[:n])
	}
	return n, err
}

func (h *hashed) sum() (s [sha256.Size]byte) {
	if h.hash != nil {
		copy(s[:], h.hash.Sum(nil))
	}
	return s
}
