// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package elements

import (
	"bytes"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"go.opentelemetry.io/collector/pdata/ptrace/ptraceotlp"
	"google.golang.org/protobuf/encoding/protowire"
)

// request has spans as an instrumented application sends them, with a prompt.
func request(spans int) ptraceotlp.ExportRequest {
	td := ptrace.NewTraces()
	rs := td.ResourceSpans().AppendEmpty()
	rs.Resource().Attributes().PutStr("service.name", "app")
	all := rs.ScopeSpans().AppendEmpty().Spans()
	for range spans {
		span := all.AppendEmpty()
		span.SetName("chat gpt-4o")
		span.SetTraceID([16]byte{1})
		span.SetSpanID([8]byte{2})
		span.Attributes().PutStr("gen_ai.request.model", "gpt-4o")
		span.Attributes().PutInt("gen_ai.usage.input_tokens", 1000)
		span.Attributes().PutStr("gen_ai.prompt", strings.Repeat(`The quick brown fox writes {"a": [1, 2, 3]}. `, 10))
	}
	return ptraceotlp.NewExportRequestFromTraces(td)
}

func TestCount(t *testing.T) {
	encoded, err := request(100).MarshalProto()
	require.NoError(t, err)
	n := InProtobuf(encoded)
	assert.GreaterOrEqual(t, n, 100*(1+3*2))
	assert.Less(t, n, 100*15, "texts are not messages")
	text, err := request(100).MarshalJSON()
	require.NoError(t, err)
	n = InJSON(text)
	assert.Greater(t, n, 100*(1+3*2))
	assert.Less(t, n, 100*15, "braces in texts are not objects")

	assert.Equal(t, 1_000_000, InProtobuf(bytes.Repeat([]byte{0x0a, 0}, 1_000_000)))
	inner := bytes.Repeat([]byte{0x12, 0}, 1000)
	nested := protowire.AppendBytes([]byte{0x0a}, protowire.AppendBytes([]byte{0x12}, inner))
	assert.Equal(t, 1002, InProtobuf(nested))
	assert.Equal(t, 1_000_001, InJSON([]byte("["+strings.Repeat("{},", 1_000_000)+"1]")))
	assert.Equal(t, 1, InJSON([]byte(`["a,b{[\"{,"]`)))
}

func FuzzCount(f *testing.F) {
	encoded, err := request(1).MarshalProto()
	require.NoError(f, err)
	f.Add(encoded)
	f.Add([]byte(`{"resourceSpans":[{}]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		if n := InProtobuf(data); n > len(data)/2*(maxDepth+1) {
			t.Errorf("%d in %d bytes", n, len(data))
		}
		if n := InJSON(data); n > len(data) {
			t.Errorf("%d in %d bytes", n, len(data))
		}
	})
}
