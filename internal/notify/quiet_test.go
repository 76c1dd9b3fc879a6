// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package notify

import (
	"errors"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-arc/otelcol-arc/internal/alertevent"
	"github.com/otelcol-arc/otelcol-arc/internal/falseclock"
)

// Without resolutions recipients are notified each time that an alert fires, and not
// of one that no longer does by the time it could be sent.
func TestResolutionsAreNotSent(t *testing.T) {
	for name, test := range map[string]struct {
		of   bool // send_resolved of the notifier
		own  *bool
		want []string
	}{
		"notifier":                       {false, nil, []string{"A firing", "A firing", "C firing"}},
		"receiver, not its notifier":     {true, new(bool), []string{"A firing", "A firing", "C firing"}},
		"its notifier, not the receiver": {false, yes(), []string{"A firing", "A resolved", "A firing", "B resolved", "C firing"}},
	} {
		t.Run(name, func(t *testing.T) {
			falseclock.Test(t, func(t *testing.T) {
				var down atomic.Bool
				v := vendor{respond: func(Message) error {
					if down.Load() {
						return errors.New("down")
					}
					return nil
				}}
				e, _ := v.start(t, func(s *setup) {
					s.delivery.SendResolved, s.channel.SendResolved = test.of, test.own
				})
				offer := func(name string, state alertevent.State) {
					time.Sleep(time.Second)
					require.NoError(t, e.ConsumeLogs(t.Context(), logs(at(alert(name, "critical", state), time.Now()))))
					synctest.Wait()
				}
				offer("A", alertevent.Firing)
				offer("A", alertevent.Resolved)
				offer("A", alertevent.Firing)
				down.Store(true)
				offer("B", alertevent.Firing)
				offer("C", alertevent.Firing)
				offer("B", alertevent.Resolved)
				down.Store(false)
				time.Sleep(10 * time.Minute)
				synctest.Wait()
				v.mu.Lock()
				assert.ElementsMatch(t, test.want, v.order)
				v.mu.Unlock()
				assert.Zero(t, e.Waiting())
				require.NoError(t, e.Shutdown(t.Context()))
			})
		})
	}
}

func yes() *bool {
	is := true
	return &is
}

// What changed while it was being sent is settled by the outcome of that attempt.
func TestResolvedWhileBeingSent(t *testing.T) {
	for name, outcome := range map[string]error{
		"accepted": nil, "failed": errors.New("down"), "throttled": &ThrottledError{Delay: time.Second}, "rejected channel": ErrChannel,
	} {
		t.Run(name, func(t *testing.T) {
			now := time.Unix(1_800_000_000, 0)
			s := newState(grouping{}, backoff(NewDeliveryConfig().Retry), 0, maxSettled)
			s.quiet = true
			s.offer(now, changeOf(t, alert("A", "critical", alertevent.Firing), now))
			m := s.nextMessage(now)
			require.Len(t, m.entries, 1)
			now = now.Add(time.Second)
			s.offer(now, changeOf(t, alert("A", "critical", alertevent.Resolved), now))
			var throttled *ThrottledError
			switch {
			case outcome == nil:
				s.accept(now, m)
			case errors.Is(outcome, ErrChannel):
				s.disable(now, m, outcome)
			case errors.As(outcome, &throttled):
				s.throttle(now, m, outcome, throttled.Delay)
			default:
				s.fail(now, m, outcome)
			}
			assert.Zero(t, s.waiting)
			now = now.Add(24 * time.Hour)
			assert.Empty(t, s.nextMessage(now).entries)
			s.offer(now, changeOf(t, alert("A", "critical", alertevent.Firing), now))
			assert.Len(t, s.nextMessage(now).entries, 1, "it fires again")
		})
	}
}
