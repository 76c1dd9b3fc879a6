// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package arcreceiver

import (
	"context"
	"fmt"
	"net/http"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/pdata/plog"
)

const named = `{"model":"m","prompt_tokens":1,"id":"call-1"}`

func (r *rig) records() int {
	n := 0
	for _, ld := range r.logs.got {
		n += ld.LogRecordCount()
	}
	return n
}

func TestRequestSentAgainWithItsKey(t *testing.T) {
	r := newRig(t)
	now := testTime
	r.now = func() time.Time { return now }
	const body = logLine + "\nx\n" + cacheHit
	first := r.post(eventsPath, body, keyHeader, "k1")
	require.Equal(t, http.StatusOK, first.Code)
	again := r.post(eventsPath, body, keyHeader, "k1")
	assert.Equal(t, http.StatusOK, again.Code)
	assert.Equal(t, first.Body.String(), again.Body.String())
	assert.Equal(t, 2, r.records(), "taken once")

	other := r.post(eventsPath, logLine, keyHeader, "k1")
	assert.Equal(t, http.StatusUnprocessableEntity, other.Code)
	assert.Equal(t, response{Error: "this Idempotency-Key was used for another body; no event was accepted"}, responseOf(t, other))
	assert.Equal(t, http.StatusBadRequest, r.post(eventsPath, body, keyHeader, strings.Repeat("k", 257)).Code)
	assert.Equal(t, 2, r.records())

	assert.Equal(t, http.StatusOK, r.post(eventsPath, body, keyHeader, "k2").Code)
	assert.Equal(t, http.StatusOK, r.post(exportPath, logLine, keyHeader, "k1").Code, "each path has its keys")
	assert.Equal(t, 5, r.records())
	now = now.Add(r.cfg.ResendWindow)
	assert.Equal(t, http.StatusOK, r.post(eventsPath, body, keyHeader, "k1").Code)
	assert.Equal(t, 7, r.records(), "forgotten after the window")
}

func TestEventSentAgainWithItsID(t *testing.T) {
	r := newRig(t)
	now := testTime
	r.now = func() time.Time { return now }
	const body = named + "\n" + logLine
	for range 3 {
		recorder := r.post(eventsPath, body)
		assert.Equal(t, http.StatusOK, recorder.Code)
		assert.Equal(t, response{Accepted: 2}, responseOf(t, recorder))
	}
	assert.Equal(t, 1+3, r.records(), "the call once, the line without an id each time")
	require.Equal(t, http.StatusOK, r.post(eventsPath, named).Code, "all taken before")
	assert.Equal(t, 4, r.records())
	for _, different := range []string{
		strings.Replace(named, `"m"`, `"n"`, 1),
		strings.Replace(named, "{", `{"service":"a",`, 1),
		strings.Replace(named, "call-1", "call-2", 1),
	} {
		require.Equal(t, http.StatusOK, r.post(eventsPath, different).Code)
	}
	assert.Equal(t, 7, r.records())
	now = now.Add(r.cfg.ResendWindow)
	r.post(eventsPath, named)
	assert.Equal(t, 8, r.records())
}

func TestWhatWasRefusedIsTakenWhenItComesAgain(t *testing.T) {
	r := newRig(t)
	for _, sink := range []*error{&r.logs.err, &r.traces.err} {
		*sink = errBusy
		assert.Equal(t, http.StatusServiceUnavailable, r.post(eventsPath, named, keyHeader, "k").Code)
		*sink = nil
	}
	assert.Equal(t, http.StatusOK, r.post(eventsPath, named, keyHeader, "k").Code)
	require.Len(t, r.traces.got, 1)
	assert.Equal(t, http.StatusOK, r.post(eventsPath, named, keyHeader, "k").Code)
	assert.Len(t, r.traces.got, 1)
}

func TestTwoRequestsWithOneKeyAtOnce(t *testing.T) {
	r := newRig(t)
	next := r.nextLogs
	var err error
	r.nextLogs, err = consumer.NewLogs(func(ctx context.Context, ld plog.Logs) error {
		twin := r.post(eventsPath, logLine, keyHeader, "k")
		assert.Equal(t, http.StatusConflict, twin.Code)
		assert.Equal(t, "1", twin.Header().Get("Retry-After"))
		third := r.post(eventsPath, logLine, keyHeader, "k")
		assert.Equal(t, http.StatusConflict, third.Code, "the twin does not give the key away")
		return next.ConsumeLogs(ctx, ld)
	})
	require.NoError(t, err)
	assert.Equal(t, http.StatusOK, r.post(eventsPath, logLine, keyHeader, "k").Code)
	assert.Equal(t, 1, r.records())
	assert.Empty(t, r.deduplicator.inFlight)
}

func TestIDsThatAreRememberedAreBounded(t *testing.T) {
	r := newRig(t, func(cfg *Config) { cfg.MaxResendIDs = 2 })
	for _, id := range []string{"a", "b", "c"} {
		r.post(eventsPath, strings.Replace(named, "call-1", id, 1))
	}
	assert.Equal(t, 2, r.deduplicator.events.Len())
	r.post(eventsPath, strings.Replace(named, "call-1", "c", 1))
	assert.Equal(t, 3, r.records())
	r.post(eventsPath, strings.Replace(named, "call-1", "a", 1))
	assert.Equal(t, 4, r.records(), "the oldest is forgotten first")
}

func TestWithoutAWindowNothingIsRemembered(t *testing.T) {
	r := newRig(t, func(cfg *Config) { cfg.ResendWindow = 0 })
	for range 2 {
		assert.Equal(t, http.StatusOK, r.post(eventsPath, named, keyHeader, "k").Code)
	}
	assert.Equal(t, 2, r.records())
}

// The responses that are remembered take at most maxResponseBytes of memory, few and
// large or many and small, and the newest are kept.
func TestRememberedResponsesAreBounded(t *testing.T) {
	for name, tt := range map[string]struct{ requests, rejected int }{"small": {60_000, 0}, "large": {3_000, 100}} {
		t.Run(name, func(t *testing.T) {
			now := time.Now()
			key := func(i int) string { return fmt.Sprintf("%s 01890a5d-ac96-774b-bcce-%012d", eventsPath, i) }
			before := heapInUse()
			d := newDeduplicator(time.Hour, 1)
			for i := range tt.requests {
				var r response
				for at := range tt.rejected {
					r.Errors = append(r.Errors, itemError{Line: at, Error: fmt.Sprintf("field prompt_tokens: must not be negative, is -%d", i)})
				}
				d.remember(now, nil, key(i), acceptedRequest{response: r})
			}
			used := heapInUse() - before
			_, newest, _ := d.begin(key(tt.requests-1), now)
			_, oldest, _ := d.begin(key(0), now)
			assert.True(t, newest)
			assert.False(t, oldest)
			t.Logf("%d responses in %d bytes", d.requests.Len(), used)
			assert.LessOrEqual(t, used, int64(maxResponseBytes))
		})
	}
}

func heapInUse() int64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}
