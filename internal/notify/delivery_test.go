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
		l := e.lanes[0]
		send := func(name string, state alertevent.State) {
			a := alertevent.Alert{Labels: map[string]string{"alertname": name}, State: state, StartsAt: time.Now()}
			l.offer(t.Context(), []change{changeOf(t, a, time.Now())})
			time.Sleep(10 * time.Minute)
			synctest.Wait()
		}
		start := time.Now()
		send("Flaky", alertevent.Firing)
		send("Bad", alertevent.Firing)
		got := l.status().Deliveries
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
	last := d.last()
	require.Len(t, last, maxDeliveries)
	assert.Equal(t, time.Unix(3*maxDeliveries-1, 0), last[0].At)
	assert.Len(t, last[0].Alerts, maxDeliveredNames)
	assert.Equal(t, 20, last[0].Resolved)
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
	l := e.lanes[0]
	l.offer(t.Context(), []change{changeOf(t, alertevent.Alert{Labels: map[string]string{"alertname": "A"}, State: alertevent.Firing, StartsAt: time.Now()}, time.Now())})
	require.Eventually(t, func() bool {
		last := l.status().Deliveries
		return len(last) == 1 && last[0].Status == http.StatusAccepted && last[0].Attempts == 2 && last[0].Outcome == "accepted"
	}, 60*time.Second, 10*time.Millisecond)
	require.NoError(t, e.Shutdown(t.Context()))
}
