// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package event

import (
	"bytes"
	"encoding/json"
	"math"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func FuzzDecode(f *testing.F) {
	for _, seed := range []string{
		`{"timestamp":"2024-05-31T12:00:00.123456","level":"INFO","logger":"arc","message":"m","module":"a","function":"f","line":1}`,
		`{"timestamp":1717156800.5,"model":"gpt-4o","tokens":{"prompt":1,"completion":2,"total":3},"duration_seconds":1.5,"status":"error","cost_dollars":0.1}`,
		`{"method":"GET","endpoint":"/","status":"200","duration_ms":5,"active_requests":1}`,
		`{"agent_name":"a","status":"success","duration":1,"traceparent":"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"}`,
		`{"cache_type":"llm","hit":true,"size_bytes":1e3}`,
		`{"app_info":{"version":"1"}}`,
		`{"active_agents":3,"x":[[[{"a":null}]]]}`,
		`{"kind":"log"}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		e, err := decodeNew(raw)
		if err != nil {
			var ours *Error
			require.ErrorAs(t, err, &ours)
			assert.NotEmpty(t, err.Error())
			return
		}
		require.True(t, json.Valid(raw), "only JSON is an event")
		assert.Less(t, e.Kind(), Kinds)
		if !e.Time.IsZero() {
			assert.GreaterOrEqual(t, e.Time.UnixNano(), int64(0))
		}
		if call, ok := e.Detail.(*LLMCall); ok {
			assert.NotEmpty(t, call.Model)
			assert.True(t, call.PromptTokens >= 0 && call.PromptTokens <= maxCount)
			assert.True(t, call.CompletionTokens >= 0 && call.CompletionTokens <= maxCount)
			assert.True(t, call.Duration.Seconds >= 0 && call.Duration.Seconds <= maxSeconds)
			assert.False(t, math.IsNaN(call.Cost.Dollars) || call.Cost.Dollars < 0)
		}
		again, err := decodeNew(raw)
		require.NoError(t, err)
		assert.Equal(t, flatten(e), flatten(again))
	})
}

// FuzzDecodeLines holds what a decoder reads after other lines against what one that
// has read nothing reads.
func FuzzDecodeLines(f *testing.F) {
	f.Add([]byte(strings.Join(lines, "\n")))
	f.Add([]byte("{\"message\":1,\"a\":1,\"b\":2}\n{\"message\":1,\"a\":1,\"a\":2}\n{\"message\":1,\"b\":null,\"a\":1,\"b\":3}\n{\"message\" :1,\"a\\u0062\":1}\n{\"message\":1,\"ab\":1}"))
	f.Add([]byte("{\"model\":\"m\",\"tokens\":{\"prompt\":1}}\n{\"message\":\n{\"message\":\"x\",\"tokens\":1,\"model\":\"m\"}\n{\"model\":\"m\",\"prompt_tokens\":2}"))
	f.Fuzz(func(t *testing.T, body []byte) {
		one := NewDecoder()
		var got, want []flat
		for line := range bytes.Lines(body) {
			e, err := one.Decode(line)
			fresh, freshErr := decodeNew(line)
			require.Equal(t, freshErr, err, "%q", line)
			if err == nil {
				got, want = append(got, flatten(e)), append(want, flatten(fresh))
			}
		}
		assert.Equal(t, want, got)
	})
}

// FuzzItems compares the splitting of lines with the plain way to do it.
func FuzzItems(f *testing.F) {
	for _, seed := range []string{"{}\n{}", "\r\n{}\r\n\n{\"a\":1}", "{\n\"a\":1}", "[{},{}]", "[{}", "{\"a\":\"\n{}", "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\n{}"} {
		f.Add([]byte(seed))
	}
	const maxBytes = 32
	f.Fuzz(func(t *testing.T, body []byte) {
		var items []Item
		for item, err := range Items(bytes.NewReader(body), maxBytes) {
			require.NoError(t, err, "a reader without errors")
			require.LessOrEqual(t, len(item.Raw), maxBytes)
			if n := len(items); n > 0 {
				require.Greater(t, item.Line, items[n-1].Line)
			}
			item.Raw = bytes.Clone(item.Raw)
			items = append(items, item)
		}
		trimmed := bytes.TrimLeft(body, " \t\r\n")
		if len(trimmed) == 0 {
			require.Empty(t, items)
			return
		}
		if trimmed[0] == '[' {
			return // encoding/json decides
		}
		lines := bytes.Split(trimmed, []byte("\n"))
		if len(lines) > 1 && goesOn(bytes.TrimRight(lines[0], "\r")) && len(lines[0]) <= maxBytes {
			require.Len(t, items, 1)
			return
		}
		var want int
		for _, line := range lines {
			if line = bytes.TrimRight(line, "\r"); len(bytes.TrimSpace(line)) > 0 || len(line) > maxBytes {
				want++
			}
		}
		require.Len(t, items, want)
	})
}
