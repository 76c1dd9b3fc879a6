// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package convention

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"
)

// TestLayoutsDoNotChangeWhatIsRead reads spans with one reader, in whatever order, as readers of
// their own read them: with keys in any order, keys that nobody knows, values that are empty,
// and keys that come twice.
func TestLayoutsDoNotChangeWhatIsRead(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	keys := slices.Sorted(func(yield func(string) bool) {
		for key := range spans.keys {
			if !yield(key) {
				return
			}
		}
	})
	markers := []string{}
	for i := range spanConventions {
		if m := spanConventions[i].marker; m != "" {
			markers = append(markers, m)
		}
	}
	newSpan := func() ptrace.Span {
		span := ptrace.NewSpan()
		a := span.Attributes()
		a.EnsureCapacity(40)
		put := func(key string) {
			switch random.IntN(5) {
			case 0:
				a.PutEmpty(key)
			case 1:
				a.PutInt(key, int64(random.IntN(1000)))
			case 2:
				c := &spanConventions[random.IntN(len(spanConventions))]
				a.PutStr(key, strings.TrimSuffix(append(slices.Concat(c.calls, c.aggregates), "other")[0], "*"))
			default:
				a.PutStr(key, "gpt-4o")
			}
		}
		put("gen_ai.request.model")
		put("gen_ai.usage.input_tokens")
		put(markers[random.IntN(len(markers))])
		for range random.IntN(8) {
			put(keys[random.IntN(len(keys))])
		}
		for i := range random.IntN(3) {
			put(fmt.Sprint("app.", i))
		}
		return span
	}
	var all []ptrace.Span
	for range 300 {
		all = append(all, newSpan())
	}
	var one Reader
	scope := pcommon.NewInstrumentationScope()
	for range 20_000 {
		span := all[random.IntN(len(all))]
		var own Reader
		var want, got Call
		wantOutcome, wantReason := own.Span(scope, span, &want)
		outcome, reason := one.Span(scope, span, &got)
		require.Equal(t, wantOutcome, outcome, "%v", span.Attributes().AsRaw())
		require.Equal(t, wantReason, reason)
		require.Equal(t, want, got, "%v", span.Attributes().AsRaw())
	}
}

func TestLayoutsAreBounded(t *testing.T) {
	var l layouts
	same := []string{"gen_ai.request.model", "a"}
	first := l.of(spans, same)
	assert.Same(t, first, l.of(spans, same), "it is remembered")
	assert.NotSame(t, first, l.of(arcSpans, same), "of one table")
	assert.Same(t, first, l.of(spans, same))

	for i := range maxLayoutMisses - 1 {
		l.of(spans, []string{"gen_ai.request.model", strconv.Itoa(i)}) // has the same place
	}
	assert.Same(t, first, l.of(spans, same), "a few others do not replace it")
	for i := range maxLayoutMisses {
		l.of(spans, []string{"gen_ai.request.model", strconv.Itoa(i)})
	}
	assert.NotSame(t, first, l.of(spans, same), "many do")

	for _, keys := range [][]string{slices.Repeat([]string{"key"}, maxLayoutKeys+1), {strings.Repeat("x", maxLayoutBytes+1)}} {
		once := l.of(spans, keys)
		assert.NotSame(t, once, l.of(spans, keys), "too many and too long keys are not remembered")
	}
}
