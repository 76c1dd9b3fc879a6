// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package ledger

import (
	"cmp"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-arc/otelcol-arc/internal/usage"
	"github.com/otelcol-arc/otelcol-arc/processor/llmcostprocessor/internal/money"
)

// rowsOf are all rows, by span and key.
func rowsOf(l *Ledger) map[string]Row {
	rows := map[string]Row{}
	l.Visit(0, 1<<40, func(at int64, key *Key, row *Row) {
		name := fmt.Sprint(at, *key)
		sum := rows[name]
		sum.Add(row)
		if rows[name] = sum; sum == (Row{}) {
			delete(rows, name)
		}
	})
	return rows
}

// someCall is any call of a few hours, users and models.
func someCall(random *rand.Rand) Call {
	return one(func(c *Call) {
		c.Hour -= random.Int64N(4)
		c.Provider = []string{"", "openai", "anthropic"}[random.IntN(3)]
		c.Model = fmt.Sprintf("model-%d", random.IntN(4))
		c.Dimensions = Dimensions{}
		for range random.IntN(3) {
			c.Dimensions[random.IntN(MaxDimensions)] = fmt.Sprintf("%c", 'a'+random.IntN(5))
		}
		c.Status, c.Unpriced, c.Timed = Status(random.IntN(3)), random.IntN(4) == 0, random.IntN(3) > 0
		c.Cost, c.Saved = money.Pico(random.Int64N(1<<40)), money.Pico(random.Int64N(2000)-1000)
		c.Reported, c.HasReported, c.IsEstimate = 5, random.IntN(3) == 0, random.IntN(5) == 0
		c.Duration = time.Duration(random.Int64N(int64(2 * time.Minute)))
		c.Usage[1+random.IntN(usage.Count-1)] = random.Int64N(1 << 30)
	})
}

// However often the ledger is packed, restarted and corrected in between, its rows are those of a
// ledger that never is; and it counts them.
func TestPackingChangesNoSum(t *testing.T) {
	for seed := range uint64(30) {
		random := rand.New(rand.NewPCG(seed, 1))
		l, plain := New(roomy), New(roomy)
		var counted []Call
		for range 300 {
			call := someCall(random)
			counted = append(counted, call)
			count(l, call)
			count(plain, call)
			if random.IntN(3) == 0 {
				at := random.IntN(len(counted))
				better := someCall(random)
				place, plainPlace := Place(0), Place(0)
				l.Apply([]Change{{Out: &counted[at], In: &better, Place: &place}}, now)
				plain.Apply([]Change{{Out: &counted[at], In: &better, Place: &plainPlace}}, now)
				counted[at] = better
			}
			switch random.IntN(12) {
			case 0, 1, 2:
				_, err := take(l)
				require.NoError(t, err)
			case 3:
				l.MarkTotals()
				snapshot, err := take(l)
				require.NoError(t, err)
				l = restore(t, snapshot, New(roomy))
			}
		}
		require.Equal(t, rowsOf(plain), rowsOf(l), "seed %d", seed)
		_, err := take(l)
		require.NoError(t, err)
		changes := l.Take(now.Add(time.Hour)) // all hours are over
		_, err = changes.Pack()
		require.NoError(t, err)
		require.Equal(t, rowsOf(plain), rowsOf(l), "seed %d", seed)
		require.Equal(t, len(rowsOf(l)), l.Rows(), "seed %d", seed)
		for _, s := range l.hours {
			require.Len(t, s.segments, 1)
		}
		for _, by := range [][]int{nil, {Model}, {Provider, Dimension(2)}, {Dimension(0), Model, Dimension(5)}} {
			starts := []int64{HourOf(now) - 3, HourOf(now) - 1}
			query := Query{First: HourOf(now) - 3, Last: HourOf(now), Starts: starts, By: by, Where: map[int]string{Model: "model-1", Dimension(1): ""}}
			assert.Equal(t, bruteSum(plain, &query), sorted(l.Sum(query)))
		}
	}
}

// The figures that are asked for are those of a whole sum, those of some groups those of all, and the
// memory of the sum before makes no difference.
func TestSumsOfPartsAndGroups(t *testing.T) {
	var memory Summing
	for seed := range uint64(60) {
		random := rand.New(rand.NewPCG(seed, 9))
		l := New(roomy)
		for range 200 {
			count(l, someCall(random))
			if random.IntN(50) == 0 {
				_, err := take(l)
				require.NoError(t, err)
			}
		}
		query := Query{
			First: HourOf(now) - 3, Last: HourOf(now),
			Starts: [][]int64{nil, {HourOf(now) - 3}, {HourOf(now) - 3, HourOf(now) - 1}}[random.IntN(3)],
			By:     [][]int{nil, {Model}, {Provider, Dimension(2)}, {Dimension(0), Model, Dimension(5)}}[random.IntN(4)],
			Where:  []map[int]string{nil, {Model: "model-1"}}[random.IntN(2)],
		}
		whole := sorted(l.Sum(query))
		require.Equal(t, whole, sorted(slices.Clone(l.SumWith(&memory, query))), "seed %d", seed)
		if len(query.By) > 0 {
			query.Parts = Parts(1 + random.IntN(int(partCompared)-1))
			some := sorted(slices.Clone(l.SumWith(&memory, query)))
			if query.Parts&PartCalls != 0 {
				require.Len(t, some, len(whole))
			}
			for _, group := range some {
				at := slices.IndexFunc(whole, func(g Group) bool { return g.Step == group.Step && slices.Equal(g.Values, group.Values) })
				require.Equal(t, only(whole[at].Row, query.Parts), only(group.Row, query.Parts), "seed %d", seed)
			}
			query.Parts, query.Only = 0, [][]string{}
			wanted := slices.DeleteFunc(slices.Clone(whole), func(Group) bool { return random.IntN(3) > 0 })
			for _, group := range wanted {
				query.Only = append(query.Only, group.Values)
			}
			query.Only = append(query.Only, make([]string, len(query.By)), slices.Repeat([]string{"nobody's"}, len(query.By)))
			found := sorted(slices.Clone(l.SumWith(&memory, query)))
			require.Equal(t, slices.DeleteFunc(whole, func(g Group) bool {
				return !slices.ContainsFunc(query.Only, func(values []string) bool { return slices.Equal(values, g.Values) })
			}), found, "seed %d", seed)
		}
	}
}

// only has some figures of a row.
func only(row Row, parts Parts) (some Row) {
	if parts&PartCalls != 0 {
		some.Calls, some.Unpriced = row.Calls, row.Unpriced
	}
	if parts&PartCost != 0 {
		some.Cost = row.Cost
	}
	if parts&PartSaved != 0 {
		some.Saved = row.Saved
	}
	if parts&PartEstimates != 0 {
		some.Estimates = row.Estimates
	}
	if parts&PartTimes != 0 {
		some.Elapsed, some.Durations = row.Elapsed, row.Durations
	}
	if parts&PartUsage != 0 {
		some.Usage = row.Usage
	}
	return some
}

func sorted(groups []Group) []Group {
	groups = slices.DeleteFunc(groups, func(g Group) bool { return g.Row == Row{} })
	slices.SortFunc(groups, func(a, b Group) int { return cmp.Or(cmp.Compare(a.Step, b.Step), slices.Compare(a.Values, b.Values)) })
	return groups
}

func bruteSum(l *Ledger, q *Query) []Group {
	sums := map[string]*Group{}
	l.Visit(q.First, q.Last, func(at int64, key *Key, row *Row) {
		for column, value := range q.Where {
			if key.Value(column) != value {
				return
			}
		}
		group := Group{Step: q.stepOf(at), Values: []string{}}
		for _, column := range q.By {
			group.Values = append(group.Values, key.Value(column))
		}
		name := fmt.Sprint(group.Step, group.Values)
		if sums[name] == nil {
			sums[name] = &group
		}
		sums[name].Row.Add(row)
	})
	var groups []Group
	for _, group := range sums {
		groups = append(groups, *group)
	}
	return sorted(groups)
}

// Hours that are older than the limit become days, which begin when those of the time zone do;
// what comes late is counted with its day.
func TestDays(t *testing.T) {
	kathmandu := time.FixedZone("+05:45", 5*3600+45*60)
	dayOf := func(hour int64) (first, end int64) {
		at := time.Unix(hour*3600+3599, 0).In(kathmandu)
		start := time.Date(at.Year(), at.Month(), at.Day(), 0, 0, 0, 0, kathmandu)
		return HourOf(start), HourOf(start.AddDate(0, 0, 1))
	}
	limits := Limits{Rows: 10_000, Models: 10, Hours: 48, DayRows: 1000, DayOf: dayOf, DayHours: 400 * 24}
	l := New(limits)
	random := rand.New(rand.NewPCG(5, 5))
	want := money.Sum{}
	at := now
	for range 24 * 10 {
		var calls []Call
		for range 5 {
			call := someCall(random)
			call.Hour += HourOf(at) - HourOf(now)
			if random.IntN(20) == 0 {
				call.Hour -= 24 * 5 // late
			}
			calls = append(calls, call)
			want.Add(call.Cost)
		}
		assert.Zero(t, l.Record(calls, at))
		l.Forget(at)
		changes := l.Take(at)
		_, err := changes.Pack()
		require.NoError(t, err)
		if random.IntN(5) == 0 {
			l.MarkTotals()
			changes = l.Take(at)
			snapshot, err := changes.Pack()
			require.NoError(t, err)
			l = restore(t, snapshot, New(limits))
		}
		at = at.Add(time.Hour)
	}
	assert.Equal(t, want, l.Cost(0, HourOf(at), nil), "nothing is lost")
	assert.LessOrEqual(t, len(l.hours), 48+24+4)
	assert.GreaterOrEqual(t, len(l.days), 10)
	for first, s := range l.days {
		start, end := dayOf(s.first)
		assert.Equal(t, []int64{first, s.end}, []int64{start, end})
	}
	rows := 0
	for _, s := range l.days {
		rows += s.count
	}
	extent := l.Extent()
	assert.Equal(t, rows, extent.DayRows)
	assert.Less(t, extent.First, extent.FirstHour)
	assert.Zero(t, extent.Folded)

	late := one(func(c *Call) { c.Hour = HourOf(at) - 401*24 })
	assert.EqualValues(t, 1, l.Record([]Call{late}, at).Late)
	l.Forget(at.AddDate(2, 0, 0))
	changes := l.Take(at.AddDate(2, 0, 0))
	_, err := changes.Pack()
	require.NoError(t, err)
	assert.Empty(t, l.days)
	assert.Zero(t, l.Extent().DayRows)
}

// Days beyond the limit keep what providers and models cost.
func TestDaysAreFolded(t *testing.T) {
	limits := Limits{Rows: 10_000, Models: 10, Hours: 2, DayRows: 300, DayOf: func(hour int64) (int64, int64) { return hour / 24 * 24, hour/24*24 + 24 }, DayHours: 400 * 24}
	l := New(limits)
	want := map[string]money.Sum{}
	for day := range int64(10) {
		for user := range 100 {
			call := one(func(c *Call) {
				c.Hour += 24 * day
				c.Dimensions[0] = fmt.Sprint("user-", user)
				c.Model = fmt.Sprint("model-", user%3)
			})
			l.Record([]Call{call}, now.AddDate(0, 0, int(day)))
			sum := want[call.Model]
			sum.Add(call.Cost)
			want[call.Model] = sum
		}
	}
	at := now.AddDate(0, 0, 30)
	l.Forget(at)
	changes := l.Take(at)
	_, err := changes.Pack()
	require.NoError(t, err)
	extent := l.Extent()
	assert.LessOrEqual(t, extent.DayRows, 300)
	assert.Positive(t, extent.Folded)
	for _, group := range l.Sum(Query{First: 0, Last: HourOf(at), By: []int{Model}}) {
		assert.Equal(t, want[group.Values[0]], group.Row.Cost, group.Values[0])
	}
	newest := l.Sum(Query{First: HourOf(now) + 24*9 - 24, Last: HourOf(at), By: []int{Dimension(0)}})
	assert.Len(t, newest, 100, "the newest day has users")
	oldest := l.Sum(Query{First: 0, Last: HourOf(now), By: []int{Dimension(0)}})
	require.Len(t, oldest, 1)
	assert.Equal(t, []string{Overflow}, oldest[0].Values)

	l.limits.DayRows = 10
	changes = l.Take(at)
	_, err = changes.Pack()
	require.NoError(t, err)
	assert.LessOrEqual(t, l.Extent().DayRows, 10)
	assert.NotEmpty(t, l.days)
}

// Calls are counted and sums made while the ledger is packed.
func TestPackingHoldsNobody(t *testing.T) {
	l := New(Limits{Rows: 100_000, Models: 10, Hours: 48})
	for i := range 20_000 {
		record(l, one(func(c *Call) { c.Dimensions[0] = strconv.Itoa(i) }))
	}
	var wg sync.WaitGroup
	done := make(chan struct{})
	wg.Go(func() {
		defer close(done)
		for range 5 {
			_, err := take(l)
			assert.NoError(t, err)
		}
	})
	counted := 20_000
	for running := true; running; {
		select {
		case <-done:
			running = false
		default:
		}
		record(l, one(func(c *Call) { c.Dimensions[0] = strconv.Itoa(counted % 30_000) }))
		counted++
		groups := l.Sum(Query{First: 0, Last: HourOf(now)})
		require.EqualValues(t, counted, groups[0].Row.Count())
	}
	wg.Wait()
}

// A segment has a bounded number of rows, so that none is large.
func TestLargeHoursHaveSeveralSegments(t *testing.T) {
	const rows = maxSegmentRows*2 + 100
	l := New(Limits{Rows: 10 * rows, Models: 10, Hours: 48})
	for i := range rows {
		record(l, one(func(c *Call) { c.Dimensions[0] = fmt.Sprintf("%07d", i) }))
		if i%20_000 == 0 {
			_, err := take(l)
			require.NoError(t, err)
		}
	}
	changes := l.Take(now.Add(time.Hour))
	snapshot, err := changes.Pack()
	require.NoError(t, err)
	require.Len(t, snapshot.Segments, 3)
	for _, s := range snapshot.Segments {
		assert.LessOrEqual(t, s.Rows, maxSegmentRows)
	}
	assert.Equal(t, rows, l.Rows())
	changes = l.Take(now.Add(time.Hour))
	next, err := changes.Pack()
	require.NoError(t, err)
	assert.Equal(t, snapshot.Segments, next.Segments, "they are merged once")
	again := restore(t, snapshot, New(l.limits))
	assert.Equal(t, rows, again.Rows())
	assert.Zero(t, record(again, one(func(c *Call) { c.Dimensions[0] = "0000007" })).Overflowed)
	assert.Equal(t, rows, again.Rows(), "the row is known")
}

func sampleSegment() *Segment {
	l := New(roomy)
	random := rand.New(rand.NewPCG(1, 9))
	for range 40 {
		call := someCall(random)
		call.Hour = HourOf(now)
		record(l, call)
	}
	record(l, one(func(c *Call) { c.Model = Overflow }))
	snapshot, err := take(l)
	if err != nil {
		panic(err)
	}
	return snapshot.Segments[0]
}

func TestSegmentsThatAreCut(t *testing.T) {
	content := sampleSegment().Content()
	for n := range content {
		_, err := ParseSegment(1, content[:n])
		require.Error(t, err, n)
	}
	_, err := ParseSegment(1, append(slices.Clone(content), 0))
	require.Error(t, err, "something follows")
}

func FuzzParseSegment(f *testing.F) {
	f.Add(sampleSegment().Content())
	f.Add([]byte{segmentVersion, 1, 1, 0, 0, 0})
	f.Fuzz(func(t *testing.T, content []byte) {
		s, err := ParseSegment(1, content)
		if err != nil {
			return
		}
		l := New(roomy)
		l.Load(s)
		want := rowsOf(l)
		l.Sum(Query{First: s.First, Last: s.First, By: []int{Model, Dimension(3)}, Where: map[int]string{Provider: ""}})
		changes := l.Take(time.Unix(s.End*3600, 0))
		_, err = changes.Pack()
		require.NoError(t, err)
		assert.Equal(t, want, rowsOf(l))
	})
}

// year is a ledger of many users' days.
func year(tb testing.TB, users, models, days int) (l *Ledger, at time.Time) {
	tb.Helper()
	dayOf := func(hour int64) (int64, int64) { return hour / 24 * 24, hour/24*24 + 24 }
	l = New(Limits{Rows: 1_000_000, Models: 100, Hours: 35 * 24, DayRows: users * models * days, DayOf: dayOf, DayHours: int64(days) * 24})
	first := HourOf(now) / 24 * 24
	random := rand.New(rand.NewPCG(2, 2))
	names := make([]string, users)
	for i := range names {
		names[i] = fmt.Sprintf("%08x-%04x@example.com", random.Uint32(), i)
	}
	slices.Sort(names)
	for day := range int64(days) {
		rows := make(map[Key]*keyedRow, users*models)
		for user := range users {
			for model := range models {
				key := Key{Provider: "anthropic", Model: fmt.Sprintf("claude-model-%d-20260101", model), Dimensions: Dimensions{"coding-agent", "", names[user], "team-" + strconv.Itoa(user%40)}}
				row := &keyedRow{Key: &key}
				for range 3 {
					row.add(&Figures{
						Usage: Usage{usage.Input: random.Int64N(50_000), usage.CacheRead: random.Int64N(500_000), usage.CacheWrite: random.Int64N(50_000), usage.Output: random.Int64N(9000)},
						Cost:  money.Pico(random.Int64N(3e12)), Saved: money.Pico(random.Int64N(1e12)), Timed: true, Status: Status(random.IntN(20) / 19),
					}, timing{bucket: random.IntN(8), elapsed: Elapsed{Seconds: uint64(random.IntN(300)), Nanos: uint64(random.Int64N(1e9))}})
				}
				rows[key] = row
			}
		}
		l.Load(pack(l.newID(), first+24*day, first+24*day+24, rows))
	}
	return l, time.Unix((first+24*int64(days))*3600, 0)
}

// A row of a day takes less than 150 bytes.
func TestRowsAreCompact(t *testing.T) {
	l, _ := year(t, 400, 5, 3)
	extent := l.Extent()
	require.Equal(t, 6000, extent.DayRows)
	perRow := float64(extent.Bytes) / float64(extent.DayRows)
	t.Logf("%.1f bytes a row", perRow)
	assert.Less(t, perRow, 100.0)
}

func BenchmarkParseSegments(b *testing.B) {
	l, _ := year(b, 2000, 5, 100)
	var contents [][]byte
	for _, s := range l.spans(func(*span) bool { return true }) {
		for _, segment := range s.segments {
			contents = append(contents, segment.Content())
		}
	}
	b.ReportMetric(float64(l.Extent().DayRows), "rows")
	for b.Loop() {
		for i, content := range contents {
			_, err := ParseSegment(uint64(i), content)
			require.NoError(b, err)
		}
	}
}

// BenchmarkYear loads what 2,000 users of 5 models have used in 400 days, and sums a month and all
// of it by user.
func BenchmarkYear(b *testing.B) {
	const days = 400
	sample, _ := year(b, 2000, 5, 10)
	var contents [][]byte
	for day := range int64(days) {
		for _, s := range sample.days[(HourOf(now)/24+day%10)*24].segments {
			r := reader{from: s.content[1:]}
			r.uvarint()
			contents = append(contents, append(binary.AppendUvarint([]byte{segmentVersion}, uint64((HourOf(now)/24+day)*24)), r.from...))
		}
	}
	var before, after runtime.MemStats
	var load, month, all time.Duration
	for b.Loop() {
		runtime.GC()
		runtime.ReadMemStats(&before)
		began := time.Now()
		l := New(Limits{Rows: 1, Models: 1, Hours: 1, DayRows: 4_000_000})
		for i, content := range contents {
			s, err := ParseSegment(uint64(i), content)
			require.NoError(b, err)
			l.Load(s)
		}
		load += time.Since(began)
		runtime.GC()
		runtime.ReadMemStats(&after)
		end := (HourOf(now)/24 + days) * 24
		began = time.Now()
		require.Len(b, l.Sum(Query{First: end - 30*24, Last: end, By: []int{Dimension(2)}}), 2000)
		month += time.Since(began)
		began = time.Now()
		l.Sum(Query{First: 0, Last: end, By: []int{Dimension(2)}})
		all += time.Since(began)
		b.ReportMetric(float64(l.Extent().DayRows), "rows")
		b.ReportMetric(float64(after.HeapAlloc-before.HeapAlloc)/(1<<20), "MiB")
		b.ReportMetric(float64(after.HeapAlloc-before.HeapAlloc)/float64(l.Extent().DayRows), "B/row")
	}
	for name, took := range map[string]time.Duration{"ms/load": load, "ms/month": month, "ms/all": all} {
		b.ReportMetric(float64(took.Milliseconds())/float64(b.N), name)
	}
}

func BenchmarkSumByUser(b *testing.B) {
	l, at := year(b, 2000, 5, 100)
	b.ReportMetric(float64(l.Extent().DayRows), "rows")
	for b.Loop() {
		l.Sum(Query{First: HourOf(at) - 100*24, Last: HourOf(at), By: []int{Dimension(2)}})
	}
}

// BenchmarkTake is how long calls wait for a snapshot of 500,000 rows that have changed.
// BenchmarkSumByUserModel is of the first pass of a page that is sorted by cost.
func BenchmarkSumByUserModel(b *testing.B) {
	l, at := year(b, 2000, 5, 20)
	var memory Summing
	for b.Loop() {
		rows := 0
		for day := range 20 {
			first := HourOf(at.AddDate(0, 0, -day-1).Truncate(24 * time.Hour))
			rows += len(l.SumWith(&memory, Query{First: first, Last: first + 23, By: []int{Dimension(2), Model}, Parts: PartCalls | PartCost}))
		}
		b.ReportMetric(float64(rows), "rows")
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/200_000, "ns/row")
}

func BenchmarkTake(b *testing.B) {
	const rows = 500_000
	values := make([]string, rows)
	for i := range values {
		values[i] = strings.Repeat("u", 10) + strconv.Itoa(i)
	}
	var took time.Duration
	for b.Loop() {
		l := New(Limits{Rows: rows, Models: 10, Hours: 48})
		for i := range rows {
			record(l, one(func(c *Call) { c.Dimensions[2] = values[i] }))
		}
		began := time.Now()
		l.Take(now)
		took += time.Since(began)
	}
	b.ReportMetric(float64(took.Microseconds())/float64(b.N), "µs/take")
}
