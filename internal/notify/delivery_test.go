// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package notify

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/config/confighttp"
	"go.opentelemetry.io/collector/consumer/consumererror"

	"github.com/otelcol-arc/otelcol-arc/internal/alertevent"
	"github.com/otelcol-arc/otelcol-arc/internal/falseclock"
)

// What a channel sent last is known, with the attempts that each message took and what became
// of it.
func TestDeliveries(t *testing.T) {
	falseclock.Test(t, func(t *testing.T) {
		failures := 2
		v := &vendor{respond: func(m Message) error {
			switch {
			case m.Alerts[0].Name() == "Bad":
				return consumererror.NewPermanent(errors.New("no such field\x00"))
			case failures > 0:
				failures--
				return errors.New("try again")
			}
			time.Sleep(time.Second)
			return nil
		}}
		e, _ := v.start(t, nil)
		w := e.workers[0]
		send := func(name string, state alertevent.State) {
			a := alertevent.Alert{Labels: map[string]string{"alertname": name}, State: state, StartsAt: time.Now()}
			w.offer(t.Context(), []change{changeOf(t, a, time.Now())})
			time.Sleep(10 * time.Minute)
			synctest.Wait()
		}
		start := time.Now()
		send("Flaky", alertevent.Firing)
		send("Bad", alertevent.Firing)
		got := w.status().Deliveries
		require.Len(t, got, 2)
		assert.Equal(t, "rejected", got[0].Outcome)
		assert.NotContains(t, got[0].Error, "\x00")
		assert.Contains(t, got[0].Error, "no such field")
		assert.Equal(t, []string{"Flaky"}, got[1].Alerts)
		assert.Equal(t, "accepted", got[1].Outcome)
		assert.Equal(t, 3, got[1].Attempts)
		assert.Equal(t, start, got[1].First)
		assert.True(t, got[1].At.After(start))
		assert.Equal(t, time.Second, got[1].Took)
		assert.Equal(t, 1, got[1].Firing)
		assert.Empty(t, got[1].Error)
		require.NoError(t, e.Shutdown(t.Context()))
	})
}

func TestDeliveriesAreBounded(t *testing.T) {
	var d deliveries
	for i := range 3 * maxDeliveries {
		var alerts []alertevent.Alert
		for k := range 20 {
			alerts = append(alerts, alertevent.Alert{Labels: map[string]string{"alertname": fmt.Sprint("A", k)}, State: alertevent.Resolved})
		}
		d.add(Message{ID: strconv.Itoa(i), Alerts: alerts}, Delivery{At: time.Unix(int64(i), 0)})
	}
	last := d.all()
	require.Len(t, last, maxDeliveries)
	assert.Equal(t, time.Unix(3*maxDeliveries-1, 0), last[0].At)
	assert.Len(t, last[0].Alerts, maxDeliveredNames)
	assert.Equal(t, 20, last[0].Resolved)
}

// What was sent is known after a restart, and after a restart in the middle of its attempts; a
// value that is damaged loses itself.
func TestDeliveriesAreStored(t *testing.T) {
	falseclock.Test(t, func(t *testing.T) {
		host := &storageHost{}
		withStorage := func(s *setup) { s.delivery.Storage, s.host = &storageID, host }
		var down error
		v := &vendor{respond: func(Message) error { return down }}
		e, _ := v.start(t, withStorage)
		send := func(name string) {
			require.NoError(t, e.ConsumeLogs(t.Context(), logs(at(alert(name, "", alertevent.Firing), time.Now()))))
			time.Sleep(time.Minute)
			synctest.Wait()
		}
		for i := range maxDeliveries + 5 {
			send(fmt.Sprint("A", i))
		}
		down = errors.New("down")
		send("B") // some attempts
		before := e.workers[0].status().Deliveries
		require.Len(t, before, maxDeliveries)
		require.Equal(t, []string{"B"}, before[0].Alerts)
		require.Greater(t, before[0].Attempts, 1)
		require.NoError(t, e.Shutdown(t.Context()))
		mute := func(s *setup) { // so that nothing is sent meanwhile
			withStorage(s)
			s.delivery.MuteTimeIntervals = []map[string]any{{"times": []any{map[string]any{"start_time": "00:00", "end_time": "24:00"}}}}
		}

		e, _ = v.start(t, mute)
		after := e.workers[0].status().Deliveries
		require.NoError(t, e.Shutdown(t.Context()))
		assert.Equal(t, before[0].Alerts, after[0].Alerts)
		assert.Equal(t, before[0].Attempts, after[0].Attempts)
		assert.Equal(t, "down", after[0].Error)
		require.Len(t, after, maxDeliveries)
		for i := range after {
			assert.Equal(t, before[i].Alerts, after[i].Alerts)
			assert.True(t, before[i].At.Equal(after[i].At), "%s %s", before[i].At, after[i].At)
		}

		down = nil
		e, _ = v.start(t, withStorage)
		send("C")
		after = e.workers[0].status().Deliveries
		require.NoError(t, e.Shutdown(t.Context()))
		assert.Contains(t, after[0].Alerts, "C", "the newest of all")
		assert.Len(t, after, maxDeliveries)
		values := host.clients["alerts"].values
		broken := 0
		for key := range values {
			if strings.HasPrefix(key, "delivery-") && broken < 2 {
				values[key] = []byte(`{"v":1,"id":`)
				broken++
			}
		}
		e, _ = v.start(t, withStorage)
		assert.Len(t, e.workers[0].status().Deliveries, len(after)-2)
		require.NoError(t, e.Shutdown(t.Context()))
	})
}

func FuzzParseDelivery(f *testing.F) {
	f.Add([]byte(`{"v":1,"number":3,"id":"x","attempts":2,"alerts":["a","b","c","d","e","f"],"outcome":"failed"}`))
	f.Fuzz(func(t *testing.T, value []byte) {
		if d, err := parseDelivery(value); err == nil {
			assert.NotEmpty(t, d.id)
			assert.LessOrEqual(t, len(d.Alerts), maxDeliveredNames)
		}
	})
}

// The status is that of the last response over HTTP.
func TestDeliveryStatus(t *testing.T) {
	var refuse atomic.Bool
	refuse.Store(true)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if refuse.Swap(false) {
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		w.WriteHeader(http.StatusAccepted)
	}))
	defer server.Close()
	v := &vendor{}
	e, _ := v.start(t, func(s *setup) {
		s.delivery.Retry.InitialInterval = 10 * time.Millisecond
		s.channel = Channel{HTTP: confighttp.NewDefaultClientConfig(), Send: func(ctx context.Context, client *http.Client, _ Message) error {
			_, err := Post(ctx, client, server.URL, []byte("{}"))
			return err
		}}
	})
	w := e.workers[0]
	w.offer(t.Context(), []change{changeOf(t, alertevent.Alert{Labels: map[string]string{"alertname": "A"}, State: alertevent.Firing, StartsAt: time.Now()}, time.Now())})
	require.Eventually(t, func() bool {
		last := w.status().Deliveries
		return len(last) == 1 && last[0].Status == http.StatusAccepted && last[0].Attempts == 2 && last[0].Outcome == "accepted"
	}, 60*time.Second, 10*time.Millisecond)
	require.NoError(t, e.Shutdown(t.Context()))
}
