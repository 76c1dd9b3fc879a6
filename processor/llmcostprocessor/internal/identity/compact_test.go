// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package identity

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// What is counted, and what each record is, does not depend on whether records are compact
// until something is related to them. The caches are small, so that records and
// links are forgotten meanwhile.
func TestCompactRecordsAreLikeNodes(t *testing.T) {
	rounds := 6000
	if testing.Short() {
		rounds = 1000
	}
	compact, related := 0, 0
	for seed := range rounds {
		r := rand.New(rand.NewPCG(uint64(seed), 3))
		options := Options{Records: 100, Spans: 100, Window: 10 * time.Minute, PairByTime: r.IntN(4) > 0}
		if r.IntN(2) == 0 {
			options.Records, options.Spans = 2+r.IntN(8), r.IntN(6)
		}
		caches := [2]*Cache{New(options), New(options)}
		caches[1].noneCompact = true
		var counted [2]countedCalls
		for i, c := range caches {
			counted[i] = countedCalls{}
			if seed%3 == 0 {
				c.maxUnit = 3
			}
			if seed%7 == 0 {
				c.hashBits = 3
			}
			if seed%5 == 0 {
				c.maxScan = scan{}
			}
		}
		var items []item
		for range 1 + r.IntN(3) {
			items = append(items, scenario(r)...)
		}
		links := map[SpanKey]bool{}
		items = slices.DeleteFunc(items, func(one item) bool { // a span is around others in one way
			twice := one.span != nil && links[one.span.SpanKey]
			if one.span != nil {
				links[one.span.SpanKey] = true
			}
			return twice
		})
		r.Shuffle(len(items), func(i, j int) { items[i], items[j] = items[j], items[i] })
		for rest := items; len(rest) > 0; {
			n := 1 + r.IntN(min(len(rest), options.Records)) // a batch fits into the cache
			if r.IntN(2) == 0 {
				n = 1
			}
			again := r.IntN(4) == 0
			for range 2 {
				var outcomes [2][]Outcome
				for i, c := range caches {
					outcomes[i] = add(t, c, counted[i], rest[:n])
					for k := range outcomes[i] {
						// Where calls that are marked turn out to be one, which mark counts
						// depends on which was counted first within its batch.
						outcomes[i][k].Marks = false
					}
				}
				require.Equal(t, outcomes[1], outcomes[0], "seed %d: %s", seed, dump(items))
				require.Equal(t, counted[1].calls(), counted[0].calls(), "seed %d: %s", seed, dump(items))
				require.Equal(t, caches[1].Len(), caches[0].Len(), "seed %d", seed)
				require.Equal(t, caches[1].Evicted(), caches[0].Evicted(), "seed %d", seed)
				if !again {
					break
				}
			}
			rest = rest[n:]
		}
		for _, one := range items {
			if one.record == nil {
				continue
			}
			var standings [2]Standing
			var known [2]bool
			for i, c := range caches {
				standings[i], known[i] = c.Standing(one.record)
				standings[i].Call = 0
			}
			require.Equal(t, known[1], known[0], "seed %d", seed)
			require.Equal(t, standings[1].Winner, standings[0].Winner, "seed %d", seed)
			require.Equal(t, standings[1].Rule, standings[0].Rule, "seed %d", seed)
			require.Equal(t, caches[1].HasCalls(one.record.Trace), caches[0].HasCalls(one.record.Trace), "seed %d", seed)
		}
		compact += caches[0].Len() - len(caches[0].nodes)
		related += countTwins(caches[0])
		require.Len(t, caches[1].nodes, caches[1].Len())
	}
	require.Positive(t, compact, "the test has compact records")
	require.Positive(t, related, "the test has twins")
	t.Logf("%d records are compact at the end, %d of them have twins", compact, related)
}

func countTwins(c *Cache) (n int) {
	for number := c.slots.first; number < c.slots.next; number++ {
		if s := c.slots.at(number); s.state == slotCompact && s.twin != 0 {
			n++
		}
	}
	return n
}

// Records that wait for one span, of which one waited for another before, are all found
// when it comes, also after that one is forgotten.
func TestSpansThatAreWaitedFor(t *testing.T) {
	for _, none := range []bool{true, false} {
		c, b := New(Options{Records: 2, Spans: 10, Window: 10 * time.Minute}), countedCalls{}
		c.noneCompact = none
		one, two, three := report("a", within('l')), report("b", within('u'), used(7, 8)), report("c", in(2))
		low := Span{SpanKey: SpanKey{[16]byte{1}, [8]byte{'l'}}, Parent: [8]byte{'u'}}
		high := Span{SpanKey: SpanKey{[16]byte{1}, [8]byte{'u'}}, Values: &Values{"agent"}}
		for _, each := range []item{{record: &one}, {record: &two}, {span: &low}, {record: &three}, {span: &high}} {
			add(t, c, b, []item{each})
		}
		require.Equal(t, []string{"a ", "b agent", "c "}, b.calls(), "none compact: %v", none)
	}
}
