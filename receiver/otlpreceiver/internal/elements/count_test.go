// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package elements

import (
	"bytes"
	"math"
	"math/rand/v2"
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
	for _, broken := range [][]byte{{0}, {0x0b}, {0x0a, 5}} {
		data := append(bytes.Repeat([]byte{0x0a, 0}, 1_000_000), broken...)
		assert.Equal(t, 1_000_000, InProtobuf(data), "what is decoded before %x is counted", broken)
		around := append(protowire.AppendVarint([]byte{0x0a}, uint64(len(data))), data...)
		assert.Equal(t, 1_000_000, InProtobuf(around), "also within a message")
	}
	inner := bytes.Repeat([]byte{0x12, 0}, 1000)
	nested := protowire.AppendBytes([]byte{0x0a}, protowire.AppendBytes([]byte{0x12}, inner))
	assert.Equal(t, 1002, InProtobuf(nested))
	assert.Equal(t, 1_000_001, InJSON([]byte("["+strings.Repeat("{},", 1_000_000)+"1]")))
	assert.Equal(t, 1, InJSON([]byte(`["a,b{[\"{,"]`)))
}

// byLibrary counts with the functions of the library alone.
func byLibrary(encoded []byte, depth int) (n int, ok bool) {
	for len(encoded) > 0 {
		_, kind, size := protowire.ConsumeTag(encoded)
		if size < 0 || kind == protowire.StartGroupType {
			return n, false
		}
		encoded = encoded[size:]
		if size = protowire.ConsumeFieldValue(1, kind, encoded); size < 0 {
			return n, false
		}
		if kind == protowire.BytesType {
			content, _ := protowire.ConsumeBytes(encoded)
			inner, isMessage := 0, true
			if depth > 0 {
				inner, isMessage = byLibrary(content, depth-1)
			}
			if n += inner; isMessage {
				n++
			}
		}
		encoded = encoded[size:]
	}
	return n, true
}

// TestCountsAsTheLibrary changes and cuts requests at random.
func TestCountsAsTheLibrary(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	encoded, err := request(3).MarshalProto()
	require.NoError(t, err)
	for range 20_000 {
		data := bytes.Clone(encoded[:len(encoded)-random.IntN(3)])
		for range random.IntN(4) {
			data[random.IntN(len(data))] = byte(random.Uint32() >> random.IntN(8))
		}
		want, _ := byLibrary(data, maxDepth)
		require.Equal(t, want, InProtobuf(data), "%x", data)
	}
	for _, data := range [][]byte{
		{0x00},
		{0x80},
		{0x80, 0x00},
		{0x08},
		{0x08, 0x80},
		{0x08, 0x80, 0x01},
		{0x0d, 0, 0, 0},
		{0x09, 0, 0, 0, 0, 0, 0, 0},
		{0x0a},
		{0x0a, 0x01},
		{0x0a, 0x80},
		{0x0a, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01},
		{0x0b, 0x0c},
		{0x0e},
		{0x0f},
		protowire.AppendVarint(nil, math.MaxUint64),
		protowire.AppendVarint(nil, (math.MaxInt32+1)<<3), protowire.AppendVarint(protowire.AppendVarint(nil, math.MaxInt32<<3), 1),
	} {
		want, wantOK := byLibrary(data, maxDepth)
		n, ok := inMessage(data, maxDepth)
		assert.Equal(t, want, n, "%x", data)
		assert.Equal(t, wantOK, ok, "%x", data)
	}
}

func BenchmarkInProtobuf(b *testing.B) {
	encoded, err := request(1000).MarshalProto()
	require.NoError(b, err)
	for b.Loop() {
		InProtobuf(encoded)
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/1000, "ns/span")
}

func FuzzCount(f *testing.F) {
	encoded, err := request(1).MarshalProto()
	require.NoError(f, err)
	f.Add(encoded)
	f.Add([]byte(`{"resourceSpans":[{}]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		if want, _ := byLibrary(data, maxDepth); want != InProtobuf(data) {
			t.Errorf("%d, and not %d", InProtobuf(data), want)
		}
		if n := InProtobuf(data); n > len(data)/2 {
			t.Errorf("%d in %d bytes", n, len(data))
		}
		if n := InJSON(data); n > len(data) {
			t.Errorf("%d in %d bytes", n, len(data))
		}
	})
}
