// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package dashboardextension

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"io"
	"iter"
	"net/http"
	"strings"

	"go.uber.org/zap"
)

// maxHeld is the size up to which a response is held back, in bytes: it then has an entity
// tag, and a failure its status. A longer one is sent as it is made.
const maxHeld = 1 << 20

// serveStream serves a response of any size.
func (b *dashboardServer) serveStream(w http.ResponseWriter, r *http.Request, a response) {
	held := &heldWriter{w: w, send: func() {
		for name, value := range a.headers {
			w.Header().Set(name, value)
		}
		w.Header().Set("Content-Type", a.contentType)
		w.Header().Set("Cache-Control", "no-store")
	}}
	err := a.stream(held)
	switch {
	case !held.sent && err != nil:
		b.fail(w, err)
	case !held.sent:
		a.body, a.stream = held.buffer.Bytes(), nil
		serve(w, r, a)
	case err != nil && r.Context().Err() == nil:
		b.set.Logger.Error("A request failed", zap.Error(err))
		panic(http.ErrAbortHandler) // the client must not mistake the part for the whole
	}
}

// heldWriter holds back the first maxHeld bytes.
type heldWriter struct {
	w      http.ResponseWriter
	send   func() // the headers
	buffer bytes.Buffer
	sent   bool
}

func (h *heldWriter) Write(content []byte) (int, error) {
	if h.sent {
		return h.w.Write(content)
	}
	if h.buffer.Len()+len(content) <= maxHeld {
		return h.buffer.Write(content)
	}
	h.sent = true
	h.send()
	if _, err := h.w.Write(h.buffer.Bytes()); err != nil {
		return 0, err
	}
	h.buffer = bytes.Buffer{}
	return h.w.Write(content)
}

// member is a member of a JSON object.
type member struct {
	name  string
	value any
}

// list is a member that is written element by element.
type list iter.Seq2[any, error]

// after is the value of a member that is known once those before it have been written.
type after func() any

// extended is an object that is made of a struct with members, and one more.
type extended struct {
	fields any
	last   member
}

// streamJSON makes the envelope of data that is an object with these members, or one list
// without a name, as marshal makes it.
func streamJSON(members ...member) func(io.Writer) error {
	return func(w io.Writer) error {
		j := &jsonWriter{w: w}
		j.text("{\n  \"status\": \"success\",\n  \"data\": ")
		if len(members) == 1 && members[0].name == "" {
			j.list(members[0].value.(list), "  ")
			j.text("\n}\n")
			return j.err
		}
		for i, m := range members {
			j.text(map[bool]string{true: "{\n    ", false: ",\n    "}[i == 0])
			j.value(m.name, "")
			j.text(": ")
			j.write(m.value, "    ")
		}
		j.text("\n  }\n}\n")
		return j.err
	}
}

// streamArray makes an array without an envelope, as marshal makes it.
func streamArray(all list) func(io.Writer) error {
	return func(w io.Writer) error {
		j := &jsonWriter{w: w}
		j.list(all, "")
		j.text("\n")
		return j.err
	}
}

type jsonWriter struct {
	w   io.Writer
	err error
}

func (j *jsonWriter) text(s string) {
	if j.err == nil {
		_, j.err = io.WriteString(j.w, s)
	}
}

// write writes a value that may be made while it is written.
func (j *jsonWriter) write(v any, indent string) {
	switch v := v.(type) {
	case list:
		j.list(v, indent)
	case after:
		j.value(v(), indent)
	case extended:
		j.extended(v, indent)
	default:
		j.value(v, indent)
	}
}

func (j *jsonWriter) extended(v extended, indent string) {
	fields := &jsonWriter{w: new(bytes.Buffer)}
	fields.value(v.fields, indent)
	if j.err == nil {
		j.err = fields.err
	}
	end := "\n" + indent + "}"
	j.text(strings.TrimSuffix(fields.w.(*bytes.Buffer).String(), end) + ",\n" + indent + "  ")
	j.value(v.last.name, "")
	j.text(": ")
	j.write(v.last.value, indent+"  ")
	j.text(end)
}

func (j *jsonWriter) value(v any, indent string) {
	if j.err != nil {
		return
	}
	var body bytes.Buffer
	encoder := json.NewEncoder(&body)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent(indent, "  ")
	if j.err = encoder.Encode(v); j.err == nil {
		j.text(strings.TrimSuffix(body.String(), "\n"))
	}
}

func (j *jsonWriter) list(all list, indent string) {
	before := "[\n"
	for v, err := range all {
		if err != nil && j.err == nil {
			j.err = err
		}
		if j.err != nil {
			return
		}
		j.text(before + indent + "  ")
		j.write(v, indent+"  ")
		before = ",\n"
	}
	if before == "[\n" {
		j.text("[]")
		return
	}
	j.text("\n" + indent + "]")
}

// streamCSV makes a table as RFC 4180 writes it, the names of the columns first.
func streamCSV(lines iter.Seq2[[]string, error]) func(io.Writer) error {
	return func(to io.Writer) error {
		w := csv.NewWriter(to)
		w.UseCRLF = true
		for line, err := range lines {
			if err == nil {
				err = w.Write(line)
			}
			if err != nil {
				return err
			}
		}
		w.Flush()
		return w.Error()
	}
}

func listOf[T any](all iter.Seq[T]) list {
	return func(yield func(any, error) bool) {
		for v := range all {
			if !yield(v, nil) {
				return
			}
		}
	}
}

func listOf2[T any](all iter.Seq2[T, error]) list {
	return func(yield func(any, error) bool) {
		for v, err := range all {
			if !yield(v, err) {
				return
			}
		}
	}
}
