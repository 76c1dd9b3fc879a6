// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package event

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-arc/otelcol-arc/internal/testkit/turns"
)

func parsed(d *Decoder) map[string]any {
	values := map[string]any{}
	for i := range d.members {
		values[d.text(d.members[i].name)] = d.value(&d.members[i]).decoded()
	}
	return values
}

var texts = []string{
	`{}`, ` {"a" : 1 } `, `{"a":1}x`, `{"a":1}}`, `{"a":1},`, `{"a":1}{"a":2}`, `{"a":1,}`, `{"a":01}`, `{"a":1.}`, `{"a":-}`, `{"a":.5}`, `{"a":1e}`,
	`{"a":NaN}`, `{"a":Infinity}`, `{"a":-0}`, `{"a":1e999}`, `{"a":1,"b":2,"a":3}`, `{"a":{"b":1,"b":2}}`, `[]`, `null`, `1`, `"x"`, ``,
	`{"a":"\ud800"}`, `{"a":"\ud83d\ude00"}`, `{"a":"\u0000"}`, "{\"a\":\"\x00\"}", "{\"a\":\"\xff\"}", "{\"\xff\":1}", `{"a":"\x"}`, `{"a":"\u12"}`,
	`{"a":tru}`, `{"a":true}`, `{"a":nul}`, `{"a":[1,[2,{"b":null}]],"c":"x\n\"\\\/"}`, `{"\u0061":1}`, `{a:1}`, `{"a"}`, "\ufeff{}", `{"a":1 "b":2}`,
	`{"a":1`, `{"a":1.`, `{"a":1.5`, `{"a":1e`, `{"a":1e+`, `{"a":1e5`, `{"a":-`, `{"a":0`, `{"a":"x`, `{"a":"x"`, `{"a"`, `{"a":`, `{"a": `, `{"a" `, `{"`, `{`, `{ `, `{"a":fals`, `{"a":[`,
	`{"a":1e+5,"b":1E-5,"c":1e5,"d":-0.5E0}`, `{"a":false,"b":null,"c":true,"d":1}`, ` { "a" : false , "b" : null } `, `{"a":1,,"b":2}`, `{"a":1;"b":2}`, `{"a"=1}`,
	`{"a":"
","b":[1],"c":{},"é":"é","d":1}`, `{"a":1e5x}`, `{"a":--1}`, `{"a":+1}`,
	"{\"a\":\x011}", "{\"a\":\v1}", "{\x00}", "\x00{}", "{\"a\":\t\r\n1}", `{"a":[0,9,-0,90,[],{}]}`, `{"a":[1,]}`, `{"a":[,1]}`, `{"a":[1 2]}`, `{"a":{"b":1,}}`, `{"a":{b:1}}`,
}

// FuzzParse compares what is read with what encoding/json reads.
func FuzzParse(f *testing.F) {
	for _, text := range texts {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		want, wantErr := object(raw)
		got := NewDecoder()
		err := got.parse(raw)
		require.Equal(t, wantErr == nil, err == nil, "%q", raw)
		if err == nil {
			assert.Equal(t, want, parsed(got))
		}
	})
}

func TestParseManyMembers(t *testing.T) {
	const n = 20_000
	var b strings.Builder
	b.WriteString(`{"message":"m"`)
	for i := range n {
		b.WriteString(`,"`)
		b.WriteString(strings.Repeat("x", i%7))
		b.WriteString(json.Number(rune('a' + i%26)).String())
		b.WriteString(`":1`)
	}
	b.WriteString("}")
	e, err := decodeNew([]byte(b.String()))
	require.NoError(t, err)
	assert.Len(t, flatten(e).Fields, 7*26, "of equal names one is left")
}

// lines are what Arc's own code writes.
var lines = []string{
	`{"timestamp": "2024-05-31T12:00:00.123456", "level": "INFO", "logger": "arc.agents", "message": "Agent invoked", "module": "agents", "function": "invoke", "line": 42, "task_id": "123", "user_id": "user_456", "request_id": "6f1d2c3b-1111-4222-8333-444455556666"}`,
	`{"timestamp": "2024-05-31T12:00:01.500000", "model": "gpt-4o", "prompt_tokens": 1000, "completion_tokens": 500, "total_tokens": 1500, "duration_seconds": 1.5, "status": "success", "cost_dollars": 0.0075, "prompt_preview": "Summarise the attached report in three sentences", "response_preview": "The report shows", "id": "call-17"}`,
	`{"timestamp": "2024-05-31T12:00:02.000001", "method": "POST", "endpoint": "/chat", "status": 200, "duration": 3.1, "active_requests": 2, "request_id": "r-1"}`,
	`{"timestamp": "2024-05-31T12:00:02.250000", "agent_name": "researcher", "status": "success", "duration": 2.5, "task": {"id": 7, "tags": ["a", "b"]}}`,
}

// BenchmarkDecode reads what Arc writes to events; beside it, its JSON is read alone,
// and by encoding/json into a map.
func BenchmarkDecode(b *testing.B) {
	const n = 1000
	decoder := NewDecoder()
	var raw [][]byte
	for i := range n {
		raw = append(raw, []byte(lines[i%len(lines)]))
	}
	way := func(name string, read func([]byte) error) turns.Way {
		return turns.Way{Name: name, Do: func() {
			for _, line := range raw {
				if err := read(line); err != nil {
					b.Fatal(err)
				}
			}
		}}
	}
	turns.Run(b, n,
		way("event", func(raw []byte) error { _, err := decoder.Decode(raw); return err }),
		way("parse", decoder.parse),
		way("encoding-json", func(raw []byte) error { var v map[string]any; return json.Unmarshal(raw, &v) }),
	)
}

func TestParseDepth(t *testing.T) {
	const deepest = 10_000 // that encoding/json reads
	for _, n := range []int{deepest - 2, deepest - 1, deepest, deepest + 1} {
		for name, value := range map[string]string{
			"lists":   strings.Repeat("[", n) + strings.Repeat("]", n),
			"objects": strings.Repeat(`{"a":`, n-1) + "{}" + strings.Repeat("}", n-1),
			"number":  strings.Repeat("[", n) + "1" + strings.Repeat("]", n),
		} {
			raw := []byte(`{"message":` + value + `}`)
			_, want := object(raw)
			got := NewDecoder().parse(raw)
			assert.Equal(t, want == nil, got == nil, "%d %s", n, name)
		}
	}
}
