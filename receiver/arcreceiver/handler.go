// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package arcreceiver

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"time"

	"github.com/otelcol-arc/otelcol-arc/internal/webguard"
	"github.com/otelcol-arc/otelcol-arc/receiver/arcreceiver/internal/event"
	"github.com/otelcol-arc/otelcol-arc/receiver/arcreceiver/internal/mapping"
)

const (
	eventsPath = "/v1/events"
	exportPath = "/v1/export"

	// maxEvents bounds the events that are accepted of one request, because the
	// smallest take more than fifty times their bytes in memory: 100,000 calls as
	// log records and spans take some 200 MB. It is the number of events of 200
	// bytes in the default max_request_body_size.
	maxEvents = 100_000
)

var errTooManyEvents = fmt.Errorf("the body has more than %d events; no event was accepted", maxEvents)

// contentTypes are those a body may have; its form is recognized by its first byte.
var contentTypes = map[string]bool{
	"":                     true,
	"application/json":     true,
	"application/x-ndjson": true,
	"application/jsonl":    true,
	"text/plain":           true,
	// What curl --data calls everything. Forms of web pages of another origin do not
	// get here, see guard.
	"application/x-www-form-urlencoded": true,
}

func (c *core) routes() http.Handler {
	mux := http.NewServeMux() // returns 404 and, with the header Allow, 405
	mux.HandleFunc("POST "+eventsPath, func(w http.ResponseWriter, r *http.Request) {
		c.serve(w, r, (*event.Decoder).Decode)
	})
	mux.HandleFunc("POST "+exportPath, func(w http.ResponseWriter, r *http.Request) {
		c.serve(w, r, newExport().decode)
	})
	return guard(webguard.New(&c.cfg.HTTP, c.cfg.AllowedHosts), mux)
}

// guard refuses what a web page of another origin can make a browser send: forged
// events cost money on a dashboard, and page whoever is on call.
func guard(guard *webguard.Guard, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch err := guard.Check(r); {
		case errors.Is(err, webguard.ErrHost):
			writeResponse(w, http.StatusMisdirectedRequest, response{Error: err.Error()})
		case err != nil:
			writeResponse(w, http.StatusForbidden, response{Error: err.Error() + "; origins are allowed by cors::allowed_origins"})
		default:
			next.ServeHTTP(w, r)
		}
	})
}

// decoding is how the events of a path are read.
type decoding func(d *event.Decoder, raw []byte) (*event.Event, error)

// serve reads a request to its end before it hands anything on, so that a
// request that breaks off leaves nothing behind.
func (c *core) serve(w http.ResponseWriter, r *http.Request, decode decoding) {
	if c.notStarted.Load() > 0 {
		c.reject(w, rejection{http.StatusServiceUnavailable, defaultRetryAfter, "the pipelines are starting"}, response{})
		return
	}
	if !contentTypes[mediaType(r)] {
		writeResponse(w, http.StatusUnsupportedMediaType, response{
			Error: "Content-Type must be application/json, application/x-ndjson, application/jsonl, text/plain, application/x-www-form-urlencoded or none",
		})
		return
	}
	key, ok := c.claim(w, r)
	if !ok {
		return
	}
	defer c.deduplicator.release(key)
	body := &hashed{ReadCloser: r.Body}
	if key != "" {
		body.hash = sha256.New()
	}
	r.Body = body
	in, err := c.read(r, decode)
	if err != nil {
		writeUnread(w, err)
		return
	}
	c.telemetry.countRejected(r.Context(), in.reasons)
	if in.response.Accepted == 0 {
		if in.response.Rejected == 0 {
			in.response.Error = "the body is empty"
		}
		writeResponse(w, http.StatusBadRequest, in.response)
		return
	}
	if err := c.deliver(r.Context(), in.batch); err != nil {
		no := newRejection(err)
		c.telemetry.countEvents(r.Context(), &in.kinds, no.outcome())
		c.reject(w, no, in.response)
		return
	}
	c.telemetry.countEvents(r.Context(), &in.kinds, accepted)
	c.telemetry.countEvents(r.Context(), &in.repeated, repeated)
	c.deduplicator.remember(c.now(), in.names, key, acceptedRequest{body.sum(), in.kinds.and(&in.repeated), in.response})
	writeResponse(w, http.StatusOK, in.response)
}

func mediaType(r *http.Request) string {
	header := r.Header.Get("Content-Type")
	if header == "" {
		return ""
	}
	mediaType, _, err := mime.ParseMediaType(header)
	if err != nil {
		return "?" // is none of those that are read
	}
	return mediaType
}

// intake is what was read of a request.
type intake struct {
	decoder *event.Decoder
	batch   *mapping.Batch
	kinds   kinds // of the events in the batch
	// repeated are the kinds of events that were accepted before, which count as
	// accepted in the response but are not in the batch.
	repeated     kinds
	names        []name // of the events in the batch that have one
	deduplicator *deduplicator
	now          time.Time
	reasons      map[event.Reason]int64 // of the others
	response     response               // if the batch is accepted
}

// read decodes a request's events. The error is that of reading the body.
func (c *core) read(r *http.Request, decode decoding) (*intake, error) {
	parent, _ := event.ParseTraceparent(r.Header.Get("Traceparent"))
	in := &intake{
		decoder: event.NewDecoder(),
		batch: mapping.NewBatch(mapping.Options{
			Scope:    c.scope,
			Received: c.now(),
			Context:  parent,
			Random:   c.random,
			Logs:     c.nextLogs != nil,
			Traces:   c.nextTraces != nil,
			Metrics:  c.nextMetrics != nil,
		}),
		reasons:      map[event.Reason]int64{},
		deduplicator: c.deduplicator,
		now:          c.now(),
	}
	defer in.decoder.Close()
	for item, err := range event.Items(r.Body, c.cfg.MaxEventBytes) {
		if err != nil {
			return nil, err
		}
		if in.add(item, decode); in.response.Accepted > maxEvents {
			_, _ = io.Copy(io.Discard, r.Body)
			return nil, errTooManyEvents
		}
	}
	// After an error in an array the rest is read and left alone, because a
	// sender that is cut off would not see the response.
	_, err := io.Copy(io.Discard, r.Body)
	return in, err
}

func (in *intake) add(item event.Item, decode decoding) {
	err := item.Err
	var e *event.Event
	if err == nil {
		e, err = decode(in.decoder, item.Raw)
	}
	if err != nil {
		in.reasons[event.ReasonOf(err)]++
		in.response.reject(item, err)
		return
	}
	in.response.Accepted++
	if e.ID != "" && in.deduplicator.enabled() {
		n := nameOf(e, item.Raw)
		if in.deduplicator.knows(n, in.now) {
			in.repeated[e.Kind()]++
			return
		}
		in.names = append(in.names, n)
	}
	in.batch.Add(e)
	in.kinds[e.Kind()]++
}

// writeUnread answers a request whose body could not be read to its end.
func writeUnread(w http.ResponseWriter, err error) {
	if tooLarge, ok := errors.AsType[*http.MaxBytesError](err); ok {
		writeResponse(w, http.StatusRequestEntityTooLarge, response{
			Error: fmt.Sprintf("the body is larger than max_request_body_size (%d bytes); no event was accepted", tooLarge.Limit),
		})
		return
	}
	if errors.Is(err, errTooManyEvents) {
		writeResponse(w, http.StatusRequestEntityTooLarge, response{Error: err.Error()})
		return
	}
	writeResponse(w, http.StatusBadRequest, response{Error: "the body could not be read to its end; no event was accepted"})
}

// reject responds that nothing was accepted.
func (c *core) reject(w http.ResponseWriter, no rejection, a response) {
	if no.retryAfter > 0 {
		w.Header().Set("Retry-After", seconds(no.retryAfter))
	}
	a.Accepted = 0
	a.Error = no.text
	writeResponse(w, no.status, a)
}
