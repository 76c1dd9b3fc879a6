// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package identity

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

// report makes a record of a call of a hundred tokens in and ten out, by the SDK, which
// takes a second.
func report(payload string, change ...func(*Record)) Record {
	r := Record{
		Trace: [16]byte{1}, Span: [8]byte{payload[0]}, Resource: 1, Model: 1, Scope: "sdk", Payload: payload,
		Start: start.UnixNano(), End: start.Add(time.Second).UnixNano(),
		Prompt: 100, Completion: 10, Stated: 3, NonZero: 3,
		Flags: IsSpan | HasUsage | StatesInput | StatesOutput | Priced | Listed,
	}
	for _, f := range change {
		f(&r)
	}
	return r
}

func in(trace byte) func(*Record)      { return func(r *Record) { r.Trace = [16]byte{trace} } }
func within(span byte) func(*Record)   { return func(r *Record) { r.Parent = [8]byte{span} } }
func by(scope string) func(*Record)    { return func(r *Record) { r.Scope = scope } }
func id(response uint64) func(*Record) { return func(r *Record) { r.Response = response } }
func model(hash uint32) func(*Record)  { return func(r *Record) { r.Model = hash } }
func from(resource uint64) func(*Record) {
	return func(r *Record) { r.Resource = resource }
}

func used(prompt, completion int64) func(*Record) {
	return func(r *Record) { r.Prompt, r.Completion = prompt, completion }
}

func lasting(from, to time.Duration) func(*Record) {
	return func(r *Record) { r.Start, r.End = start.Add(from).UnixNano(), start.Add(to).UnixNano() }
}

func cached(n uint32) func(*Record) {
	return func(r *Record) {
		r.Cached, r.Stated, r.NonZero = n, r.Stated|4, r.NonZero|4
		r.Flags |= StatesCached
	}
}

func proven(r *Record) { r.Flags |= Proven }
func varies(r *Record) { r.Flags |= Varies }
func above(r *Record)  { r.Flags |= Above | Varies }

func unknown(r *Record) {
	r.Usage = Usage{}
	r.Flags &^= HasUsage | StatesInput | StatesOutput | Priced
}

func unreadable(r *Record) {
	unknown(r)
	r.Flags |= Unreadable
}

func failing(r *Record) {
	unknown(r)
	r.Flags |= Failed | Priced
}

func undecided(r *Record) { r.Flags |= Undecided }

func event(r *Record) {
	r.Flags &^= IsSpan
	r.Start = r.End
}

// spanless makes a log record of no span.
func spanless(r *Record) {
	r.Content, r.Trace, r.Span = uint64(r.Payload[0]), [16]byte{}, [8]byte{}
}

func TestRules(t *testing.T) {
	const ms = time.Millisecond
	between := Span{SpanKey: SpanKey{[16]byte{1}, [8]byte{'x'}}, Parent: [8]byte{'a'}}
	tests := map[string]struct {
		records []Record
		spans   []Span
		want    []string // what stands for the calls
	}{
		"a span and its event":                                     {[]Record{report("a"), report("a-event", event)}, nil, []string{"a "}},
		"an event with more detail":                                {[]Record{report("a"), report("a-event", event, cached(4))}, nil, []string{"a-event "}},
		"two events in one span":                                   {[]Record{report("a", event), report("a2", event, lasting(0, 2000*ms), used(7, 7))}, nil, []string{"a ", "a2 "}},
		"two events of one failure":                                {[]Record{report("a", failing, event), report("a2", failing, event, lasting(1001*time.Millisecond, 1001*time.Millisecond))}, nil, []string{"a "}},
		"two events of two failures":                               {[]Record{report("a", failing, event), report("a2", failing, event, lasting(3000*time.Millisecond, 3000*time.Millisecond))}, nil, []string{"a ", "a2 "}},
		"a span, and two events of its failure":                    {[]Record{report("a", failing), report("a2", failing, event), report("a3", failing, event, lasting(1001*time.Millisecond, 1001*time.Millisecond))}, nil, []string{"a "}},
		"two responses in one span":                                {[]Record{report("a", event, id(1)), report("a2", event, id(2))}, nil, []string{"a ", "a2 "}},
		"one response in two traces":                               {[]Record{report("a", id(5)), report("b", id(5), in(2), by("other"), cached(4))}, nil, []string{"b "}},
		"one response of two providers of a process":               {[]Record{report("a", id(5)), report("b", id(5), in(2), from(2), by("other"), cached(4))}, nil, []string{"b "}},
		"one response of two processes, later":                     {[]Record{report("a", id(5)), report("b", id(5), in(2), from(2), lasting(2000*ms, 3000*ms))}, nil, []string{"a ", "b "}},
		"one response of two processes, other totals":              {[]Record{report("a", id(5)), report("b", id(5), in(2), from(2), used(7, 7))}, nil, []string{"a ", "b "}},
		"one response of a client and a gateway, on another clock": {[]Record{report("a", id(5)), report("b", id(5), in(2), from(2), by("gateway"), lasting(3000*ms, 3900*ms), cached(4))}, nil, []string{"b "}},
		"one response of a client and a gateway, hours later":      {[]Record{report("a", id(5)), report("b", id(5), in(2), from(2), by("gateway"), lasting(2*time.Hour, 2*time.Hour+900*ms))}, nil, []string{"a ", "b "}},
		"one response of a client and a gateway, other totals":     {[]Record{report("a", id(5)), report("b", id(5), in(2), from(2), by("gateway"), used(7, 7))}, nil, []string{"a ", "b "}},
		"one response of a client without usage, and a gateway":    {[]Record{report("a", id(5), unknown), report("b", id(5), in(2), from(2), by("gateway"))}, nil, []string{"b "}},
		"a span, and a log record of no span":                      {[]Record{report("a"), report("b", event, spanless)}, nil, []string{"a "}},
		"a span, and a log record of the span around it":           {[]Record{report("a", within('x')), report("b", event, spanless, in(1), within('x'))}, []Span{between}, []string{"a "}},
		"a span, and a later log record":                           {[]Record{report("a"), report("b", event, spanless, lasting(2000*ms, 2000*ms))}, nil, []string{"a ", "b "}},
		"two spans, and their log records of no span":              {[]Record{report("a", in(2)), report("b", in(3)), report("c", event, spanless), report("d", event, spanless)}, nil, nil},
		"two spans, and a log record of no span":                   {[]Record{report("a", in(2)), report("b", in(3)), report("c", event, spanless)}, nil, nil},
		"two log records of no span":                               {[]Record{report("a", event, spanless), report("b", event, spanless)}, nil, []string{"a ", "b "}},
		"a span that failed, and a log record of no span":          {[]Record{report("a", failing), report("b", failing, event, spanless)}, nil, nil},
		"spans of two scopes, and a log record of one":             {[]Record{report("a", in(2)), report("b", in(3), by("other")), report("c", event, spanless)}, nil, nil},
		"a made-up response ID":                                    {[]Record{report("a", id(5)), report("b", id(5), in(2), used(7, 7))}, nil, []string{"a ", "b "}},
		"one response, totals read in two ways":                    {[]Record{report("a", id(5)), report("b", id(5), in(2), by("other"), used(7, 10))}, nil, []string{"a "}},
		"nested":                                                   {[]Record{report("a"), report("b", within('a'))}, nil, []string{"b "}},
		"nested, a span between":                                   {[]Record{report("a"), report("b", within('x'))}, []Span{between}, []string{"b "}},
		"nested, the child ends later":                             {[]Record{report("a"), report("b", within('a'), lasting(0, 1049*ms))}, nil, []string{"b "}},
		"nested, it ends much later":                               {[]Record{report("a"), report("b", within('a'), lasting(0, 1051*ms))}, nil, []string{"a ", "b "}},
		"nested, it ended before the stream":                       {[]Record{report("a", unknown, lasting(0, 11*ms)), report("b", within('a'), lasting(1*ms, 9000*ms))}, nil, []string{"b "}},
		"nested, the stream was left open":                         {[]Record{report("a", lasting(0, 80*ms)), report("b", within('a'), unknown, lasting(1*ms, 9000*ms))}, nil, []string{"a "}},
		"nested, begun after it ended":                             {[]Record{report("a", unknown, lasting(0, 11*ms)), report("b", within('a'), lasting(100*ms, 900*ms))}, nil, []string{"a ", "b "}},
		"nested, read in the wrong way":                            {[]Record{report("a", cached(40)), report("b", within('a'), used(140, 10), cached(40), proven)}, nil, []string{"b "}},
		"nested, what is around was read right":                    {[]Record{report("a", cached(40), proven), report("b", within('a'), used(140, 10), cached(40))}, nil, []string{"a "}},
		"nested, the cached tokens differ":                         {[]Record{report("a", cached(40)), report("b", within('a'), used(140, 10), cached(41))}, nil, []string{"a ", "b "}},
		"nested, it adds the start of the stream":                  {[]Record{report("a", used(100, 14), above), report("b", within('a'))}, nil, []string{"b "}},
		"nested, it adds more than a start has":                    {[]Record{report("a", used(100, 40), above), report("b", within('a'))}, nil, []string{"a ", "b "}},
		"nested, another is above":                                 {[]Record{report("a", used(100, 14)), report("b", within('a'), above)}, nil, []string{"a ", "b "}},
		"siblings, one adds the start":                             {[]Record{report("a", in(2), used(100, 14), above), report("b", in(3), by("other"), varies)}, nil, []string{"b "}},
		"siblings, two calls, one adds the starts":                 {[]Record{report("a", in(2), used(100, 14), above), report("b", in(3), by("other"), varies), report("c", in(4), used(100, 11), above), report("d", in(5), by("other"), varies, used(100, 13))}, nil, []string{"b ", "d "}},
		"nested, blind to the cache":                               {[]Record{report("a"), report("b", within('a'), cached(90))}, nil, []string{"b "}},
		"nested, cached tokens left out":                           {[]Record{report("a", used(10, 10)), report("b", within('a'), cached(90))}, nil, []string{"b "}},
		"nested, other totals":                                     {[]Record{report("a"), report("b", within('a'), used(99, 10))}, nil, []string{"a ", "b "}},
		"nested, without usage inside":                             {[]Record{report("a"), report("b", within('a'), unknown)}, nil, []string{"a "}},
		"nested, without usage outside":                            {[]Record{report("a", unknown), report("b", within('a'))}, nil, []string{"b "}},
		"nested, response IDs differ":                              {[]Record{report("a", id(1)), report("b", within('a'), id(2))}, nil, []string{"a ", "b "}},
		"nested, a gateway with IDs of its own":                    {[]Record{report("a", id(1)), report("b", within('a'), id(2), from(2))}, nil, []string{"b "}},
		"nested, on another machine, 3 s ahead":                    {[]Record{report("a"), report("b", within('a'), from(2), lasting(3000*ms, 3900*ms))}, nil, []string{"b "}},
		"nested, on another machine, 3 s behind":                   {[]Record{report("a"), report("b", within('a'), from(2), lasting(-3000*ms, -2000*ms))}, nil, []string{"b "}},
		"nested, on another machine, an hour ahead":                {[]Record{report("a"), report("b", within('a'), from(2), lasting(time.Hour, time.Hour+900*ms))}, nil, []string{"a ", "b "}},
		"nested, on another machine, it lasts longer":              {[]Record{report("a"), report("b", within('a'), from(2), lasting(0, 1051*ms))}, nil, []string{"a ", "b "}},
		"nested, on another machine, other totals":                 {[]Record{report("a"), report("b", within('a'), from(2), lasting(3000*ms, 3900*ms), used(99, 10))}, nil, []string{"a ", "b "}},
		"nested, on another machine, a stream":                     {[]Record{report("a", unknown, lasting(0, 11*ms)), report("b", within('a'), from(2), lasting(3000*ms, 9000*ms))}, nil, []string{"b "}},
		"nested, on another machine, tried twice":                  {[]Record{report("a"), report("b", within('a'), from(2), failing, lasting(3000*ms, 3100*ms)), report("c", within('a'), from(2), lasting(3200*ms, 3900*ms))}, nil, []string{"b ", "c "}},
		"nested, clocks of one machine agree":                      {[]Record{report("a"), report("b", within('a'), lasting(3000*ms, 3900*ms))}, nil, []string{"a ", "b "}},
		"three deep":                                               {[]Record{report("a"), report("b", within('a'), unknown), report("c", within('b'))}, nil, []string{"c "}},
		"both failed":                                              {[]Record{report("a", failing), report("b", within('a'), failing)}, nil, []string{"b "}},
		"failed and was tried again":                               {[]Record{report("a"), report("b", within('a'), failing), report("c", within('a'))}, nil, []string{"b ", "c "}},
		"failed with another model":                                {[]Record{report("a", failing), report("b", within('a'), failing, model(2))}, nil, []string{"a ", "b "}},
		"the sum of two":                                           {[]Record{report("a", used(150, 15)), report("b", within('a')), report("c", within('a'), used(50, 5))}, nil, []string{"b ", "c "}},
		"not the sum of two":                                       {[]Record{report("a", used(151, 15)), report("b", within('a')), report("c", within('a'), used(50, 5))}, nil, []string{"a ", "b ", "c "}},
		"the sum of two, repeated":                                 {[]Record{report("z", used(150, 15)), report("a", within('z'), used(150, 15)), report("b", within('a')), report("c", within('a'), used(50, 5))}, nil, []string{"b ", "c "}},
		"the sum of two, and another call":                         {[]Record{report("z", used(250, 25)), report("a", within('z'), used(150, 15)), report("b", within('a')), report("c", within('a'), used(50, 5)), report("d", within('z'))}, nil, []string{"b ", "c ", "d "}},
		"an agent's usage, not all of the calls are known":         {[]Record{report("z", used(170, 17), undecided), report("a", within('z')), report("b", within('z'), used(50, 5))}, nil, []string{"a ", "b "}},
		"an agent's usage, one of the calls is known":              {[]Record{report("z", used(170, 17), undecided), report("a", within('z'))}, nil, []string{"a "}},
		"undecided, around one that used more":                     {[]Record{report("z", used(50, 5), undecided), report("a", within('z'))}, nil, []string{"a ", "z "}},
		"undecided, around one that failed":                        {[]Record{report("z", used(50, 5), undecided), report("a", within('z'), failing)}, nil, []string{"a ", "z "}},
		"undecided, around the same":                               {[]Record{report("z", undecided), report("a", within('z'))}, nil, []string{"a "}},
		"undecided, alone":                                         {[]Record{report("z", undecided)}, nil, []string{"z "}},
		"nested, a framework with IDs of its own":                  {[]Record{report("a", by("framework"), id(1)), report("b", within('a'), id(2))}, nil, []string{"b "}},
		"nested, IDs and totals differ":                            {[]Record{report("a", by("framework"), id(1), cached(40)), report("b", within('a'), id(2), used(60, 10))}, nil, []string{"a ", "b "}},
		"siblings":                                                 {[]Record{report("a", within('z')), report("b", within('z'))}, nil, []string{"a ", "b "}},
		"around each other":                                        {[]Record{report("a", within('b')), report("b", within('a'))}, nil, []string{"a ", "b "}},
		"two scopes at the same time":                              {[]Record{report("a", in(2)), report("b", by("other"), cached(4))}, nil, []string{"b "}},
		"two scopes, one after the other":                          {[]Record{report("a", in(2)), report("b", by("other"), lasting(2000*ms, 3000*ms))}, nil, []string{"a ", "b "}},
		"two scopes, other models":                                 {[]Record{report("a", in(2)), report("b", by("other"), model(2))}, nil, []string{"a ", "b "}},
		"two scopes, other totals":                                 {[]Record{report("a", in(2)), report("b", by("other"), used(100, 11))}, nil, []string{"a ", "b "}},
		"two scopes of two resources":                              {[]Record{report("a", in(2)), report("b", by("other"), from(2))}, nil, []string{"a ", "b "}},
		"two scopes, response IDs differ":                          {[]Record{report("a", in(2), id(1)), report("b", by("other"), id(2))}, nil, []string{"a ", "b "}},
		"one scope at the same time":                               {[]Record{report("a", in(2)), report("b")}, nil, []string{"a ", "b "}},
		"two scopes, two calls":                                    {[]Record{report("a", in(2)), report("b", in(3)), report("c", by("other"), in(4)), report("d", by("other"), in(5))}, nil, nil},
		"two scopes, both failed":                                  {[]Record{report("a", in(2), failing), report("b", by("other"), failing)}, nil, nil},
		"two scopes, failed with another model":                    {[]Record{report("a", in(2), failing), report("b", by("other"), failing, model(2))}, nil, []string{"a ", "b "}},
		"a stream and its end":                                     {[]Record{report("a", unknown, lasting(0, 2*ms)), report("b", in(2), lasting(70*ms, 70*ms))}, nil, []string{"b "}},
		"usage that cannot be read, and another call":              {[]Record{report("a", unreadable, lasting(0, 2*ms)), report("b", in(2), lasting(70*ms, 70*ms))}, nil, []string{"a ", "b "}},
		"a stream, and the end of another scope's":                 {[]Record{report("a", unknown, lasting(0, 2*ms)), report("b", in(2), by("other"), lasting(700*ms, 700*ms))}, nil, []string{"a ", "b "}},
		"a stream, and a log record of its end":                    {[]Record{report("a", unknown, lasting(0, 2*ms)), report("b", event, spanless, lasting(70*ms, 70*ms))}, nil, []string{"b "}},
		"two streams, and log records of their ends":               {[]Record{report("a", unknown, lasting(0, 2*ms)), report("b", in(2), unknown, lasting(1*ms, 3*ms)), report("c", event, spanless, lasting(70*ms, 70*ms)), report("d", event, spanless, used(7, 7), lasting(80*ms, 80*ms))}, nil, []string{"c ", "d "}},
		"a stream, and a log record of another model's":            {[]Record{report("a", unknown, lasting(0, 2*ms)), report("b", event, spanless, model(2), lasting(70*ms, 70*ms))}, nil, []string{"a ", "b "}},
		"two events of one stream":                                 {[]Record{report("a", event, unknown, in(2)), report("b", event)}, nil, []string{"b "}},
		"an event without usage, and a later other":                {[]Record{report("a", event, unknown, in(2)), report("b", event, lasting(0, 5000*ms))}, nil, []string{"a ", "b "}},
	}
	counts := map[string]int{
		"two spans, and their log records of no span": 2, "two spans, and a log record of no span": 2, "a span that failed, and a log record of no span": 1,
		"spans of two scopes, and a log record of one": 1, "two scopes, two calls": 2, "two scopes, both failed": 1,
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			c, b := newCache(), countedCalls{}
			for i := len(tt.records) - 1; i >= 0; i-- {
				add(t, c, b, []item{{record: &tt.records[i]}})
			}
			for i := range tt.spans {
				add(t, c, b, []item{{span: &tt.spans[i]}})
			}
			if tt.want == nil {
				assert.Len(t, b.calls(), counts[name])
				return
			}
			assert.Equal(t, tt.want, b.calls())
		})
	}
}

// A record is remembered for the window, with those that it was grouped with.
func TestWindow(t *testing.T) {
	c, b := newCache(), countedCalls{}
	outer, inner := report("a", used(150, 15)), []Record{report("b", within('a')), report("c", within('a'), used(50, 5))}
	at := start
	pass := func(d time.Duration) { // while others arrive
		for end := at.Add(d); at.Before(end); at = at.Add(30 * time.Second) {
			c.Add(nil, nil, at)
		}
	}
	b.apply(t, c.Add([]Record{outer}, nil, start).Changes)
	pass(5 * time.Minute)
	b.apply(t, c.Add(inner, nil, at).Changes)
	assert.Equal(t, []string{"b ", "c "}, b.calls())
	pass(4 * time.Minute)
	b.apply(t, c.Add(inner, nil, at).Changes)
	assert.Equal(t, []string{"b ", "c "}, b.calls(), "they are copies")
	pass(2 * time.Minute)
	assert.Zero(t, c.Len(), "what was decided with the first is final")
	assert.Equal(t, []string{"b ", "c "}, b.calls())
}

// A pause makes nothing forgotten: what was counted before is sent again after it.
func TestPause(t *testing.T) {
	c, b := newCache(), countedCalls{}
	b.apply(t, c.Add([]Record{report("a")}, nil, start).Changes)
	b.apply(t, c.Add([]Record{report("b")}, nil, start.Add(48*time.Hour)).Changes)
	b.apply(t, c.Add([]Record{report("a")}, nil, start.Add(96*time.Hour)).Changes)
	assert.Equal(t, []string{"a ", "b "}, b.calls())
	assert.Equal(t, 2, c.Len())
}

func TestOverflow(t *testing.T) {
	c := New(Options{Records: 2, Window: time.Hour})
	for _, name := range []string{"a", "b", "c"} {
		c.Add([]Record{report(name)}, nil, start)
	}
	assert.Equal(t, 2, c.Len())
	assert.EqualValues(t, 1, c.Evicted())
}

// What two processes exchange on disk is read as it was written.
func TestRecordsAreReadAsTheyAreWritten(t *testing.T) {
	r := report("a", within('b'), id(3), cached(4), func(r *Record) { r.Values, r.Reasoning, r.Other = &Values{"", "ada"}, 2, 9 })
	content := AppendRecord(nil, &r)
	got, rest, err := ParseRecord(append(content, 'x'))
	assert.NoError(t, err)
	assert.Equal(t, r, got)
	assert.Equal(t, []byte("x"), rest)
	for n := range content {
		_, _, err := ParseRecord(content[:n])
		assert.Error(t, err)
	}
}
