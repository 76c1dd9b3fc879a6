// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package identity

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// engine keeps the state of the highest version of each ID.
type engine map[string]State

func (e engine) add(s State) {
	if known, ok := e[s.ID]; !ok || s.Version >= known.Version {
		if s.Counted != nil { // it is as it is now
			own := *s.Counted
			s.Counted = &own
		}
		e[s.ID] = s
	}
}

// calls are those of the engine, as countedCalls has them.
func (e engine) calls() (all []string) {
	for _, s := range e {
		if s.Counted != nil {
			all = append(all, describe(s.Counted))
		}
	}
	slices.Sort(all)
	return all
}

// withOwnResponses makes items at random, of which a response ID and a span have one
// outcome, as those that providers and SDKs make.
func withOwnResponses(r *rand.Rand) []item {
	items := scenario(r)
	first := map[SpanKey]*Record{}
	for _, one := range items {
		rec := one.record
		if rec == nil {
			continue
		}
		if rec.Response != 0 {
			rec.Response = 100_000*rec.Response + 10_000*rec.Resource + uint64(10*rec.Prompt)
			if rec.Flags.Has(Failed) {
				rec.Response++
			}
		}
		if known := first[rec.site()]; known != nil {
			rec.Usage, rec.Response, rec.Resource, rec.Start, rec.End, rec.Model = known.Usage, known.Response, known.Resource, known.Start, known.End, known.Model
			rec.Flags = known.Flags&^IsSpan | rec.Flags&IsSpan
		}
		first[rec.site()] = rec
	}
	return items
}

func addStates(t *testing.T, c *Cache, to engine, ledger countedCalls, items []item) {
	t.Helper()
	records, spans := split(items)
	result := c.Add(records, spans, start)
	ledger.apply(t, result.Changes)
	c.States(&result, spans, to.add)
}

var rareSeeds = [...]uint64{7868, 12504, 13392, 15056, 20724, 31050, 33157}

// What an engine has of one cache is what its ledger has, in whatever order and batches
// records come, and however often.
func TestStatesAreWhatIsCounted(t *testing.T) {
	// Of a number of seeds ten times as large, the last ones found an ID that was that of several
	// calls or sums in turn.
	for i := range uint64(4000 + len(rareSeeds)) {
		seed := i
		if i >= 4000 {
			seed = rareSeeds[i-4000]
		}
		r := rand.New(rand.NewPCG(seed, 25))
		items := withOwnResponses(r)
		items = append(items, items[:r.IntN(len(items))]...)
		r.Shuffle(len(items), func(i, j int) { items[i], items[j] = items[j], items[i] })
		all := items
		c, e, ledger := newCache(), engine{}, countedCalls{}
		for len(items) > 0 {
			n := 1 + r.IntN(len(items))
			addStates(t, c, e, ledger, items[:n])
			if r.IntN(3) == 0 { // the states did not arrive, and the batch is sent again
				addStates(t, c, e, ledger, items[:n])
			}
			items = items[n:]
		}
		require.Equal(t, ledger.calls(), e.calls(), "seed %d: %s\n%v", seed, dump(all), e)
	}
}

// A cache that knows less, as after a restart, takes nothing back.
func TestStatesOfWhoKnowsLess(t *testing.T) {
	for seed := range uint64(2000) {
		r := rand.New(rand.NewPCG(seed, 26))
		items := withOwnResponses(r)
		options := Options{Records: 10_000, Spans: 10_000, Window: start.Sub(start.Add(-1e12))}
		e, ledger := engine{}, countedCalls{}
		full := New(options)
		addStates(t, full, e, ledger, items)
		want := e.calls()
		for _, one := range items {
			if one.record != nil {
				addStates(t, New(options), e, countedCalls{}, []item{one})
			}
		}
		require.Len(t, e.calls(), len(want), "seed %d: %s", seed, dump(items))
	}
}

// An agent's span may have the response ID of the last call within it, and come before that:
// an engine that was notified that the ID is not a call still counts the call.
func TestStatesOfACallWithTheIDOfASum(t *testing.T) {
	record := func(span, parent byte, response uint64, begin, end, prompt int64, flags Flags) item {
		return item{record: &Record{
			Trace: [16]byte{1}, Span: [8]byte{span}, Parent: [8]byte{parent}, Resource: 1, Response: response, Model: 1, Scope: "agents",
			Start: start.UnixNano() + begin*1e6, End: start.UnixNano() + end*1e6,
			Prompt: prompt, Completion: prompt / 10, Stated: 3, NonZero: 3,
			Flags: IsSpan | HasUsage | StatesInput | StatesOutput | Priced | flags, Payload: fmt.Sprint("span ", span),
		}}
	}
	agent, first, last := record(1, 0, 78, 0, 3000, 3000, Undecided), record(2, 1, 77, 100, 900, 1000, 0), record(3, 1, 78, 1000, 2900, 2000, 0)
	c, e, ledger := newCache(), engine{}, countedCalls{}
	addStates(t, c, e, ledger, []item{agent, first})
	require.Equal(t, []string{"span 2 "}, e.calls())
	for range 2 { // the batch is sent again
		addStates(t, c, e, ledger, []item{last})
		require.Equal(t, []string{"span 2 ", "span 3 "}, e.calls())
		require.Equal(t, ledger.calls(), e.calls())
	}
}

func TestVersions(t *testing.T) {
	full := Record{Flags: HasUsage | Priced, Prompt: 1 << 40, Stated: 1<<31 - 1, NonZero: 1<<31 - 1, Response: 1}
	highest := versionOf(&full, 1<<31-1, &Counted{}, 100, 0)
	assert.Less(t, highest+maxLinks<<linksShift+maxValues<<valuesShift+namedBit, uint64(notACallBit))
	assert.Less(t, versionOf(&full, 1<<31-1, &Counted{}, 100, maxReleased), uint64(1<<63), "it is a signed number for who reads it")
}

// Tests have stand-ins for providers that give every response one ID. Who sees the calls
// distinguishes them as long as what they used differs.
func TestStatesOfOneResponseID(t *testing.T) {
	c, e, ledger := newCache(), engine{}, countedCalls{}
	for i := range 200 {
		at := start.UnixNano() + int64(i)*1e9
		r := Record{
			Trace: [16]byte{byte(i + 1)}, Span: [8]byte{1}, Resource: 1, Response: 77, Model: 1, Scope: "sdk", Start: at, End: at + 1e6,
			Prompt: int64(1000 + 7*i%191), Completion: int64(i), Stated: 3, NonZero: 3, Flags: IsSpan | HasUsage | StatesInput | StatesOutput | Priced,
			Payload: string(rune('a' + i)),
		}
		addStates(t, c, e, ledger, []item{{record: &r}})
	}
	require.Len(t, e.calls(), 200)
	assert.Equal(t, ledger.calls(), e.calls())
}
