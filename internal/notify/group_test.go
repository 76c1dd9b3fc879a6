// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package notify

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/exporter"
	"go.opentelemetry.io/collector/exporter/exporterhelper"
	"go.opentelemetry.io/collector/exporter/exportertest"
	"go.opentelemetry.io/otel/metric/noop"

	"github.com/otelcol-arc/otelcol-arc/internal/alertevent"
	"github.com/otelcol-arc/otelcol-arc/internal/falseclock"
)

// recorder is a vendor in memory: what it was told of, a line a message.
type recorder struct {
	down     func() error
	mu       sync.Mutex
	tries    []time.Time
	messages []string
}

func (r *recorder) tell(_ context.Context, alerts []alertevent.Alert) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.tries = append(r.tries, time.Now())
	if r.down != nil {
		if err := r.down(); err != nil {
			return err
		}
	}
	var names []string
	for _, a := range alerts {
		names = append(names, a.Name()+" "+string(a.State))
	}
	r.messages = append(r.messages, strings.Join(names, ", "))
	return nil
}

func (r *recorder) start(t *testing.T, change func(*Channel)) exporter.Logs {
	t.Helper()
	counter, err := noop.NewMeterProvider().Meter("").Int64Counter("alerts")
	require.NoError(t, err)
	channel := Channel{
		Filter: Filter{Resolved: true}, Retry: NewRetryConfig(), Queue: NewQueueConfig(),
		Tell: r.tell, Outcomes: NewOutcomes(counter), Close: func() {},
	}
	if change != nil {
		change(&channel)
	}
	set := exportertest.NewNopSettings(component.MustNewType("notify"))
	e, err := NewExporter(t.Context(), set, &struct{}{}, channel)
	require.NoError(t, err)
	require.NoError(t, e.Start(t.Context(), componenttest.NewNopHost()))
	return e
}

func in(group string, a alertevent.Alert) alertevent.Alert {
	a.Group = &alertevent.Group{Key: group, Labels: map[string]string{"team": group}}
	return a
}

// Those of a batch that share their group are one message; those without a group are one.
func TestGroupsAreToldTogether(t *testing.T) {
	batch := []alertevent.Alert{
		in("x", alert("A", "critical", alertevent.Firing)),
		alert("B", "critical", alertevent.Firing),
		in("y", alert("C", "critical", alertevent.Firing)),
		in("x", alert("D", "critical", alertevent.Resolved)),
		alert("E", "critical", alertevent.Firing),
	}
	for name, test := range map[string]struct {
		change func(*Channel)
		want   []string
	}{
		"together": {nil, []string{"A firing, D resolved", "B firing, E firing", "C firing"}},
		"apart": {
			func(c *Channel) { c.Apart = true },
			[]string{"A firing", "B firing", "C firing", "D resolved", "E firing"},
		},
		"places": {
			func(c *Channel) {
				e := alert("E", "critical", alertevent.Firing).Fingerprint()
				c.Place = func(a alertevent.Alert) string {
					if a.Fingerprint() == e {
						return "thread"
					}
					return ""
				}
			},
			[]string{"A firing, D resolved", "B firing", "C firing", "E firing"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			falseclock.Test(t, func(t *testing.T) {
				var r recorder
				e := r.start(t, test.change)
				require.NoError(t, e.ConsumeLogs(t.Context(), logs(batch...)))
				require.NoError(t, e.ConsumeLogs(t.Context(), logs(batch...)), "again: they are known")
				require.NoError(t, e.Shutdown(t.Context()))
				assert.Equal(t, test.want, r.messages)
			})
		})
	}
}

// A message tells of an alert once, and what follows its second state is of the next message.
func TestAlertThatChangesInABatch(t *testing.T) {
	falseclock.Test(t, func(t *testing.T) {
		var r recorder
		e := r.start(t, nil)
		require.NoError(t, e.ConsumeLogs(t.Context(), logs(
			in("x", alert("A", "info", alertevent.Firing)),
			in("x", alert("A", "info", alertevent.Resolved)),
			in("x", alert("B", "info", alertevent.Firing)),
			in("y", alert("C", "info", alertevent.Firing)),
		)))
		require.NoError(t, e.Shutdown(t.Context()))
		assert.Equal(t, []string{"A firing", "A resolved, B firing", "C firing"}, r.messages)
	})
}

// What was told of a batch before the vendor failed is not told again.
func TestRetryTellsTheRest(t *testing.T) {
	falseclock.Test(t, func(t *testing.T) {
		var r recorder
		r.down = func() error {
			if len(r.tries) == 2 {
				return errors.New("down")
			}
			return nil
		}
		e := r.start(t, nil)
		require.NoError(t, e.ConsumeLogs(t.Context(), logs(
			in("x", alert("A", "info", alertevent.Firing)),
			in("y", alert("B", "info", alertevent.Firing)),
			in("z", alert("C", "info", alertevent.Firing)),
		)))
		time.Sleep(time.Minute)
		require.NoError(t, e.Shutdown(t.Context()))
		assert.Equal(t, []string{"A firing", "B firing", "C firing"}, r.messages)
		assert.Len(t, r.tries, 4)
	})
}

// The vendor is down for an hour while alerts begin and end: all of them are
// told, in order and once, and it is asked about twice a minute.
func TestAnHourDown(t *testing.T) {
	for name, failure := range map[string]error{
		"down":      errors.New("connection refused"),
		"throttled": exporterhelper.NewThrottleRetry(errors.New("429"), 30*time.Second),
	} {
		t.Run(name, func(t *testing.T) {
			falseclock.Test(t, func(t *testing.T) {
				began := time.Now()
				var r recorder
				r.down = func() error {
					if time.Since(began) < time.Hour {
						return failure
					}
					return nil
				}
				e := r.start(t, nil)
				var want []string
				for _, name := range []string{"A", "B", "C", "D", "E", "F", "G", "H", "I", "J"} {
					for _, state := range []alertevent.State{alertevent.Firing, alertevent.Resolved} {
						require.NoError(t, e.ConsumeLogs(t.Context(), logs(alert(name, "critical", state))))
						want = append(want, name+" "+string(state))
						time.Sleep(3 * time.Minute)
					}
				}
				r.mu.Lock()
				assert.Empty(t, r.messages)
				r.mu.Unlock()
				time.Sleep(5 * time.Minute)
				require.NoError(t, e.Shutdown(t.Context()))
				assert.Equal(t, want, r.messages)
				refused := slices.IndexFunc(r.tries, func(at time.Time) bool { return at.Sub(began) >= time.Hour })
				assert.Greater(t, refused, 60)
				assert.Less(t, refused, 260, "with the backoff's jitter, one in 15 to 60 seconds")
			})
		})
	}
}
