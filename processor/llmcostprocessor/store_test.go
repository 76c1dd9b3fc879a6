// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package llmcostprocessor

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"maps"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componentstatus"
	"go.opentelemetry.io/collector/extension/xextension/storage"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/pmetric"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	"go.opentelemetry.io/otel/sdk/metric/metricdata/metricdatatest"
	"go.uber.org/zap/zaptest"

	"github.com/otelcol-arc/otelcol-arc/internal/checkedstorage"
	"github.com/otelcol-arc/otelcol-arc/internal/dashboard"
	"github.com/otelcol-arc/otelcol-arc/internal/falseclock"
	"github.com/otelcol-arc/otelcol-arc/internal/period"
	"github.com/otelcol-arc/otelcol-arc/internal/testkit/testhost"
	"github.com/otelcol-arc/otelcol-arc/processor/llmcostprocessor/internal/ledgerstore"
	"github.com/otelcol-arc/otelcol-arc/processor/llmcostprocessor/internal/metadatatest"
)

// Keys in the storage. Versions to come must find them.
const (
	keyTotals   = "totals"
	keySegments = "segments"
	keySegment  = "segment/"
	keyJournal  = "journal"
	keyEntry    = "journal/"
	keyCalls    = "calls"
	keyChunk    = "calls/"
	keyKept     = "kept"
	keyDamaged  = "damaged/"
)

var storageID = component.MustNewID("file_storage")

func withStorage(change func(*Config)) *Config {
	return testConfig(func(c *Config) {
		c.Storage = &storageID
		if change != nil {
			change(c)
		}
	})
}

// checked reads what a store has written.
func checked(t *testing.T, m *memory) *checkedstorage.Client {
	t.Helper()
	return checkedstorage.New(m, func(key string, _ []byte) { t.Errorf("%s is damaged", key) })
}

// memory is a storage that outlives the processor.
type memory struct {
	component.StartFunc
	component.ShutdownFunc

	mu         sync.Mutex
	content    map[string][]byte
	openErr    error
	getErr     error
	setErr     error
	open       int
	batches    int
	whileSaved func()
	delay      time.Duration // that each write takes
	failLast   bool          // the last write of a save fails
}

// change changes the memory while the processor may be using it.
func (m *memory) change(f func()) {
	m.mu.Lock()
	defer m.mu.Unlock()
	f()
}

// copy returns what a process finds after this one was killed.
func (m *memory) copy() *memory {
	m.mu.Lock()
	defer m.mu.Unlock()
	return &memory{content: maps.Clone(m.content)}
}

func (m *memory) extension() extension { return extension{storageID, m} }

func (m *memory) GetClient(context.Context, component.Kind, component.ID, string) (storage.Client, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.openErr != nil {
		return nil, m.openErr
	}
	m.open++
	return m, nil
}

func (m *memory) Get(_ context.Context, key string) ([]byte, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.content[key], m.getErr
}

func (m *memory) Set(ctx context.Context, key string, value []byte) error {
	return m.Batch(ctx, storage.SetOperation(key, value))
}

func (m *memory) Delete(ctx context.Context, key string) error {
	return m.Batch(ctx, storage.DeleteOperation(key))
}

func (m *memory) Batch(ctx context.Context, operations ...*storage.Operation) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	m.mu.Lock()
	meanwhile := m.whileSaved
	m.whileSaved = nil
	delay := m.delay
	m.mu.Unlock()
	time.Sleep(delay)
	if meanwhile != nil {
		meanwhile()
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.setErr != nil {
		return m.setErr
	}
	if m.failLast && slices.ContainsFunc(operations, func(op *storage.Operation) bool { return op.Key == keyJournal }) {
		return errors.New("disk full")
	}
	if m.content == nil {
		m.content = map[string][]byte{}
	}
	for _, op := range operations {
		if op.Type == storage.Set {
			m.content[op.Key] = op.Value
		} else {
			delete(m.content, op.Key)
		}
	}
	m.batches++
	return nil
}

func (m *memory) Close(context.Context) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.open--
	return nil
}

var (
	_ storage.Extension = (*memory)(nil)
	_ storage.Client    = (*memory)(nil)
)

// startOf is the start time of the cost of gpt-4o, and the instance it is of.
func startOf(t *testing.T, md pmetric.Metrics) (start pcommon.Timestamp, instance string) {
	t.Helper()
	value, ok := md.ResourceMetrics().At(0).Resource().Attributes().Get(attrInstance)
	require.True(t, ok)
	eachMetric(md, func(m pmetric.Metric) {
		if m.Name() == metricCost {
			start = m.Sum().DataPoints().At(0).StartTimestamp()
		}
	})
	require.NotZero(t, start)
	return start, value.Str()
}

func TestRestart(t *testing.T) {
	falseclock.Test(t, func(t *testing.T) {
		wakeUp()
		m := &memory{}
		budget := func(c *Config) { c.Budgets = []BudgetConfig{{Name: "day", Window: WindowDay, Limit: 1}} }
		var starts []pcommon.Timestamp
		var instances []string
		for run := range 4 {
			r := newRig(t, withStorage(budget), m.extension())
			assert.Equal(t, 1, m.open)
			r.price(callSpan())
			totals := r.totals()
			assert.InDelta(t, 0.0075*float64(run+1), totals[costOfGPT4o], 1e-15)
			assert.InDelta(t, 0.0075*float64(run+1), totals["arc_llm_hourly_cost_dollars{model=gpt-4o}"], 1e-15)
			assert.InDelta(t, 0.0075*float64(run+1), totals["arc_llm_budget_used_ratio{budget=day}"], 1e-15)
			start, instance := startOf(t, r.metricsOut.AllMetrics()[0])
			starts, instances = append(starts, start), append(instances, instance)
			assert.Zero(t, m.open)
			assert.Zero(t, r.warnings.Len(), r.warnings.All())
			time.Sleep(time.Minute)
		}
		for run := range starts {
			assert.Equal(t, starts[0], starts[run], "counters go on")
			assert.Equal(t, instances[0], instances[run], "in the same series")
		}
	})
}

// What has left is in the storage, also when a call comes while it is saved: a
// counter must not go back after a kill.
func TestNothingLeavesUnsaved(t *testing.T) {
	falseclock.Test(t, func(t *testing.T) {
		wakeUp()
		m := &memory{}
		r := newRig(t, withStorage(nil), m.extension())
		r.price(callSpan())
		m.change(func() { m.whileSaved = func() { r.price(callSpan()) } })
		time.Sleep(15 * time.Second)
		synctest.Wait()
		left := latest(r.metricsOut)[costOfGPT4o]
		require.NotZero(t, left)
		killed := m.copy()
		again := newRig(t, withStorage(nil), killed.extension())
		again.price(callSpan())
		assert.Equal(t, 0.0075+left+0.0075, again.totals()[costOfGPT4o], "what came while it was saved is in the journal")
		assert.Equal(t, 0.015, r.totals()[costOfGPT4o], "the other leaves with the next")
	})
}

// The order is that way round: a pipeline that gets metrics finds them saved.
func TestSavedBeforeSent(t *testing.T) {
	falseclock.Test(t, func(t *testing.T) {
		wakeUp()
		m := &memory{}
		r := newRig(t, withStorage(nil), m.extension())
		r.price(callSpan())
		time.Sleep(15 * time.Second)
		synctest.Wait()
		require.NotEmpty(t, r.metricsOut.AllMetrics())
		assert.Contains(t, m.content, keyTotals)
		before := m.batches
		time.Sleep(15 * time.Second)
		synctest.Wait()
		assert.Equal(t, before, m.batches, "nothing has changed, nothing is written")
	})
}

func TestDamagedStorage(t *testing.T) {
	for _, key := range []string{keyTotals, keySegments, keySegment + "1"} {
		t.Run(key, func(t *testing.T) {
			falseclock.Test(t, func(t *testing.T) {
				wakeUp()
				m := &memory{}
				r := newRig(t, withStorage(nil), m.extension())
				r.price(callSpan())
				r.stop()
				require.Contains(t, m.content, key)
				damaged := []byte("{" + strings.Repeat("\x00", 10))
				m.content[key] = damaged

				r = newRig(t, withStorage(nil), m.extension())
				assert.Equal(t, damaged, m.content[keyDamaged+key], "quarantined")
				assert.Equal(t, 1, r.warnings.FilterMessageSnippet("damaged").Len())
				r.price(callSpan())
				totals := r.totals()
				if key == keyTotals {
					assert.Equal(t, 0.0075, totals[costOfGPT4o], "starts from zero")
				} else {
					assert.Equal(t, 0.015, totals[costOfGPT4o])
					assert.Equal(t, 0.0075, totals["arc_llm_hourly_cost_dollars{model=gpt-4o}"], "starts from zero")
				}
			})
		})
	}
}

// listing is a memory that can list its keys.
type listing struct{ *memory }

func (l listing) GetClient(ctx context.Context, kind component.Kind, id component.ID, name string) (storage.Client, error) {
	_, err := l.memory.GetClient(ctx, kind, id, name)
	return l, err
}

func (l listing) Walk(_ context.Context, fn storage.WalkFunc) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	for key, value := range l.content {
		if _, err := fn(key, value); err != nil {
			return err
		}
	}
	return nil
}

// One bit of any value in the storage is flipped: that value is quarantined and reported, and no
// sum is another that is not smaller by what it held. An index that is lost is made again of the
// keys that there are.
func TestFlippedBits(t *testing.T) {
	falseclock.Test(t, func(t *testing.T) {
		wakeUp()
		m := &memory{}
		r := newRig(t, withStorage(nil), extension{storageID, listing{m}})
		for i := range 3 {
			r.price(numbered(callSpan(), byte(i+1)))
			time.Sleep(time.Hour)
			synctest.Wait()
		}
		r.price(numbered(callSpan(), 4)) // in the journal
		r.price(numbered(callSpan(), 5))
		content := m.copy().content
		r.stop()
		const total, hourly = 0.0375, "arc_llm_hourly_cost_dollars{model=gpt-4o}"
		want := newRig(t, withStorage(nil), extension{storageID, listing{&memory{content: maps.Clone(content)}}}).totals()
		require.InDelta(t, total, want[costOfGPT4o], 1e-12)
		random := rand.New(rand.NewPCG(9, 9))
		for key, value := range content {
			for range 4 {
				flipped := bytes.Clone(value)
				at := random.IntN(len(flipped))
				flipped[at] ^= 1 << random.IntN(8)
				damaged := &memory{content: maps.Clone(content)}
				damaged.content[key] = flipped
				r := newRig(t, withStorage(nil), extension{storageID, listing{damaged}})
				found := r.totals()
				if at < 8 {
					require.InDelta(t, total, found[costOfGPT4o], 1e-12, "the mark of %s", key)
					continue
				}
				require.Equal(t, flipped, damaged.content[keyDamaged+key])
				require.Len(t, r.host.reported(), 1)
				require.ErrorContains(t, r.host.reported()[0].Err(), key+" in the storage is damaged")
				metadatatest.AssertEqualProcessorLlmCostDamagedValues(t, r.telemetry, []metricdata.DataPoint[int64]{{Value: 1}}, metricdatatest.IgnoreTimestamp())
				switch {
				case key == keyTotals:
					require.InDelta(t, 2*0.0075, found[costOfGPT4o], 1e-12, "what is in the journal")
				case strings.HasPrefix(key, keyEntry):
					require.InDelta(t, total-0.0075, found[costOfGPT4o], 1e-12, key)
				default:
					require.InDelta(t, total, found[costOfGPT4o], 1e-12, key)
				}
				if key == keySegments || key == keyJournal || key == keyCalls {
					require.InDelta(t, want[hourly], found[hourly], 1e-12, "the index %s is made again", key)
					r.price(numbered(callSpan(), 1))
					require.InDelta(t, total, r.totals()[costOfGPT4o], 1e-12, "counted before")
				}
			}
		}
	})
}

// A storage that fails to read is not overwritten.
func TestStorageThatCannotBeRead(t *testing.T) {
	falseclock.Test(t, func(t *testing.T) {
		wakeUp()
		m := &memory{}
		r := newRig(t, withStorage(nil), m.extension())
		r.price(callSpan())
		r.stop()
		kept := maps.Clone(m.content)

		m.getErr = errors.New("disk on fire")
		r = newRig(t, withStorage(nil), m.extension())
		assert.Equal(t, 1, r.warnings.FilterMessageSnippet("Reading the ledger").Len())
		require.Len(t, r.host.reported(), 1)
		assert.Equal(t, componentstatus.StatusRecoverableError, r.host.reported()[0].Status())
		r.price(callSpan())
		assert.Equal(t, 0.0075, r.totals()[costOfGPT4o], "telemetry passes, and is counted")
		assert.Equal(t, kept, m.content)
		assert.Zero(t, m.open)
	})
}

// Telemetry passes and is counted though the file of the ledger is damaged.
func TestStorageThatCannotBeOpened(t *testing.T) {
	m := &memory{openErr: errors.New("invalid database")}
	r := newRig(t, withStorage(nil), m.extension())
	require.Len(t, r.host.reported(), 1)
	assert.Equal(t, componentstatus.StatusRecoverableError, r.host.reported()[0].Status())
	require.EqualError(t, r.host.reported()[0].Err(), "storage: invalid database")
	r.price(callSpan())
	assert.Equal(t, 0.0075, r.totals()[costOfGPT4o])
	assert.Equal(t, 1, r.warnings.FilterMessageSnippet("in memory").Len())
}

// A slow disk delays the senders, whose data is acknowledged once it is stored;
// nothing is lost, and nothing fails.
func TestSlowStorage(t *testing.T) {
	m := &memory{}
	r := newRig(t, withStorage(nil), m.extension())
	m.change(func() { m.delay = 20 * time.Millisecond })
	began := time.Now()
	for range 10 {
		r.price(callSpan())
	}
	assert.GreaterOrEqual(t, time.Since(began), 200*time.Millisecond)
	m.change(func() { m.delay = 0 })
	killed := m.copy()
	assert.InDelta(t, 0.075, newRig(t, withStorage(nil), killed.extension()).totals()[costOfGPT4o], 1e-12, "what was acknowledged is stored")
	assert.InDelta(t, 0.075, r.totals()[costOfGPT4o], 1e-12)
	assert.Empty(t, r.host.reported())
	assert.Zero(t, r.warnings.Len(), r.warnings.All())
}

func TestStorageThatCannotBeWritten(t *testing.T) {
	falseclock.Test(t, func(t *testing.T) {
		wakeUp()
		m := &memory{}
		r := newRig(t, withStorage(nil), m.extension())
		m.change(func() { m.setErr = errors.New("disk full") })
		r.price(callSpan())
		time.Sleep(46 * time.Second)
		synctest.Wait()
		assert.Equal(t, 1, r.warnings.FilterMessageSnippet("Writing the ledger to the storage failed").Len(), "logged once")
		metadatatest.AssertEqualProcessorLlmCostSnapshotFailures(t, r.telemetry, []metricdata.DataPoint[int64]{{Value: 3}}, metricdatatest.IgnoreTimestamp())
		assert.Equal(t, 0.0075, latest(r.metricsOut)[costOfGPT4o])
		last := func() *componentstatus.Event { return r.host.reported()[len(r.host.reported())-1] }
		assert.Equal(t, componentstatus.StatusRecoverableError, last().Status())
		require.EqualError(t, last().Err(), "write the journal to the storage: disk full\nwrite the ledger to the storage: disk full")
		m.change(func() { m.setErr = nil })
		time.Sleep(15 * time.Second)
		synctest.Wait()
		assert.Equal(t, componentstatus.StatusOK, last().Status())
		r.stop()
		r = newRig(t, withStorage(nil), m.extension())
		r.price(callSpan())
		assert.Equal(t, 0.015, r.totals()[costOfGPT4o], "made up for")
	})
}

func TestHoursAreDropped(t *testing.T) {
	for _, daily := range []time.Duration{0, time.Hour, 2 * time.Hour} {
		t.Run(daily.String(), func(t *testing.T) { falseclock.Test(t, func(t *testing.T) { testHoursAreDropped(t, daily) }) })
	}
}

func testHoursAreDropped(t *testing.T, daily time.Duration) {
	t.Helper()
	wakeUp()
	m := &memory{}
	r := newRig(t, withStorage(func(c *Config) { c.Retention, c.DailyRetention = 2*time.Hour, daily }), m.extension())
	r.price(callSpan())
	time.Sleep(time.Minute)
	hours := func() (n int) {
		m.mu.Lock()
		defer m.mu.Unlock()
		for key := range m.content {
			if strings.HasPrefix(key, keySegment) {
				n++
			}
		}
		return n
	}
	assert.Equal(t, 1, hours())
	time.Sleep(4 * time.Hour)
	assert.Zero(t, hours())
	assert.Equal(t, 0.0075, r.totals()[costOfGPT4o])
}

// Hours that are older than retention become days, in the storage too.
func TestHoursBecomeDays(t *testing.T) {
	falseclock.Test(t, func(t *testing.T) {
		wakeUp()
		m := &memory{}
		configure := withStorage(func(c *Config) {
			c.Retention, c.DailyRetention, c.TimeZone = 2*time.Hour, 72*time.Hour, "Asia/Kolkata"
		})
		p, e := newPage()
		r := newRig(t, configure, m.extension(), e)
		for range 30 {
			r.price(callSpan())
			time.Sleep(time.Hour)
		}
		synctest.Wait()
		check := func(want int64) dashboard.Extent {
			rows, err := p.usage.Usage(dashboard.Query{From: morning.Add(-100 * time.Hour), To: morning.Add(200 * time.Hour)})
			require.NoError(t, err)
			require.Len(t, rows, 1)
			assert.Equal(t, want, rows[0].Usage.Calls)
			return p.usage.Extent()
		}
		extent := check(30)
		assert.Positive(t, extent.DayRows)
		assert.True(t, extent.Since.Before(extent.HoursSince))
		assert.Equal(t, "Asia/Kolkata", extent.Zone.String())
		kolkata, err := time.LoadLocation("Asia/Kolkata")
		require.NoError(t, err)
		day := period.Day.Floor(extent.Since.Add(time.Hour).In(kolkata))
		assert.Equal(t, extent.Since, day.Truncate(time.Hour).UTC(), "the hour in which a day begins")
		r.stop()
		p, e = newPage()
		r = newRig(t, configure, m.extension(), e)
		assert.Equal(t, extent, check(30), "across a restart")
		time.Sleep(101 * time.Hour)
		synctest.Wait()
		assert.Zero(t, p.usage.Extent().DayRows)
		assert.InDelta(t, 30*0.0075, r.totals()[costOfGPT4o], 1e-12)
	})
}

// A process that is killed between any two writes of a save has counted what it acknowledged,
// once, and what the save left is removed.
func TestKilledWhileSaving(t *testing.T) {
	falseclock.Test(t, func(t *testing.T) {
		wakeUp()
		m := &memory{}
		r := newRig(t, withStorage(nil), extension{storageID, listing{m}})
		type moment struct {
			found *memory
			want  float64
		}
		var moments []moment
		counted := 0.0
		var watch func()
		watch = func() {
			found := m.copy()
			m.change(func() { m.whileSaved = watch })
			moments = append(moments, moment{found, counted})
		}
		for range 8 {
			r.price(callSpan())
			counted += 0.0075
			m.change(func() { m.whileSaved = watch })
			time.Sleep(7 * time.Minute)
			synctest.Wait()
			m.change(func() { m.whileSaved = nil })
		}
		require.GreaterOrEqual(t, len(moments), 16, "a save writes more than once")
		for _, at := range moments {
			revived := newRig(t, withStorage(nil), extension{storageID, listing{at.found}})
			totals := revived.totals()
			require.InDelta(t, at.want, totals[costOfGPT4o], 1e-12)
			require.InDelta(t, at.want, totals["arc_llm_usage_cost_dollars{model=gpt-4o,provider=openai,service_name=shop}"], 1e-12)
			require.InDelta(t, at.want, revived.core().ledger.Cost(0, math.MaxInt64-1, nil).Dollars(), 1e-12)
			var listed []uint64
			content, err := checked(t, at.found).Get(t.Context(), keySegments)
			require.NoError(t, err)
			require.NoError(t, json.Unmarshal(content, &listed))
			segments := 0
			for key := range at.found.content {
				if strings.HasPrefix(key, keySegment) {
					segments++
				}
			}
			require.Len(t, listed, segments)
		}
	})
}

// The same when so much was counted that its records are more than one chunk, of which some are
// written before the list; and a record that is sent again is known.
func TestKilledWhileSavingManyChunks(t *testing.T) {
	falseclock.Test(t, func(t *testing.T) {
		wakeUp()
		m := &memory{}
		r := newRig(t, withStorage(nil), extension{storageID, listing{m}})
		var found []*memory
		var watch func()
		watch = func() {
			found = append(found, m.copy())
			m.change(func() { m.whileSaved = watch })
		}
		const batches, calls = 20, 500
		var last ptrace.Traces
		for round := range 2 {
			for range batches {
				td := ptrace.NewTraces()
				spans := td.ResourceSpans().AppendEmpty().ScopeSpans().AppendEmpty().Spans()
				for range calls {
					addCall(spans)
				}
				last = ptrace.NewTraces()
				td.CopyTo(last)
				r.price(td)
			}
			m.change(func() { m.whileSaved = watch })
			time.Sleep(15 * time.Second)
			synctest.Wait()
			m.change(func() { m.whileSaved = nil })
			require.GreaterOrEqual(t, len(found), 3, "several parts")
			for _, at := range append(found, m.copy()) {
				revived := newRig(t, withStorage(nil), extension{storageID, listing{at}})
				again := ptrace.NewTraces()
				last.CopyTo(again)
				revived.price(again)
				require.InDelta(t, 0.0075*float64((round+1)*batches*calls), revived.totals()[costOfGPT4o], 1e-6)
			}
			found = nil
		}
	})
}

func TestWrongStorage(t *testing.T) {
	r := buildRig(t, withStorage(nil))
	for _, c := range r.components() {
		require.ErrorContains(t, c.Start(t.Context(), r.host), `storage: there is no extension "file_storage"`)
	}
	r.stop()
	r = buildRig(t, withStorage(nil), extension{storageID, struct {
		component.StartFunc
		component.ShutdownFunc
	}{}})
	require.ErrorContains(t, r.traces.Start(t.Context(), r.host), "is not a storage")
	r.stop()
}

// The storage of the distribution, on disk.
func TestFileStorage(t *testing.T) {
	dir := t.TempDir()
	for run := range 3 {
		files, stop := testhost.StartStorage(t, dir)
		r := newRig(t, withStorage(nil), extension{storageID, files[testhost.StorageID]})
		r.price(callSpan())
		assert.InDelta(t, 0.0075*float64(run+1), r.totals()[costOfGPT4o], 1e-15)
		stop()
	}
}

// A process that is killed at any moment has counted what it acknowledged, once,
// also when it is sent again after.
func TestKilledAfterAcknowledging(t *testing.T) {
	falseclock.Test(t, func(t *testing.T) {
		wakeUp()
		m := &memory{}
		r := newRig(t, withStorage(nil), m.extension())
		const calls = 40
		var sent []ptrace.Traces
		for n := range calls {
			td := callSpan()
			again := ptrace.NewTraces()
			td.CopyTo(again)
			sent = append(sent, again)
			r.price(td)
			time.Sleep(2 * time.Second) // now and then the ledger is saved
			synctest.Wait()
			killed := m.copy()
			revived := newRig(t, withStorage(nil), killed.extension())
			for _, td := range sent { // all of it
				own := ptrace.NewTraces()
				td.CopyTo(own)
				revived.price(own)
			}
			assert.InDelta(t, 0.0075*float64(n+1), revived.totals()[costOfGPT4o], 1e-12)
			// What was counted after the kill is there after the next stop, too.
			after := newRig(t, withStorage(nil), killed.extension())
			after.price(callSpan())
			assert.InDelta(t, 0.0075*float64(n+2), after.totals()[costOfGPT4o], 1e-12)
		}
		entries := 0
		for key := range m.content {
			if strings.HasPrefix(key, keyEntry) {
				entries++
			}
		}
		assert.Less(t, entries, 10, "what the saved ledger holds is removed")
	})
}

func TestRecordsAreForgottenInTheStorageToo(t *testing.T) {
	falseclock.Test(t, func(t *testing.T) {
		wakeUp()
		m := &memory{}
		r := newRig(t, withStorage(func(c *Config) { c.Dedup.Window = time.Minute }), m.extension())
		for range 100 {
			r.price(callSpan())
			time.Sleep(15 * time.Second)
		}
		synctest.Wait()
		chunks := 0
		m.change(func() {
			for key := range m.content {
				if strings.HasPrefix(key, keyChunk) {
					chunks++
				}
			}
		})
		assert.InDelta(t, 20, chunks, 3, "those of twice the window, in which a pause counts 6 s")
	})
}

// No more records are persisted than are remembered, however many come within the
// window, and those are known after a restart.
func TestRecordsInTheStorageAreBounded(t *testing.T) {
	falseclock.Test(t, func(t *testing.T) {
		wakeUp()
		m := &memory{}
		configure := withStorage(func(c *Config) { c.Dedup.MaxEntries = 40 })
		r := newRig(t, configure, m.extension())
		for round := range 30 {
			for range 1 + 5*(round%20) {
				r.price(callSpan())
			}
			time.Sleep(15 * time.Second)
			synctest.Wait()
			persisted := rememberedIn(t, m.copy())
			require.Positive(t, persisted)
			require.Less(t, persisted, 3*40+100, "round %d", round)
		}
		last, again := callSpan(), ptrace.NewTraces()
		last.CopyTo(again)
		r.price(last)
		before := r.totals()[costOfGPT4o]
		r = newRig(t, configure, m.extension())
		r.price(again)
		assert.Positive(t, before)
		assert.Equal(t, before, r.totals()[costOfGPT4o])
	})
}

// rememberedIn counts the records that a storage has so that they are remembered.
func rememberedIn(t *testing.T, m *memory) int {
	t.Helper()
	cfg := testConfig(nil)
	host := testhost.Host{storageID: m}
	store, err := ledgerstore.Open(t.Context(), host, storageID, component.MustNewID("llm_cost"), ledgerstore.Options{
		Window: cfg.Dedup.Window, MaxRecords: cfg.Dedup.MaxEntries, Counting: &sync.Mutex{}, Logger: zaptest.NewLogger(t),
		OnDamage: func(key string, err error) { t.Errorf("%s: %v", key, err) },
	})
	require.NoError(t, err)
	var n recordCounter
	require.NoError(t, store.Load(t.Context(), ledgerstore.State{Ledger: newLedger(cfg), Series: newSeries(cfg, nil), Calls: newKept(cfg)}, &n))
	return int(n)
}

// recordCounter counts the records that a ledger holds.
type recordCounter int

func (n *recordCounter) Remember(e *ledgerstore.Entry) { *n += recordCounter(len(e.Records)) }
func (n *recordCounter) Count(*ledgerstore.Entry)      {}
func (n *recordCounter) AddKnown([]uint64, time.Time)  {}

func TestJournalThatCannotBeWritten(t *testing.T) {
	m := &memory{}
	r := newRig(t, withStorage(nil), m.extension())
	m.change(func() { m.setErr = errors.New("disk full") })
	r.price(callSpan())
	r.price(callSpan())
	assert.Equal(t, 1, r.warnings.FilterMessageSnippet("Writing the journal to the storage failed").Len(), "logged once")
	metadatatest.AssertEqualProcessorLlmCostJournalFailures(t, r.telemetry, []metricdata.DataPoint[int64]{{Value: 2}}, metricdatatest.IgnoreTimestamp())
	m.change(func() { m.setErr = nil })
	r.price(callSpan())
	killed := m.copy()
	assert.Equal(t, 0.0075, newRig(t, withStorage(nil), killed.extension()).totals()[costOfGPT4o], "what could be written")
	assert.Equal(t, 0.0225, r.totals()[costOfGPT4o])
}

// What a sender that has gone sent was counted, so it is in the journal.
func TestJournalOfASenderThatHasGone(t *testing.T) {
	m := &memory{}
	r := newRig(t, withStorage(nil), m.extension())
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	require.NoError(t, r.traces.ConsumeTraces(gone, callSpan()))
	killed := m.copy()
	assert.Equal(t, 0.0075, newRig(t, withStorage(nil), killed.extension()).totals()[costOfGPT4o])
	assert.Equal(t, 0.0075, r.totals()[costOfGPT4o])
}
