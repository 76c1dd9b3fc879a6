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

// contentTypes are those a body may have; its form is told by its first byte.
var contentTypes = map[string]bool{
	"":                     true,
	"application/json":     true,
	"application/x-ndjson": true,
	"application/jsonl":    true,
	"text/plain":           true,
}

func (c *core) routes() http.Handler {
	mux := http.NewServeMux() // answers 404 and, with the header Allow, 405
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
			writeAnswer(w, http.StatusMisdirectedRequest, answer{Error: err.Error()})
		case err != nil:
			writeAnswer(w, http.StatusForbidden, answer{Error: err.Error() + "; origins are allowed by cors::allowed_origins"})
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
		c.refuse(w, refusal{http.StatusServiceUnavailable, defaultRetryAfter, "the pipelines are starting"}, answer{})
		return
	}
	if !contentTypes[mediaType(r)] {
		writeAnswer(w, http.StatusUnsupportedMediaType, answer{
			Error: "Content-Type must be application/json, application/x-ndjson, application/jsonl, text/plain or none",
		})
		return
	}
	key, ok := c.claim(w, r)
	if !ok {
		return
	}
	defer c.resent.release(key)
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
	c.telemetry.rejected(r.Context(), in.reasons)
	if in.answer.Accepted == 0 {
		if in.answer.Rejected == 0 {
			in.answer.Error = "the body is empty"
		}
		writeAnswer(w, http.StatusBadRequest, in.answer)
		return
	}
	if err := c.deliver(r.Context(), in.batch); err != nil {
		no := newRefusal(err)
		c.telemetry.read(r.Context(), &in.kinds, no.outcome())
		c.refuse(w, no, in.answer)
		return
	}
	c.telemetry.read(r.Context(), &in.kinds, accepted)
	c.telemetry.read(r.Context(), &in.repeated, repeated)
	c.resent.remember(c.now(), in.names, key, taken{body.sum(), in.kinds.and(&in.repeated), in.answer})
	writeAnswer(w, http.StatusOK, in.answer)
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
	// repeated are the kinds of events that were taken before, which count as
	// accepted in the answer but are not in the batch.
	repeated kinds
	names    []name // of the events in the batch that have one
	resent   *resent
	now      time.Time
	reasons  map[event.Reason]int64 // of the others
	answer   answer                 // if the batch is accepted
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
		reasons: map[event.Reason]int64{},
		resent:  c.resent,
		now:     c.now(),
	}
	defer in.decoder.Close()
	for item, err := range event.Items(r.Body, c.cfg.MaxEventBytes) {
		if err != nil {
			return nil, err
		}
		if in.add(item, decode); in.answer.Accepted > maxEvents {
			_, _ = io.Copy(io.Discard, r.Body)
			return nil, errTooManyEvents
		}
	}
	// After an error in an array the rest is read and left alone, because a
	// sender that is cut off would not see the answer.
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
		in.answer.reject(item, err)
		return
	}
	in.answer.Accepted++
	if e.ID != "" && in.resent.enabled() {
		n := nameOf(e, item.Raw)
		if in.resent.knows(n, in.now) {
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
		writeAnswer(w, http.StatusRequestEntityTooLarge, answer{
			Error: fmt.Sprintf("the body is larger than max_request_body_size (%d bytes); no event was accepted", tooLarge.Limit),
		})
		return
	}
	if errors.Is(err, errTooManyEvents) {
		writeAnswer(w, http.StatusRequestEntityTooLarge, answer{Error: err.Error()})
		return
	}
	writeAnswer(w, http.StatusBadRequest, answer{Error: "the body could not be read to its end; no event was accepted"})
}

// refuse answers that nothing was accepted.
func (c *core) refuse(w http.ResponseWriter, no refusal, a answer) {
	if no.retryAfter > 0 {
		w.Header().Set("Retry-After", seconds(no.retryAfter))
	}
	a.Accepted = 0
	a.Error = no.text
	writeAnswer(w, no.status, a)
}
