// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package notify

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/consumer/consumererror"
	"go.opentelemetry.io/collector/exporter/exportertest"
	"go.opentelemetry.io/collector/extension/xextension/storage"
	"go.opentelemetry.io/collector/pipeline"
	"golang.org/x/time/rate"

	"github.com/otelcol-arc/otelcol-arc/internal/alertevent"
	"github.com/otelcol-arc/otelcol-arc/internal/falseclock"
)

// vendor is a vendor in memory: what it accepted, a line a message.
type vendor struct {
	respond func(m Message) error // nil accepts

	mu       sync.Mutex
	attempts []time.Time
	messages []string
	order    []string          // alerts, as they were accepted
	view     map[string]string // state by name of the alert
}

func (v *vendor) deliver(_ context.Context, m Message) error {
	v.mu.Lock()
	v.attempts = append(v.attempts, time.Now())
	v.mu.Unlock()
	if v.respond != nil {
		if err := v.respond(m); err != nil {
			return err
		}
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	var names []string
	if v.view == nil {
		v.view = map[string]string{}
	}
	for _, a := range m.Alerts {
		names = append(names, a.Name()+" "+string(a.State))
		v.view[a.Name()] = string(a.State)
	}
	v.order = append(v.order, names...)
	v.messages = append(v.messages, strings.Join(names, ", "))
	return nil
}

func (v *vendor) accepted() []string {
	v.mu.Lock()
	defer v.mu.Unlock()
	return slices.Clone(v.messages)
}

func (v *vendor) tries() []time.Time {
	v.mu.Lock()
	defer v.mu.Unlock()
	return slices.Clone(v.attempts)
}

type setup struct {
	delivery DeliveryConfig
	channel  Channel
	host     component.Host
}

func (v *vendor) start(t *testing.T, change func(*setup)) (*Exporter, *counter) {
	t.Helper()
	s := setup{delivery: NewDeliveryConfig(), channel: Channel{Deliver: v.deliver}, host: componenttest.NewNopHost()}
	if change != nil {
		change(&s)
	}
	count := newCounter(t)
	e, err := NewExporter(exportertest.NewNopSettings(component.MustNewType("notify")), Settings{
		Delivery: &s.delivery, Channels: []Channel{s.channel}, Outcomes: NewOutcomes(count),
	})
	require.NoError(t, err)
	require.NoError(t, e.Start(t.Context(), s.host))
	return e, count
}

func in(group string, a alertevent.Alert) alertevent.Alert {
	a.Group = &alertevent.Group{Key: group, Labels: map[string]string{"team": group}}
	return a
}

// at is the alert as it is reported at a time.
func at(a alertevent.Alert, now time.Time) alertevent.Alert {
	a.StartsAt = now
	return a
}

// A vendor that throttles, and asks to wait for no time, is not tried without a pause.
func TestThrottledWithoutDelay(t *testing.T) {
	falseclock.Test(t, func(t *testing.T) {
		v := vendor{respond: func(Message) error { return &ThrottledError{Err: errors.New("429")} }}
		e, _ := v.start(t, nil)
		require.NoError(t, e.ConsumeLogs(t.Context(), logs(alert("A", "critical", alertevent.Firing))))
		time.Sleep(time.Minute)
		assert.Less(t, len(v.tries()), 30)
		require.NoError(t, e.Shutdown(t.Context()))
	})
}

// When a clock that was ahead is set back, recipients are notified of what happens after that.
func TestClockThatIsSetBack(t *testing.T) {
	falseclock.Test(t, func(t *testing.T) {
		var v vendor
		e, _ := v.start(t, nil)
		offer := func(state alertevent.State, ahead time.Duration) {
			require.NoError(t, e.ConsumeLogs(t.Context(), logs(at(alert("A", "critical", state), time.Now().Add(ahead)))))
			synctest.Wait()
		}
		offer(alertevent.Firing, time.Hour)
		time.Sleep(time.Minute)
		offer(alertevent.Resolved, 0)
		assert.Equal(t, []string{"A firing", "A resolved"}, v.accepted())

		// Of a sender whose clock is ahead, what is repeated late is older as ever.
		offer(alertevent.Firing, time.Hour)
		offer(alertevent.Resolved, time.Hour+time.Second)
		offer(alertevent.Firing, time.Hour)
		assert.Equal(t, []string{"A firing", "A resolved", "A firing", "A resolved"}, v.accepted())
		require.NoError(t, e.Shutdown(t.Context()))
	})
}

// Those of an evaluation that share their group are one message; those without a
// group are one. What is offered again is known.
func TestGroupsAreOneMessage(t *testing.T) {
	batch := []alertevent.Alert{
		in("x", alert("A", "critical", alertevent.Firing)),
		alert("B", "critical", alertevent.Firing),
		in("y", alert("C", "critical", alertevent.Firing)),
		in("x", alert("D", "critical", alertevent.Resolved)),
		alert("E", "critical", alertevent.Firing),
	}
	for name, test := range map[string]struct {
		change func(*setup)
		want   []string
	}{
		"grouped":      {nil, []string{"A firing, D resolved", "B firing, E firing", "C firing"}},
		"individually": {func(s *setup) { s.channel.Individually = true }, []string{"A firing", "B firing", "C firing", "E firing", "D resolved"}},
		"together, two": {
			func(s *setup) { s.channel.Together, s.channel.MaxAlerts = true, 2 },
			[]string{"A firing, B firing", "C firing, E firing", "D resolved"},
		},
		"places": {
			func(s *setup) {
				s.channel.Place = func(a alertevent.Alert) string {
					if a.Name() == "E" {
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
				var v vendor
				e, count := v.start(t, test.change)
				require.NoError(t, e.ConsumeLogs(t.Context(), logs(batch...)))
				synctest.Wait()
				require.NoError(t, e.ConsumeLogs(t.Context(), logs(batch...)))
				require.NoError(t, e.Shutdown(t.Context()))
				assert.Equal(t, test.want, v.accepted())
				assert.Equal(t, int64(5), count.outcome("known"))
				assert.Equal(t, int64(5), count.outcome("sent"))
				assert.False(t, e.Capabilities().MutatesData)
			})
		})
	}
}

// A storm of warnings and critical alerts, at a vendor that takes 120 a minute:
// every critical alert first, then every other, and every resolution. While they
// wait new states take the place of those that were not sent.
func TestStorms(t *testing.T) {
	for _, size := range []int{10, 1000, maxWaiting} {
		t.Run(strconv.Itoa(size), func(t *testing.T) {
			falseclock.Long(t)
			falseclock.Test(t, func(t *testing.T) {
				v := vendor{}
				e, _ := v.start(t, func(s *setup) {
					s.channel.Individually = true
					s.channel.Limit = rate.NewLimiter(2, 1)
				})
				severities := []string{"info", "warning", "critical", "error", ""}
				var firing, resolved []alertevent.Alert
				critical := 0
				for i := range size {
					severity := severities[i%len(severities)]
					if severity == "critical" {
						critical++
					}
					a := at(alert(fmt.Sprint(severity, i), severity, alertevent.Firing), time.Now())
					firing = append(firing, a)
					a.State = alertevent.Resolved
					resolved = append(resolved, a)
				}
				began := time.Now()
				require.NoError(t, e.ConsumeLogs(t.Context(), logs(firing...)))
				assert.Zero(t, time.Since(began), "it waits for nobody")
				time.Sleep(time.Duration(critical) * time.Second / 2)
				synctest.Wait()
				v.mu.Lock()
				first := slices.Clone(v.order)
				v.mu.Unlock()
				assert.GreaterOrEqual(t, len(first), critical)
				for _, line := range first[:critical] {
					assert.True(t, strings.HasPrefix(line, "critical"), line)
				}
				require.NoError(t, e.ConsumeLogs(t.Context(), logs(resolved...)))
				time.Sleep(time.Duration(size) * time.Second)
				synctest.Wait()
				v.mu.Lock()
				defer v.mu.Unlock()
				assert.Len(t, v.view, size)
				for name, state := range v.view {
					assert.Equal(t, "resolved", state, name)
				}
				assert.Equal(t, 0, e.workers[0].state.waiting)
				require.NoError(t, e.Shutdown(t.Context()))
			})
		})
	}
}

// A storm without groups is one message.
func TestStormIsOneMessage(t *testing.T) {
	falseclock.Test(t, func(t *testing.T) {
		var v vendor
		e, _ := v.start(t, nil)
		var storm []alertevent.Alert
		for i := range 5000 {
			storm = append(storm, alert(strconv.Itoa(i), "warning", alertevent.Firing))
		}
		require.NoError(t, e.ConsumeLogs(t.Context(), logs(storm...)))
		require.NoError(t, e.Shutdown(t.Context()))
		assert.Len(t, v.accepted(), 1)
		assert.Len(t, v.view, 5000)
	})
}

// An alert for which the vendor responds with 5xx, or never, delays others by no more
// than one attempt, whether it is sent individually or with others.
func TestPoisonedAlert(t *testing.T) {
	const attempt = 10 * time.Second
	poisons := map[string]error{"5xx": errors.New("status 500"), "rejected": consumererror.NewPermanent(errors.New("status 400"))}
	for name, poison := range poisons {
		for mode, change := range map[string]func(*setup){
			"individually": func(s *setup) { s.channel.Individually = true },
			"grouped":      nil,
			"batched":      func(s *setup) { s.channel.Together, s.channel.MaxAlerts = true, 256 },
		} {
			t.Run(name+" "+mode, func(t *testing.T) {
				falseclock.Test(t, func(t *testing.T) {
					v := vendor{}
					v.respond = func(m Message) error {
						if slices.ContainsFunc(m.Alerts, func(a alertevent.Alert) bool { return a.Name() == "poison" }) {
							time.Sleep(attempt)
							return poison
						}
						return nil
					}
					e, count := v.start(t, change)
					batch := []alertevent.Alert{alert("poison", "critical", alertevent.Firing)}
					for i := range 255 {
						batch = append(batch, alert(strconv.Itoa(i), "warning", alertevent.Firing))
					}
					require.NoError(t, e.ConsumeLogs(t.Context(), logs(batch...)))
					time.Sleep(9*attempt + time.Second) // 256 alerts are divided eight times
					synctest.Wait()
					v.mu.Lock()
					assert.Len(t, v.view, 255)
					v.mu.Unlock()
					time.Sleep(time.Minute)
					require.NoError(t, e.ConsumeLogs(t.Context(), logs(at(alert("new", "critical", alertevent.Firing), time.Now()))))
					time.Sleep(attempt + time.Second) // one that is under way
					synctest.Wait()
					v.mu.Lock()
					assert.Len(t, v.view, 256)
					v.mu.Unlock()
					if name == "rejected" {
						assert.Equal(t, int64(1), count.outcome("failed"))
						assert.Equal(t, 0, e.workers[0].state.waiting)
					} else {
						assert.Equal(t, 1, e.workers[0].state.waiting)
					}
					require.NoError(t, e.Shutdown(t.Context()))
				})
			})
		}
	}
}

// The vendor is down for an hour in which alerts fire and are resolved. It is tried
// about twice a minute, and in the end has been sent the state of each alert once.
func TestAnHourDown(t *testing.T) {
	for name, failure := range map[string]error{
		"down":      errors.New("connection refused"),
		"throttled": &ThrottledError{Err: errors.New("429"), Delay: 30 * time.Second},
		"revoked":   fmt.Errorf("%w: %w", ErrChannel, consumererror.NewPermanent(errors.New("403"))),
	} {
		t.Run(name, func(t *testing.T) {
			falseclock.Test(t, func(t *testing.T) {
				began := time.Now()
				v := vendor{respond: func(Message) error {
					if time.Since(began) < time.Hour {
						return failure
					}
					return nil
				}}
				e, count := v.start(t, func(s *setup) { s.channel.Individually = true })
				want := map[string]string{}
				const pause = 3*time.Minute + time.Second // never when an attempt is due
				for _, name := range []string{"A", "B", "C", "D", "E", "F", "G", "H", "I", "J"} {
					require.NoError(t, e.ConsumeLogs(t.Context(), logs(at(alert(name, "critical", alertevent.Firing), time.Now()))))
					want[name] = "firing"
					time.Sleep(pause)
					if name > "D" {
						continue
					}
					require.NoError(t, e.ConsumeLogs(t.Context(), logs(at(alert(name, "critical", alertevent.Resolved), time.Now()))))
					want[name] = "resolved"
					time.Sleep(pause)
				}
				assert.Empty(t, v.accepted())
				assert.Equal(t, int64(4), count.outcome("superseded"))
				time.Sleep(90 * time.Minute)
				require.NoError(t, e.Shutdown(t.Context()))
				assert.Equal(t, want, v.view)
				assert.Len(t, v.accepted(), len(want))
				refused := slices.IndexFunc(v.tries(), func(at time.Time) bool { return at.Sub(began) >= time.Hour })
				assert.Greater(t, refused, 3)
				assert.Less(t, refused, 260, "with the backoff's jitter, one in 15 to 60 seconds")
				assert.True(t, e.workers[0].state.failing.IsZero())
			})
		})
	}
}

// A vendor that hangs is waited for a second when the collector stops.
func TestStopsThoughTheVendorHangs(t *testing.T) {
	falseclock.Test(t, func(t *testing.T) {
		e, _ := (&vendor{}).start(t, func(s *setup) {
			s.channel.Deliver = func(ctx context.Context, _ Message) error {
				<-ctx.Done()
				return ctx.Err()
			}
		})
		for i := range 20 {
			require.NoError(t, e.ConsumeLogs(t.Context(), logs(alert(strconv.Itoa(i), "info", alertevent.Firing))))
		}
		synctest.Wait()
		began := time.Now()
		require.NoError(t, e.Shutdown(t.Context()))
		assert.Equal(t, stopAttempt, time.Since(began))
		require.NoError(t, e.Shutdown(t.Context()))
	})
}

// Without a storage what waits is sent while the collector stops.
func TestSendsWhatWaitsWhileStopping(t *testing.T) {
	falseclock.Test(t, func(t *testing.T) {
		v := vendor{}
		e, _ := v.start(t, func(s *setup) {
			s.channel.Individually, s.channel.Limit = true, rate.NewLimiter(rate.Every(time.Second), 1)
		})
		for i := range 4 {
			require.NoError(t, e.ConsumeLogs(t.Context(), logs(alert(strconv.Itoa(i), "info", alertevent.Firing))))
		}
		require.NoError(t, e.Shutdown(t.Context()))
		assert.Len(t, v.accepted(), 4)
		assert.ErrorIs(t, e.ConsumeLogs(t.Context(), logs()), errNotStarted)
	})
}

// What fires while a channel is muted is sent afterward, and what is resolved by
// then never.
func TestMuteTimeIntervals(t *testing.T) {
	falseclock.Test(t, func(t *testing.T) {
		// The clock of a bubble starts at midnight UTC of 2000-01-01, a Saturday.
		v := vendor{}
		e, count := v.start(t, func(s *setup) {
			s.delivery.MuteTimeIntervals = []map[string]any{{
				"weekdays": []any{"saturday", "sunday"}, "location": "Europe/Berlin",
			}}
		})
		send := func(a alertevent.Alert) {
			require.NoError(t, e.ConsumeLogs(t.Context(), logs(at(a, time.Now()))))
			time.Sleep(time.Minute)
		}
		send(alert("A", "critical", alertevent.Firing))
		send(alert("B", "critical", alertevent.Firing))
		send(alert("B", "critical", alertevent.Resolved))
		time.Sleep(46 * time.Hour) // Sunday, 22:03 UTC, 23:03 in Berlin
		assert.Empty(t, v.accepted())
		time.Sleep(time.Hour)
		assert.Equal(t, []string{"A firing"}, v.accepted())
		assert.Equal(t, int64(1), count.outcome("muted"))
		send(alert("A", "critical", alertevent.Resolved))
		assert.Equal(t, []string{"A firing", "A resolved"}, v.accepted())
		require.NoError(t, e.Shutdown(t.Context()))
	})
	cfg := NewDeliveryConfig()
	cfg.MuteTimeIntervals = []map[string]any{
		{"times": []any{map[string]any{"start_time": "09:00", "end_time": "17:00"}}, "months": []any{"january:march"}, "years": []any{2026}, "days_of_month": []any{"1:5", "-3:-1"}},
		{"weekdays": []any{"someday"}},
		{"week_days": []any{"monday"}},
		{},
	}
	err := errors.Join(cfg.Problems()...)
	for _, want := range []string{"mute_time_intervals::1: ", "mute_time_intervals::2: ", "mute_time_intervals::3: must not be empty"} {
		assert.ErrorContains(t, err, want)
	}
	assert.NotContains(t, err.Error(), "::0")
}

// A target that did not accept is sent the alert again, alone, unless the alert
// has changed.
func TestPartialError(t *testing.T) {
	falseclock.Test(t, func(t *testing.T) {
		v := vendor{}
		var down atomic.Bool
		down.Store(true)
		var mu sync.Mutex
		var targets []string
		v.respond = func(m Message) error {
			mu.Lock()
			targets = append(targets, m.Target)
			mu.Unlock()
			if !down.Load() {
				return nil
			}
			if m.Target == "" {
				return &PartialError{Err: errors.New("450"), Targets: []string{"b@example.com"}}
			}
			return errors.New("450")
		}
		e, _ := v.start(t, nil)
		require.NoError(t, e.ConsumeLogs(t.Context(), logs(at(alert("A", "critical", alertevent.Firing), time.Now()))))
		time.Sleep(12 * time.Second)
		mu.Lock()
		assert.Equal(t, []string{"", "b@example.com"}, slices.Compact(slices.Clone(targets)))
		mu.Unlock()
		down.Store(false)
		time.Sleep(time.Minute)
		assert.Equal(t, []string{"A firing"}, v.accepted(), "by the target; the first was counted as accepted")
		down.Store(true)
		require.NoError(t, e.ConsumeLogs(t.Context(), logs(at(alert("A", "critical", alertevent.Resolved), time.Now()))))
		time.Sleep(time.Second)
		down.Store(false)
		require.NoError(t, e.ConsumeLogs(t.Context(), logs(at(alert("A", "critical", alertevent.Firing), time.Now()))))
		time.Sleep(time.Minute)
		assert.Equal(t, []string{"A firing", "A firing"}, v.accepted(), "nobody is sent a resolution that is outdated")
		require.NoError(t, e.Shutdown(t.Context()))
	})
}

// storageHost is a collector with a storage in memory, which can fail.
type storageHost struct {
	component.StartFunc
	component.ShutdownFunc
	clients map[string]*memoryClient
}

var storageID = component.MustNewID("memory")

func (h *storageHost) GetExtensions() map[component.ID]component.Component {
	return map[component.ID]component.Component{storageID: h}
}

func (h *storageHost) GetClient(_ context.Context, _ component.Kind, _ component.ID, name string) (storage.Client, error) {
	if h.clients == nil {
		h.clients = map[string]*memoryClient{}
	}
	if h.clients[name] == nil {
		h.clients[name] = &memoryClient{values: map[string][]byte{}}
	}
	return h.clients[name], nil
}

type memoryClient struct {
	mu     sync.Mutex
	err    error
	values map[string][]byte
}

func (c *memoryClient) Get(_ context.Context, key string) ([]byte, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.values[key], nil
}

func (c *memoryClient) Set(ctx context.Context, key string, value []byte) error {
	return c.Batch(ctx, storage.SetOperation(key, value))
}

func (c *memoryClient) Delete(ctx context.Context, key string) error {
	return c.Batch(ctx, storage.DeleteOperation(key))
}

func (c *memoryClient) Batch(_ context.Context, ops ...*storage.Operation) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, op := range ops {
		if c.err != nil && op.Type != storage.Get {
			return c.err
		}
		switch op.Type {
		case storage.Get:
			op.Value = c.values[op.Key]
		case storage.Set:
			c.values[op.Key] = op.Value
		case storage.Delete:
			delete(c.values, op.Key)
		}
	}
	return nil
}

// fail has every write fail with an error; nil ends that.
func (c *memoryClient) fail(err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.err = err
}

func (c *memoryClient) Walk(_ context.Context, fn storage.WalkFunc) error {
	for key, value := range c.values {
		if _, err := fn(key, value); err != nil {
			return err
		}
	}
	return nil
}

func (*memoryClient) Close(context.Context) error { return nil }

func (c *memoryClient) clone() *memoryClient {
	return &memoryClient{values: maps.Clone(c.values)}
}

// What waits is sent after a restart, what was notified is known, and a disk that
// is full holds nothing up.
func TestStatePersists(t *testing.T) {
	falseclock.Test(t, func(t *testing.T) {
		host := &storageHost{}
		down := true
		v := vendor{respond: func(m Message) error {
			if down && m.Alerts[0].Name() != "A" {
				return errors.New("down")
			}
			return nil
		}}
		withStorage := func(s *setup) { s.delivery.Storage, s.host, s.channel.Individually = &storageID, host, true }
		e, _ := v.start(t, withStorage)
		a, b, c := alert("A", "critical", alertevent.Firing), alert("B", "info", alertevent.Firing), alert("C", "info", alertevent.Firing)
		require.NoError(t, e.ConsumeLogs(t.Context(), logs(a, b)))
		synctest.Wait()
		host.clients["alerts"].fail(errors.New("no space left on device"))
		require.NoError(t, e.ConsumeLogs(t.Context(), logs(c)))
		assert.True(t, e.health.Has(problemStorage))
		host.clients["alerts"].fail(nil)
		require.NoError(t, e.Shutdown(t.Context()))
		assert.Equal(t, []string{"A firing"}, v.accepted())

		down = false
		e, count := v.start(t, withStorage)
		require.NoError(t, e.ConsumeLogs(t.Context(), logs(a, b, c)))
		synctest.Wait()
		require.NoError(t, e.Shutdown(t.Context()))
		assert.Equal(t, []string{"A firing", "B firing", "C firing"}, v.accepted())
		assert.Equal(t, int64(3), count.outcome("known"))
	})
}

// A state that is damaged loses no more than what is damaged.
func TestDamagedState(t *testing.T) {
	falseclock.Test(t, func(t *testing.T) {
		host := &storageHost{}
		v := vendor{respond: func(Message) error { return errors.New("down") }}
		withStorage := func(s *setup) { s.delivery.Storage, s.host = &storageID, host }
		e, _ := v.start(t, withStorage)
		require.NoError(t, e.ConsumeLogs(t.Context(), logs(alert("A", "", alertevent.Firing), alert("B", "", alertevent.Firing))))
		require.NoError(t, e.Shutdown(t.Context()))
		host.clients["alerts"].values["0"] = []byte(`{"v":7}`)
		v.respond = nil
		e, _ = v.start(t, withStorage)
		synctest.Wait()
		require.NoError(t, e.Shutdown(t.Context()))
		assert.Equal(t, []string{"B firing"}, v.accepted())
	})
}

// One bit of a stored value is flipped: that value is lost, no more, and it is reported. How many
// slots there are is known from their keys.
func TestFlippedBits(t *testing.T) {
	for key, notified := range map[string]string{"0": "B firing", "1": "A firing", keySlots: "A firing, B firing"} {
		t.Run(key, func(t *testing.T) {
			falseclock.Test(t, func(t *testing.T) {
				host := &storageHost{}
				v := vendor{respond: func(Message) error { return errors.New("down") }}
				withStorage := func(s *setup) { s.delivery.Storage, s.host = &storageID, host }
				e, _ := v.start(t, withStorage)
				require.NoError(t, e.ConsumeLogs(t.Context(), logs(alert("A", "", alertevent.Firing), alert("B", "", alertevent.Firing))))
				require.NoError(t, e.Shutdown(t.Context()))
				values := host.clients["alerts"].values
				values[key] = slices.Clone(values[key])
				values[key][len(values[key])-1] ^= 2
				v.respond = nil
				e, _ = v.start(t, withStorage)
				synctest.Wait()
				assert.True(t, e.health.Has(problemDamaged))
				require.NoError(t, e.Shutdown(t.Context()))
				assert.Equal(t, []string{notified}, v.accepted())
			})
		})
	}
}

func FuzzStored(f *testing.F) {
	f.Add([]byte(`{"v":1,"key":"a","stamp":{"at":"2026-11-23T10:00:00Z","state":"firing","span":""}}`))
	f.Add([]byte(`{"v":1,"key":"a","severity":99,"settled":{}}`))
	f.Fuzz(func(_ *testing.T, value []byte) {
		e, err := parseStored(value)
		if err != nil {
			return
		}
		s := newState(grouping{}, backoff(NewDeliveryConfig().Retry), 0, 10)
		e.slot = 0
		s.restore(time.Now(), []*entry{e})
		s.nextMessage(time.Now())
	})
}

// channelHost has channels.
type channelHost struct {
	storageHost
	channels map[component.ID]component.Component
}

func (h *channelHost) GetExporters() map[pipeline.Signal]map[component.ID]component.Component {
	return map[pipeline.Signal]map[component.ID]component.Component{pipeline.SignalLogs: h.channels}
}
