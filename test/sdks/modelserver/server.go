// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package modelserver

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"time"
)

// maxBody bounds what a request may send; the drivers send some kilobytes.
const maxBody = 16 << 20

// Server responds to the vendors' APIs.
type Server struct {
	ledger  ledger
	mux     *http.ServeMux
	unknown func(method, path string)
}

// New returns a server with an empty ledger. unknown is called with a request
// that no API has, which the server responds to with 404.
func New(unknown func(method, path string)) *Server {
	s := &Server{mux: http.NewServeMux(), unknown: unknown}
	s.routeOpenAI()
	s.routeAnthropic()
	s.routeGemini()
	s.routeBedrock()
	s.routeOllama()
	s.routeCohere()
	s.mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		s.unknown(r.Method, r.URL.Path)
		respond(w, http.StatusNotFound, object{"error": object{"message": "unknown path " + r.URL.Path}})
	})
	return s
}

// ServeHTTP implements http.Handler.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.mux.ServeHTTP(w, r) }

// Calls are what has been called so far, in order.
func (s *Server) Calls() []Call { return s.ledger.list() }

type object = map[string]any

// post registers a handler of JSON requests.
func (s *Server) post(path string, handle func(w http.ResponseWriter, r *http.Request, body object)) {
	s.mux.HandleFunc("POST "+path, func(w http.ResponseWriter, r *http.Request) {
		content, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
		if err != nil {
			respond(w, http.StatusBadRequest, object{"error": object{"message": err.Error()}})
			return
		}
		body := object{}
		if len(content) > 0 {
			if err := json.Unmarshal(content, &body); err != nil {
				respond(w, http.StatusBadRequest, object{"error": object{"message": err.Error()}})
				return
			}
		}
		handle(w, r, body)
	})
}

// fail responds with an error where the request asks for one, in the form that
// body gives it.
func (s *Server) fail(w http.ResponseWriter, c *Call, asked string, body func(status int, kind string) object) bool {
	c.ByAgent, c.ByUser = strings.Contains(asked, "AS-AGENT"), strings.Contains(asked, "AS-USER")
	status := 0
	switch {
	case strings.Contains(asked, "FAIL400"):
		status = http.StatusBadRequest
	case strings.Contains(asked, "FAIL429"):
		status = http.StatusTooManyRequests
	case strings.Contains(asked, "FAIL500"):
		status = http.StatusInternalServerError
	case strings.Contains(asked, "FLAKY") && s.ledger.failFlaky():
		status, c.Retried = http.StatusInternalServerError, true
	}
	if status == 0 {
		return false
	}
	c.Status = status
	s.ledger.add(c, "", nil)
	kind := map[int]string{http.StatusBadRequest: "invalid_request_error", http.StatusTooManyRequests: "rate_limit_error"}[status]
	if kind == "" {
		kind = "api_error"
	}
	respond(w, status, body(status, kind))
	return true
}

func respond(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("X-Request-Id", "req_standin")
	w.Header().Set("Request-Id", "req_standin")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body) // a client that has gone needs no response
}

// event is one of a stream; name is empty where the API has no names.
type event struct {
	name string
	data any
}

// streamEvents writes server-sent events, each by itself, as a model does.
func streamEvents(w http.ResponseWriter, events []event, last string) {
	w.Header().Set("Content-Type", "text/event-stream")
	for _, e := range events {
		if e.name != "" {
			_, _ = io.WriteString(w, "event: "+e.name+"\n")
		}
		_, _ = io.WriteString(w, "data: "+encode(e.data)+"\n\n")
		_ = http.NewResponseController(w).Flush()
	}
	_, _ = io.WriteString(w, last)
}

func encode(v any) string {
	content, err := json.Marshal(v)
	if err != nil {
		panic(err) // what is encoded is built here
	}
	return string(content)
}

func text(body object, key string) string {
	value, _ := body[key].(string)
	return value
}

func isTrue(body object, key string) bool {
	value, _ := body[key].(bool)
	return value
}

func list(body object, key string) []any {
	value, _ := body[key].([]any)
	return value
}

// asked is all of a conversation, in which the words that decide are looked for.
func asked(body object) string {
	for _, key := range []string{"messages", "contents", "input", "prompt", "message", "texts"} {
		if value, ok := body[key]; ok {
			return encode(value)
		}
	}
	return ""
}

// wantsTool reports whether the model asks for a tool: twice in a conversation
// with USE-TOOL in it, as far as tools are offered. results is how a result of a
// tool looks in the encoded conversation.
func wantsTool(tools []string, conversation string, results ...string) string {
	if len(tools) == 0 || !strings.Contains(conversation, "USE-TOOL") {
		return ""
	}
	had := 0
	for _, result := range results {
		had += strings.Count(conversation, result)
	}
	if had >= 2 {
		return ""
	}
	for _, tool := range tools {
		if tool != "final_answer" && tool != "final_result" {
			return tool
		}
	}
	return ""
}

// toolNames finds the names of the tools that a request offers, in whatever form.
func toolNames(tools []any, wrappers ...string) []string {
	var names []string
	for _, tool := range tools {
		entry, _ := tool.(object)
		for _, wrapper := range wrappers {
			if inner, ok := entry[wrapper].(object); ok {
				entry = inner
			}
		}
		if name := text(entry, "name"); name != "" {
			names = append(names, name)
		}
	}
	return names
}

var weatherArguments = object{"city": "Paris"}

const weatherText = "It is sunny."

func unixNow() int64 { return time.Now().Unix() }
