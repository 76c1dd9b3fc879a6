// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package identity

import (
	"encoding/binary"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var start = time.Date(2026, 11, 23, 10, 0, 0, 0, time.UTC)

func newCache() *Cache {
	return New(Options{Records: 10_000, Spans: 10_000, Window: 10 * time.Minute, PairByTime: true})
}

// countedCalls has what is counted for each call, as a ledger does.
type countedCalls map[uint64]string

func (b countedCalls) apply(t *testing.T, changes []Change) {
	t.Helper()
	for _, c := range changes {
		before, counted := b[c.Call]
		if c.Out == nil {
			require.False(t, counted, "call %d is counted twice", c.Call)
		} else {
			require.True(t, counted, "what is taken out was counted")
			if c.Out != c.In {
				require.Equal(t, before, describe(c.Out))
			}
		}
		delete(b, c.Call)
		if c.In != nil {
			b[c.Call] = describe(c.In)
		}
	}
}

func describe(c *Counted) string {
	text := c.Payload + " " + strings.Join(c.Values(), ",")
	if named := c.Named(); named != "" {
		text += " of the model of " + named
	}
	return text
}

// calls are what is counted, whatever the IDs of the calls.
func (b countedCalls) calls() []string { return slices.Sorted(maps.Values(b)) }

type item struct {
	record *Record
	span   *Span
}

func add(t *testing.T, c *Cache, b countedCalls, items []item) []Outcome {
	t.Helper()
	records, spans := split(items)
	result := c.Add(records, spans, start)
	b.apply(t, result.Changes)
	return result.Outcomes
}

// split puts records and spans apart.
func split(items []item) (records []Record, spans []Span) {
	for _, one := range items {
		if one.record != nil {
			records = append(records, *one.record)
		} else {
			spans = append(spans, *one.span)
		}
	}
	return records, spans
}

// scenario makes items at random: of few resources, scopes, traces, spans, models,
// responses and amounts, so that much of it may be related.
func scenario(r *rand.Rand) []item {
	var items []item
	spans := 3 + r.IntN(8)
	trace := func() (id [16]byte) {
		id[0] = byte(1 + r.IntN(2))
		return id
	}
	id := func(n int) (id [8]byte) {
		id[7] = byte(n)
		return id
	}
	parents := map[SpanKey]int{} // of a span there is one, however often it comes
	for i := range 3 + r.IntN(9) {
		own := 1 + r.IntN(spans)
		parent := r.IntN(own) // or a link of a lower number, so that there are no circles
		if r.IntN(3) == 0 {
			parent = 20 + parent
		}
		if r.IntN(3) == 0 {
			var values *Values
			if r.IntN(2) == 0 {
				values = &Values{"", fmt.Sprint("agent-", own)}
			}
			items = append(items, item{span: &Span{SpanKey: SpanKey{trace(), id(20 + i)}, Parent: id(r.IntN(i + 1)), Values: values}})
			continue
		}
		begin := start.UnixNano() + int64(r.IntN(4))*int64(20*time.Millisecond)
		rec := Record{
			Trace: trace(), Span: id(own),
			Resource: uint64(1 + r.IntN(4)/3), Model: uint32(1 + r.IntN(4)/3), Scope: fmt.Sprint("scope-", r.IntN(3)),
			Start: begin, End: begin + int64(r.IntN(4))*int64(30*time.Millisecond),
			Flags: IsSpan | Listed | Priced,
		}
		if known, ok := parents[SpanKey{rec.Trace, rec.Span}]; ok {
			parent = known
		}
		parents[SpanKey{rec.Trace, rec.Span}] = parent
		rec.Parent = id(parent)
		if r.IntN(2) == 0 {
			rec.Response = uint64(1 + r.IntN(3))
		}
		switch r.IntN(5) {
		case 0:
			rec.Flags |= Failed
		case 1:
		default:
			rec.Flags |= HasUsage | StatesInput | StatesOutput
			rec.Prompt, rec.Completion = int64(10*(1+r.IntN(2))), 5
			rec.Stated, rec.NonZero = 3, 3
			if r.IntN(2) == 0 {
				rec.Flags |= StatesCached
				rec.Cached, rec.Stated, rec.NonZero = 4, 7, 7
			}
		}
		if r.IntN(6) == 0 {
			rec.Flags &^= IsSpan
			rec.Start = rec.End
			switch r.IntN(4) {
			case 3: // its own, or one of several in a span
				rec.Content, rec.Span = uint64(1+r.IntN(6)), [8]byte{}
			case 0: // written in a span that may be known not to be a call
				rec.Span, rec.Parent = id(20+r.IntN(4)), [8]byte{}
			case 1: // written in a span that may be a call
				rec.Parent = [8]byte{}
			}
		}
		if r.IntN(4) == 0 {
			rec.Model = 0
		}
		if r.IntN(4) == 0 {
			rec.Flags |= Undecided
		}
		if r.IntN(3) == 0 {
			rec.Values = &Values{fmt.Sprint("user-", r.IntN(2))}
		}
		rec.Payload = fmt.Sprintf("%d/%d %s %d+%d %v", rec.Trace[0], rec.Span[7], rec.Scope, rec.Prompt, rec.Completion, rec.Flags)
		items = append(items, item{record: &rec})
		if rec.Flags.Has(IsSpan) && r.IntN(3) == 0 {
			log := logOf(r, rec)
			items = append(items, item{record: &log})
		}
	}
	return items
}

// logOf makes the log record that was written in the span of a call. It may report less.
func logOf(r *rand.Rand, rec Record) Record {
	rec.Flags &^= IsSpan
	rec.Parent, rec.Start = [8]byte{}, rec.End
	switch r.IntN(6) {
	case 0:
		rec.Flags &^= StatesCached
		rec.Cached, rec.Stated, rec.NonZero = 0, rec.Stated&3, rec.NonZero&3
	case 1:
		rec.Values = &Values{"", fmt.Sprint("agent-", r.IntN(2))}
	case 2:
		rec.Prompt++
	case 3:
		rec.End -= int64(10 * time.Millisecond)
		rec.Start = rec.End
	}
	rec.Payload += " log"
	if r.IntN(8) == 0 {
		rec.Payload = strings.TrimSuffix(rec.Payload, " log") // nothing in it is different
	}
	return rec
}

func TestOrderDoesNotMatter(t *testing.T) { testOrder(t, newCache) }

// Records of which many are related, without a thousand of each.
func TestOrderOfCrowdedRecordsDoesNotMatter(t *testing.T) {
	testOrder(t, func() *Cache {
		c := newCache()
		c.maxUnit = 3
		return c
	})
}

func testOrder(t *testing.T, newCache func() *Cache) {
	t.Helper()
	rounds := 2000
	if testing.Short() {
		rounds = 300
	}
	for seed := range rounds {
		r := rand.New(rand.NewPCG(uint64(seed), 1))
		items := scenario(r)
		c, b := newCache(), countedCalls{}
		add(t, c, b, items)
		want := b.calls()
		for round := range 6 {
			r.Shuffle(len(items), func(i, j int) { items[i], items[j] = items[j], items[i] })
			c, b := newCache(), countedCalls{}
			if round%2 == 0 {
				c.maxScan = scan{} // as in large traces
			}
			for rest := items; len(rest) > 0; {
				n := 1 + r.IntN(len(rest))
				if r.IntN(2) == 0 {
					n = 1
				}
				add(t, c, b, rest[:n])
				if r.IntN(4) == 0 {
					add(t, c, b, rest[:n]) // an export that was tried again
				}
				rest = rest[n:]
			}
			require.Equal(t, want, b.calls(), "seed %d: %s", seed, dump(items))
		}
	}
}

func dump(items []item) string {
	var out strings.Builder
	for _, one := range items {
		if one.record != nil {
			r := one.record
			fmt.Fprintf(&out, "\n  %s parent %d response %d model %d resource %d time %d-%d values %v", r.Payload, r.Parent[7], r.Response, r.Model, r.Resource,
				(r.Start-start.UnixNano())/1e6, (r.End-start.UnixNano())/1e6, r.Values.of())
		} else {
			fmt.Fprintf(&out, "\n  link %d/%d parent %d values %v", one.span.Trace[0], one.span.Span[7], one.span.Parent[7], one.span.Values.of())
		}
	}
	return out.String()
}

// The pairing that is kept up record by record is the greedy one.
func TestMatchingIsGreedy(t *testing.T) {
	for seed := range 500 {
		r := rand.New(rand.NewPCG(uint64(seed), 2))
		var nodes []*node
		var m matching
		m.init(weighParallel, sideOfParallel)
		for i := range 2 + r.IntN(14) {
			n := &node{Scope: strconv.Itoa(r.IntN(3)), Resource: 1, Flags: HasUsage, Prompt: 1}
			binary.LittleEndian.PutUint64(n.Span[:], uint64(i+1))
			n.Trace[0] = 1
			n.Start = int64(1e9 + r.IntN(6)*1e7)
			n.End = n.Start + int64(r.IntN(20)*1e7)
			n.print = fingerprintOf(&n.Record)
			nodes = append(nodes, n)
		}
		for _, n := range nodes {
			m.insert(n)
		}
		for range r.IntN(20) {
			n := nodes[r.IntN(len(nodes))]
			m.remove(n)
			if r.IntN(2) == 0 {
				m.insert(nodes[r.IntN(len(nodes))])
			}
			m.insert(n)
		}
		assert.Equal(t, greedy(nodes), pairsOf(&m, nodes), "seed %d", seed)
	}
}

func greedy(nodes []*node) map[string]bool {
	type edge struct {
		a, b   *node
		weight int64
	}
	var edges []edge
	for i, a := range nodes {
		for _, b := range nodes[:i] {
			if weight, ok := weighParallel(a, b); ok {
				edges = append(edges, edge{a, b, weight})
			}
		}
	}
	slices.SortFunc(edges, func(x, y edge) int {
		for _, order := range []int{
			int(x.weight - y.weight), compare(min(x.a.print, x.b.print), min(y.a.print, y.b.print)), compare(max(x.a.print, x.b.print), max(y.a.print, y.b.print)),
		} {
			if order != 0 {
				return order
			}
		}
		return 0
	})
	taken, pairs := map[string]bool{}, map[string]bool{}
	for _, e := range edges {
		ab, ba := fmt.Sprint(e.a.Span, e.b.Scope), fmt.Sprint(e.b.Span, e.a.Scope)
		if !taken[ab] && !taken[ba] {
			taken[ab], taken[ba] = true, true
			pairs[pairName(e.a, e.b)] = true
		}
	}
	return pairs
}

func compare(a, b uint64) int {
	if a < b {
		return -1
	}
	if a > b {
		return 1
	}
	return 0
}

func pairName(a, b *node) string {
	if a.print > b.print {
		a, b = b, a
	}
	return fmt.Sprint(a.Span, b.Span)
}

func pairsOf(m *matching, nodes []*node) map[string]bool {
	pairs := map[string]bool{}
	for _, n := range nodes {
		for _, other := range m.partner[n] {
			pairs[pairName(n, other)] = true
		}
	}
	return pairs
}
