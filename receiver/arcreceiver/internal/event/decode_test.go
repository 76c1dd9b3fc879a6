// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package event

import (
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-arc/otelcol-arc/internal/usage"
)

// flat is an event whose values are Go's.
type flat struct {
	Detail    any
	ID        string
	Time      time.Time
	Level     Level
	Message   any
	Logger    string
	Code      Code
	Exception Exception
	Trace     Trace
	User      string
	Session   string
	Resource  Resource
	Fields    map[string]any
}

// valueAt returns what a detail points to: the next event overwrites it.
func valueAt(detail Detail) any {
	if v := reflect.ValueOf(detail); v.Kind() == reflect.Pointer {
		return v.Elem().Interface()
	}
	return detail
}

func flatten(e *Event) flat {
	t := flat{
		Detail: valueAt(e.Detail), ID: e.ID, Time: e.Time, Level: e.Level, Message: plain(e.Message.decoded(), 1), Logger: e.Logger,
		Code: e.Code, Exception: e.Exception, Trace: e.Trace, User: e.User, Session: e.Session, Resource: e.Resource,
	}
	for name, value := range e.Fields {
		if t.Fields == nil {
			t.Fields = map[string]any{}
		}
		t.Fields[name] = plain(value.decoded(), 1)
	}
	return t
}

// decodeNew decodes by a decoder of its own.
func decodeNew(raw []byte) (*Event, error) { return NewDecoder().Decode(raw) }

func TestDecode(t *testing.T) {
	noon := time.Date(2024, 5, 31, 12, 0, 0, 0, time.UTC)
	for _, tt := range []struct {
		name string
		raw  string
		want flat
	}{
		{
			name: "log line of the structured logger",
			raw: `{"timestamp":"2024-05-31T12:00:00.123456","level":"INFO","logger":"arc","message":"Agent invoked",
				"module":"agents","function":"run","line":42,"agent_name":"researcher","task_id":"123"}`,
			want: flat{
				Detail:  Log{},
				Time:    noon.Add(123456 * time.Microsecond),
				Level:   Level{Text: "INFO", Severity: SeverityInfo},
				Message: "Agent invoked",
				Logger:  "arc",
				Code:    Code{Function: "agents.run", Line: 42},
				Fields:  map[string]any{"agent_name": "researcher", "task_id": "123"},
			},
		},
		{
			name: "LLM call with flat token counts",
			raw: `{"timestamp":1717156800,"model":"gpt-4o","provider":"openai","prompt_tokens":1000,"completion_tokens":"500",
				"duration_seconds":1.5,"status":"success","cost_dollars":0.0075,"error_message":null,
				"prompt_preview":"Hello","user_id":"u1","agent_name":"researcher","total_tokens":1500}`,
			want: flat{
				Detail: LLMCall{
					Model: "gpt-4o", Provider: "openai", PromptTokens: 1000, CompletionTokens: 500,
					Duration: Duration{1.5, true}, Outcome: Success, Cost: Cost{0.0075, true}, Agent: "researcher",
				},
				Time:   noon,
				User:   "u1",
				Fields: map[string]any{"prompt_preview": "Hello", "total_tokens": int64(1500)},
			},
		},
		{
			name: "LLM call as exported, and what is left of the tokens",
			raw:  `{"model":"gpt-4o","tokens":{"prompt":10,"completion":5,"total":15},"duration_seconds":0,"cost_dollars":0,"status":"success"}`,
			want: flat{
				Detail: LLMCall{
					Model: "gpt-4o", PromptTokens: 10, CompletionTokens: 5,
					Duration: Duration{0, true}, Outcome: Success, Cost: Cost{0, true},
				},
				Fields: map[string]any{"tokens": map[string]any{"total": int64(15)}},
			},
		},
		{
			name: "LLM call without a status that names an error",
			raw:  `{"model":"m","prompt_tokens":1,"error_message":"rate limited","error_type":"RateLimitError"}`,
			want: flat{Detail: LLMCall{
				Model: "m", PromptTokens: 1, Outcome: Failure, ErrorMessage: "rate limited", ErrorType: "RateLimitError",
			}},
		},
		{
			name: "LLM call that a logger wrote keeps level and message",
			raw:  `{"level":"WARNING","message":"High-cost LLM call","model":"m","prompt_tokens":12.0,"completion_tokens":0}`,
			want: flat{
				Detail:  LLMCall{Model: "m", PromptTokens: 12, Outcome: Success},
				Level:   Level{"WARNING", SeverityWarn},
				Message: "High-cost LLM call",
			},
		},
		{
			name: "usage by kind, and what is left of it",
			raw:  `{"model":"gpt-4o","prompt_tokens":1000,"completion_tokens":5,"usage":{"reasoning":2,"cache_read":"600","images":0,"total":1005,"input":7},"status":"success"}`,
			want: flat{
				Detail: LLMCall{Model: "gpt-4o", PromptTokens: 1000, CompletionTokens: 5, Usage: []Used{{usage.CacheRead, 600}, {usage.Reasoning, 2}}, Outcome: Success},
				Fields: map[string]any{"usage": map[string]any{"total": int64(1005), "input": int64(7)}},
			},
		},
		{
			name: "usage without tokens",
			raw:  `{"model":"whisper-1","usage":{"seconds":30.25}}`,
			want: flat{Detail: LLMCall{Model: "whisper-1", Usage: []Used{{usage.Seconds, 30.25}}, Outcome: Success}},
		},
		{
			name: "usage of another meaning is a log line's",
			raw:  `{"message":"disk","model":"nvme","usage":{"percent":93}}`,
			want: flat{Detail: Log{}, Message: "disk", Fields: map[string]any{"model": "nvme", "usage": map[string]any{"percent": int64(93)}}},
		},
		{
			name: "model and a sum of tokens is a log line",
			raw:  `{"level":"WARNING","message":"High-cost LLM call","model":"m","cost":1.5,"tokens":9}`,
			want: flat{
				Detail: Log{}, Level: Level{"WARNING", SeverityWarn}, Message: "High-cost LLM call",
				Fields: map[string]any{"model": "m", "cost": 1.5, "tokens": int64(9)},
			},
		},
		{
			name: "tokens without a model are a log line's",
			raw:  `{"message":"m","prompt_tokens":1,"logger":""}`,
			want: flat{Detail: Log{}, Message: "m", Fields: map[string]any{"prompt_tokens": int64(1), "logger": ""}},
		},
		{
			name: "a method alone makes no request, and there is no line 0",
			raw:  `{"message":"m","method":"GET","line":0}`,
			want: flat{Detail: Log{}, Message: "m", Fields: map[string]any{"method": "GET", "line": int64(0)}},
		},
		{
			name: "the last status, and the largest figures",
			raw:  `{"method":"GET","endpoint":"/","status":599,"duration":31622400,"active_requests":9007199254740992}`,
			want: flat{Detail: Request{
				Method: "GET", Endpoint: "/", Status: 599, Duration: Duration{31622400, true}, Active: Measure{9007199254740992, true},
			}},
		},
		{
			name: "the most tokens",
			raw:  `{"model":"m","prompt_tokens":1099511627776}`,
			want: flat{Detail: LLMCall{Model: "m", PromptTokens: 1099511627776, Outcome: Success}},
		},
		{
			name: "requests being served",
			raw:  `{"active_requests":2}`,
			want: flat{Detail: Gauge{ActiveRequests: Measure{2, true}}},
		},
		{
			name: "a level that is a number makes a log line of what only looks like a request",
			raw:  `{"kind":"tool","message":"sent","level":30,"method":"GET","endpoint":"/","status":"ok","duration":"2s"}`,
			want: flat{
				Detail: Log{}, Level: Level{"WARNING", SeverityWarn}, Message: "sent",
				Fields: map[string]any{"kind": "tool", "method": "GET", "endpoint": "/", "status": "ok", "duration": "2s"},
			},
		},
		{
			name: "agent run, duration in milliseconds",
			raw:  `{"agent_name":"researcher","status":"timeout","duration_ms":1500,"service":"web","version":"1.0.0","environment":"production"}`,
			want: flat{
				Detail:   AgentRun{Agent: "researcher", Outcome: Timeout, Duration: Duration{1.5, true}},
				Resource: Resource{Service: "web", Version: "1.0.0", Environment: "production"},
			},
		},
		{
			name: "request",
			raw:  `{"method":"GET","endpoint":"/chat","status":"200","duration":0.25,"active_requests":3,"request_id":"r1"}`,
			want: flat{
				Detail: Request{
					Method: "GET", Endpoint: "/chat", Status: 200, Duration: Duration{0.25, true}, Active: Measure{3, true},
				},
				Fields: map[string]any{"request_id": "r1"},
			},
		},
		{
			name: "user and session are text or a number; the request is the application's",
			raw:  `{"message":"m","user_id":7,"session_id":"s-1","request_id":"r-1"}`,
			want: flat{Detail: Log{}, Message: "m", User: "7", Session: "s-1", Fields: map[string]any{"request_id": "r-1"}},
		},
		{
			name: "a user and a session that are no ID stay context",
			raw:  `{"message":"m","user_id":"","session_id":{"id":1}}`,
			want: flat{Detail: Log{}, Message: "m", Fields: map[string]any{"user_id": "", "session_id": map[string]any{"id": int64(1)}}},
		},
		{
			name: "cache lookup",
			raw:  `{"cache_type":"llm","hit":false,"size_bytes":1024}`,
			want: flat{Detail: Cache{Type: "llm", Size: Measure{1024, true}}},
		},
		{
			name: "log line of a cache without a result",
			raw:  `{"level":"WARNING","message":"Cache miss","cache_type":"llm"}`,
			want: flat{
				Detail: Log{}, Level: Level{"WARNING", SeverityWarn}, Message: "Cache miss",
				Fields: map[string]any{"cache_type": "llm"},
			},
		},
		{
			name: "gauge",
			raw:  `{"active_agents":3,"memory_usage_bytes":104857600}`,
			want: flat{Detail: Gauge{ActiveAgents: Measure{3, true}, MemoryUsage: Measure{104857600, true}}},
		},
		{
			name: "application info describes the resource",
			raw:  `{"service":"web","app_info":{"version":"1.0.0","environment":"production","workers":4,"debug":false,"none":null}}`,
			want: flat{
				Detail:   AppInfo{Labels: map[string]string{"version": "1.0.0", "environment": "production", "workers": "4", "debug": "false"}},
				Resource: Resource{Service: "web", Version: "1.0.0", Environment: "production"},
			},
		},
		{
			name: "kind settles it",
			raw:  `{"kind":"log","message":"m","active_agents":3}`,
			want: flat{Detail: Log{}, Message: "m", Fields: map[string]any{"active_agents": int64(3)}},
		},
		{
			name: "another use of the word kind",
			raw:  `{"kind":"tool","message":"m"}`,
			want: flat{Detail: Log{}, Message: "m", Fields: map[string]any{"kind": "tool"}},
		},
		{
			name: "a log line that only looks like a request",
			raw:  `{"level":"INFO","message":"sent","method":"GET","endpoint":"/","status":"ok","duration":"2s"}`,
			want: flat{
				Detail: Log{}, Level: Level{"INFO", SeverityInfo}, Message: "sent",
				Fields: map[string]any{"method": "GET", "endpoint": "/", "status": "ok", "duration": "2s"},
			},
		},
		{
			name: "a version without a service, a module without a function, a trace of another kind",
			raw:  `{"message":"m","version":"3","module":"agents","trace_id":"abc","traceparent":"no","line":"x"}`,
			want: flat{Detail: Log{}, Message: "m", Fields: map[string]any{
				"version": "3", "module": "agents", "trace_id": "abc", "traceparent": "no", "line": "x",
			}},
		},
		{
			name: "types of context",
			raw: `{"message":{"a":1},"b":true,"i":9007199254740993,"d":1.5,"huge":18446744073709551616,"giant":1e999,
				"n":null,"list":[1,"x",null],"map":{"i":1,"n":null},"id":7}`,
			want: flat{
				Detail: Log{}, Message: map[string]any{"a": int64(1)}, ID: "7",
				Fields: map[string]any{
					"b": true, "i": int64(9007199254740993), "d": 1.5, "huge": 18446744073709551616.0, "giant": "1e999",
					"list": []any{int64(1), "x", nil}, "map": map[string]any{"i": int64(1), "n": nil}, "id": int64(7),
				},
			},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := decodeNew([]byte(tt.raw))
			require.NoError(t, err)
			assert.Equal(t, tt.want, flatten(got))
		})
	}
}

func TestDecodeKeepsDeepFieldsAsText(t *testing.T) {
	raw := `{"message":"m","a":` + strings.Repeat(`{"a":`, 40) + `[1,2]` + strings.Repeat(`}`, 40) + `}`
	e, err := decodeNew([]byte(raw))
	require.NoError(t, err)
	value, depth := flatten(e).Fields["a"], 0
	for {
		inner, ok := value.(map[string]any)
		if !ok {
			break
		}
		value, depth = inner["a"], depth+1
	}
	assert.Equal(t, maxDepth, depth)
	assert.Equal(t, strings.Repeat(`{"a":`, 40-maxDepth)+`[1,2]`+strings.Repeat(`}`, 40-maxDepth), value)
}

func TestDecodeRejects(t *testing.T) {
	const call = `{"model":"m","completion_tokens":1,"prompt_tokens":`
	for _, tt := range []struct {
		name   string
		raw    string
		reason Reason
		text   string
	}{
		{"no JSON", `{"message":NaN}`, ReasonSyntax, "not JSON: invalid character 'N' looking for beginning of value"},
		{"cut off", `{"message":"m"`, ReasonSyntax, "the JSON text is not complete"},
		{"not an object", `42`, ReasonSyntax, "an event is a JSON object, not number"},
		{"null", `null`, ReasonSyntax, "an event is a JSON object, not null"},
		{"two objects", `{"message":"m"}{"message":"n"}`, ReasonSyntax, "more text follows the JSON object"},
		{"nested too deep for JSON", strings.Repeat(`{"a":`, 20000), ReasonSyntax, "not JSON: exceeded max depth"},
		{"no kind", `{"foo":1}`, ReasonUnknownKind, "no known `kind`, and the fields are those of no kind: a log line has `message`"},
		{"level alone", `{"level":"INFO"}`, ReasonUnknownKind, "no known `kind`"},
		{"negative tokens", call + `-3}`, ReasonInvalidField, "prompt_tokens: must not be negative, is -3"},
		{"tokens that are no number", call + `"many"}`, ReasonInvalidField, "prompt_tokens: must be a number"},
		{"tokens as the word NaN", call + `"NaN"}`, ReasonInvalidField, "prompt_tokens: must be a number"},
		{"tokens in a list", call + `[1]}`, ReasonInvalidField, "prompt_tokens: must be a number"},
		{"part of a token", call + `1.5}`, ReasonInvalidField, "prompt_tokens: must be a whole number, is 1.5"},
		{"too many tokens", call + `1e300}`, ReasonInvalidField, "prompt_tokens: must be at most 1099511627776"},
		{"too many tokens for a float", call + `1e999}`, ReasonInvalidField, "prompt_tokens: must be at most 1099511627776"},
		{"nested tokens", `{"model":"m","tokens":{"prompt":-1}}`, ReasonInvalidField, "tokens.prompt: must not be negative, is -1"},
		{"only a sum", `{"model":"m","tokens":{"total":5}}`, ReasonInvalidField, "prompt_tokens: is missing, and so are completion_tokens, tokens.prompt, tokens.completion and usage"},
		{"empty model", `{"model":"","prompt_tokens":1}`, ReasonInvalidField, "model: must be a text that is not empty"},
		{"explicit kind without its fields", `{"kind":"llm_call","prompt_tokens":1}`, ReasonInvalidField, "model: is missing"},
		{"explicit log without message", `{"kind":"log","level":"INFO"}`, ReasonInvalidField, "message: is missing"},
		{"status of a call", call + `1,"status":"ok"}`, ReasonInvalidField, "status: must be success, error or timeout"},
		{"negative usage", call + `1,"usage":{"cache_read":-2}}`, ReasonInvalidField, "usage.cache_read: must not be negative"},
		{"half an image", call + `1,"usage":{"images":0.5}}`, ReasonInvalidField, "usage.images: must be a whole number"},
		{"usage that is no number", call + `1,"usage":{"reasoning":[1]}}`, ReasonInvalidField, "usage.reasoning: must be a number"},
		{"usage beyond all measure", call + `1,"usage":{"seconds":1e300}}`, ReasonInvalidField, "usage.seconds: must be at most"},
		{"negative cost", call + `1,"cost_dollars":-0.1}`, ReasonInvalidField, "cost_dollars: must not be negative, is -0.1"},
		{"negative duration", call + `1,"duration_seconds":-1}`, ReasonInvalidField, "duration_seconds: must not be negative, is -1"},
		{"long duration", call + `1,"duration_ms":1e12}`, ReasonInvalidField, "duration_ms: must be at most 31622400000"},
		{"timestamp", call + `1,"timestamp":"yesterday"}`, ReasonInvalidField, "timestamp: must be an ISO 8601 date and time"},
		{"timestamp type", call + `1,"timestamp":true}`, ReasonInvalidField, "timestamp: must be an ISO 8601 date and time"},
		{"level type", `{"message":"m","level":{}}`, ReasonInvalidField, "level: must be a name such as INFO or a number such as 20"},
		{"all at once", `{"model":"m","prompt_tokens":-1,"completion_tokens":-2}`, ReasonInvalidField, "prompt_tokens: must not be negative, is -1; completion_tokens: must not be negative, is -2"},
		{"HTTP status", `{"method":"GET","endpoint":"/","status":99,"duration":1}`, ReasonInvalidField, "status: must be an HTTP status code, is 99"},
		{"explicit request", `{"kind":"request"}`, ReasonInvalidField, "method: is missing; endpoint: is missing; duration_seconds: is missing, and so are duration and duration_ms; status: is missing"},
		{"hit", `{"cache_type":"llm","hit":1}`, ReasonInvalidField, "hit: must be true or false"},
		{"explicit gauge", `{"kind":"gauge","message":"m"}`, ReasonInvalidField, "active_agents: is missing, and so are active_requests and memory_usage_bytes"},
		{"app info type", `{"app_info":"1.0"}`, ReasonInvalidField, "app_info: must be an object"},
		{"app info member", `{"app_info":{"a":[]}}`, ReasonInvalidField, "app_info.a: must be a text, a number, true or false"},
		{"a level that does not make a log line", `{"message":"sent","level":null,"method":"GET","endpoint":"/","status":"ok","duration":"2s"}`, ReasonInvalidField, "status: must be a number"},
		{"app info size", `{"app_info":{` + joinMembers(33) + `}}`, ReasonInvalidField, "app_info: must have at most 32 members, has 33"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := decodeNew([]byte(tt.raw))
			require.Error(t, err)
			assert.Equal(t, tt.reason, ReasonOf(err))
			assert.Contains(t, err.Error(), tt.text)
		})
	}
}

func joinMembers(n int) string {
	members := make([]string, n)
	for i := range members {
		members[i] = `"k` + strings.Repeat("x", i) + `":1`
	}
	return strings.Join(members, ",")
}

func TestDecodeMostAppLabels(t *testing.T) {
	e, err := decodeNew([]byte(`{"app_info":{` + joinMembers(maxAppLabels) + `}}`))
	require.NoError(t, err)
	assert.Len(t, e.Detail.(*AppInfo).Labels, maxAppLabels)
}

func TestDecodeTrace(t *testing.T) {
	traceID := TraceID{0x4b, 0xf9, 0x2f, 0x35, 0x77, 0xb3, 0x4d, 0xa6, 0xa3, 0xce, 0x92, 0x9d, 0x0e, 0x0e, 0x47, 0x36}
	parentID := SpanID{0x00, 0xf0, 0x67, 0xaa, 0x0b, 0xa9, 0x02, 0xb7}
	ownID := SpanID{1, 2, 3, 4, 5, 6, 7, 8}
	const (
		trace  = `"trace_id":"4bf92f3577b34da6a3ce929d0e0e4736"`
		parent = `"traceparent":"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"`
		own    = `"span_id":"0102030405060708"`
		zeros  = "00000000000000000000000000000000"
	)
	for _, tt := range []struct {
		name   string
		fields string
		want   Trace
		left   map[string]any
	}{
		{"none", `"x":1`, Trace{}, map[string]any{"x": int64(1)}},
		{"traceparent", parent, Trace{TraceID: traceID, ParentID: parentID, Flags: 1}, nil},
		{"trace", trace, Trace{TraceID: traceID}, nil},
		{"trace and span", trace + "," + own, Trace{TraceID: traceID, SpanID: ownID}, nil},
		{"all", trace + "," + own + "," + parent, Trace{TraceID: traceID, SpanID: ownID, ParentID: parentID, Flags: 1}, nil},
		{"parent span", trace + `,"parent_span_id":"00f067aa0ba902b7"`, Trace{TraceID: traceID, ParentID: parentID}, nil},
		{"logging instrumentation", `"otelTraceID":"4bf92f3577b34da6a3ce929d0e0e4736","otelSpanID":"00f067aa0ba902b7"`, Trace{TraceID: traceID, ParentID: parentID}, nil},
		{"logging instrumentation without a span", `"otelTraceID":"0"`, Trace{}, map[string]any{"otelTraceID": "0"}},
		{"span without a trace", own, Trace{}, map[string]any{"span_id": "0102030405060708"}},
		{"zeros", `"trace_id":"` + zeros + `"`, Trace{}, map[string]any{"trace_id": zeros}},
		{"not hexadecimal", `"trace_id":"` + strings.Repeat("x", 32) + `"`, Trace{}, map[string]any{"trace_id": strings.Repeat("x", 32)}},
		{
			"another trace", `"trace_id":"` + strings.Repeat("1", 32) + `",` + parent,
			Trace{TraceID: TraceID([]byte(strings.Repeat("\x11", 16)))},
			map[string]any{"traceparent": "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			e, err := decodeNew([]byte(`{"message":"m",` + tt.fields + `}`))
			require.NoError(t, err)
			assert.Equal(t, tt.want, e.Trace)
			assert.Equal(t, tt.left, flatten(e).Fields)
		})
	}
}

func TestParseTraceparent(t *testing.T) {
	const valid = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
	for text, want := range map[string]bool{
		valid:                               true,
		"01" + valid[2:]:                    true,
		"01" + valid[2:] + "-more":          true,
		valid + "-more":                     false,
		"01" + valid[2:] + "more":           false,
		"ff" + valid[2:]:                    false,
		"":                                  false,
		valid[:54]:                          false,
		strings.ReplaceAll(valid, "-", "_"): false,
		valid[:2] + "_" + valid[3:]:         false,
		valid[:35] + "_" + valid[36:]:       false,
		valid[:52] + "_" + valid[53:]:       false,
		"00-00000000000000000000000000000000-00f067aa0ba902b7-01": false,
		"00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01": false,
		"00-4bf92f3577b34da6a3ce929d0e0e473x-00f067aa0ba902b7-01": false,
		"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-0x": false,
	} {
		_, ok := ParseTraceparent(text)
		assert.Equal(t, want, ok, text)
	}
}

// More members than attributes can be made of are kept as text, of the event and
// of an object within it; as many as that are attributes.
func TestDecodeKeepsManyFieldsAsText(t *testing.T) {
	members := func(n int) string {
		var all []string
		for i := range n {
			all = append(all, fmt.Sprintf(`"k%04d":%d`, i, i))
		}
		return strings.Join(all, ",")
	}
	e, err := decodeNew([]byte(`{"message":"m",` + members(maxMembers) + `}`))
	require.NoError(t, err)
	assert.Len(t, flatten(e).Fields, maxMembers)
	assert.EqualValues(t, 7, flatten(e).Fields["k0007"])

	e, err = decodeNew([]byte(`{"message":"m",` + members(maxMembers+1) + `}`))
	require.NoError(t, err)
	assert.Equal(t, map[string]any{"arc.fields": "{" + members(maxMembers+1) + "}"}, flatten(e).Fields)
	assert.Equal(t, "m", flatten(e).Message)

	e, err = decodeNew([]byte(`{"message":"m","a":{` + members(maxMembers+1) + `},"b":[{` + members(maxMembers) + `}]}`))
	require.NoError(t, err)
	assert.Equal(t, "{"+members(maxMembers+1)+"}", flatten(e).Fields["a"])
	assert.Len(t, flatten(e).Fields["b"].([]any)[0], maxMembers)
}
