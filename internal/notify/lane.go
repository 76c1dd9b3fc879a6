// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package notify

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/consumer/consumererror"
	"go.uber.org/zap"
	"golang.org/x/time/rate"

	"github.com/otelcol-arc/otelcol-arc/internal/alertevent"
	"github.com/otelcol-arc/otelcol-arc/internal/checkedstorage"
	"github.com/otelcol-arc/otelcol-arc/internal/health"
	"github.com/otelcol-arc/otelcol-arc/internal/mutetime"
)

const (
	// maxErrors is how many of several errors are shown.
	maxErrors = 3
	// failingForMinutes is how long a channel fails until its status reports it.
	failingForMinutes = time.Minute
)

// lane is a channel with its state and its worker. Lanes share nothing, so none
// holds up another.
type lane struct {
	owner   *Exporter
	channel Channel
	mutes   mutetime.Intervals
	deliver func(ctx context.Context, m Message) error
	secrets *strings.Replacer
	logged  rate.Sometimes // rejections

	mu         sync.Mutex // guards state, deliveries and the collected operations of store
	state      *state
	store      *store
	deliveries deliveries
	lastStatus atomic.Int32 // of the last response over HTTP; 0: none

	wake   chan struct{}      // holds a token when there is something new
	quit   context.CancelFunc // has the worker end
	cancel context.CancelFunc // ends the attempt that is under way
	done   chan struct{}      // closed when the worker has ended
}

const (
	problemStorage health.Problem = "notification storage"
	problemDamaged health.Problem = "damaged notification state" // until the process ends
)

func newLane(owner *Exporter, channel Channel, mutes mutetime.Intervals, b backoff) *lane {
	channel.Secrets = append(slices.Clone(channel.Secrets), clientSecrets(channel.HTTP)...)
	settled := channel.MaxSettled
	if settled == 0 {
		settled = maxSettled
	}
	l := &lane{
		owner: owner, channel: channel, mutes: mutes,
		secrets: newRedactor(channel.Secrets),
		logged:  rate.Sometimes{First: maxErrors, Interval: time.Minute},
		store:   newStore(),
		wake:    make(chan struct{}, 1),
	}
	g := grouping{individually: channel.Individually, together: channel.Together, limit: channel.MaxAlerts}
	if channel.Place != nil {
		g.place = func(c change) string {
			alert, _ := l.alertOf(c)
			return channel.Place(alert)
		}
	}
	l.state = newState(g, b, channel.Resend, settled)
	l.state.quiet = channel.SendResolved != nil && !*channel.SendResolved
	return l
}

// alertOf decodes a change. One that was encoded can be decoded.
func (l *lane) alertOf(c change) (alertevent.Alert, error) {
	alert, err := decode(c.encoded)
	l.owner.severities.apply(&alert)
	return alert, err
}

// open restores the state from the storage.
func (l *lane) open(ctx context.Context, host component.Host, storage component.ID) error {
	name := "alerts"
	if l.channel.Name != "" {
		name += "_" + l.channel.Name
	}
	var wrong []error
	client, err := checkedstorage.Open(ctx, host, storage, checkedstorage.Owner{Kind: component.KindExporter, ID: l.owner.set.ID, Name: name}, func(key string, _ []byte) {
		wrong = append(wrong, fmt.Errorf("%s: the checksum is wrong", key))
	})
	if err != nil {
		return err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.store.client = client
	keys, _, err := client.Keys(ctx)
	if err != nil {
		return fmt.Errorf("storage: %w", err)
	}
	entries, damaged, err := l.store.load(ctx, keys)
	if err != nil {
		return fmt.Errorf("storage: %w", err)
	}
	var unread error
	if l.deliveries, unread, err = l.store.loadDeliveries(ctx); err != nil {
		return fmt.Errorf("storage: %w", err)
	}
	if unread != nil {
		l.owner.set.Logger.Warn("Messages that were sent before are not shown: the storage is damaged", l.fields(zap.Error(unread))...)
	}
	if damaged = errors.Join(damaged, joinSome(wrong)); damaged != nil {
		l.owner.health.Set(problemDamaged, fmt.Errorf("notification state in the storage is damaged: %w", damaged), "", "")
		l.owner.set.Logger.Error("Notification state in the storage is damaged; its alerts are notified as if they were new", zap.Error(damaged))
	}
	l.state.restore(time.Now(), entries)
	return nil
}

// start makes the client and starts the worker.
func (l *lane) start(ctx context.Context, host component.Host) error {
	if err := l.channel.Start.Start(ctx, host); err != nil {
		return err
	}
	send := l.channel.Deliver
	if send == nil {
		client, err := l.newClient(ctx, host)
		if err != nil {
			return err
		}
		send = func(ctx context.Context, m Message) error { return l.channel.Send(ctx, client, m) }
	}
	l.deliver = func(ctx context.Context, m Message) error {
		if err := send(ctx, m); err != nil {
			return &redactedError{text: l.secrets.Replace(err.Error()), error: err}
		}
		return nil
	}
	attempts, cancel := context.WithCancel(context.WithoutCancel(ctx))
	running, quit := context.WithCancel(attempts)
	l.cancel, l.quit = cancel, quit
	l.done = make(chan struct{})
	go func() {
		defer close(l.done)
		l.run(running, attempts)
	}()
	return nil
}

// offer adds changes to the state and persists it.
func (l *lane) offer(ctx context.Context, changes []change) {
	now := time.Now()
	muted := l.mutes.Contains(now)
	var touched []*entry
	counts := map[string]int64{}
	l.mu.Lock()
	for _, c := range changes {
		e, outcome, evicted := l.state.offer(now, c)
		switch outcome {
		case offerKnown:
			counts[outcomeKnown]++
			continue
		case offerSuperseded:
			counts[outcomeSuperseded]++
		case offerFiltered:
			counts[outcomeFiltered]++
		}
		if muted && l.state.mute(now, e) {
			counts[outcomeMuted]++
		}
		if evicted != nil {
			counts[outcomeEvicted]++
			touched = append(touched, evicted)
		}
		touched = append(touched, e)
	}
	err := l.store.put(l.state, touched...)
	l.mu.Unlock()
	for outcome, n := range counts {
		l.owner.count(ctx, n, outcome)
	}
	l.reportEvicted(int(counts[outcomeEvicted]))
	// What cannot be persisted is sent all the same.
	l.reportStorage(errors.Join(err, l.store.flush(context.WithoutCancel(ctx), &l.mu)))
	select {
	case l.wake <- struct{}{}:
	default:
	}
}

// run sends what waits, until ctx ends. Attempts end with a context of their own.
func (l *lane) run(ctx, attempts context.Context) {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-l.wake:
		case <-timer.C:
		}
		wake := l.sendDue(ctx, attempts)
		if wake.IsZero() {
			timer.Stop()
			continue
		}
		timer.Reset(time.Until(wake))
	}
}

// sendDue sends all that is due, and returns when there will be more; zero when
// there is nothing.
func (l *lane) sendDue(ctx, attempts context.Context) time.Time {
	for ctx.Err() == nil {
		now := time.Now()
		if l.mutes.Contains(now) {
			return now.Truncate(time.Minute).Add(time.Minute)
		}
		l.mu.Lock()
		wake, due := l.state.due(now)
		l.mu.Unlock()
		if !due {
			return wake
		}
		// What is the most severe is decided after the wait.
		if l.channel.Limit != nil && l.channel.Limit.Wait(ctx) != nil {
			return time.Time{}
		}
		l.sendNext(attempts)
	}
	return time.Time{}
}

// sendNext sends one message, if one is due, and reports whether it was accepted.
func (l *lane) sendNext(ctx context.Context) bool {
	l.mu.Lock()
	m := l.state.nextMessage(time.Now())
	obsolete := l.state.dropObsolete(time.Now(), &m)
	l.mu.Unlock()
	l.owner.count(ctx, int64(obsolete), outcomeSuperseded)
	if len(m.entries) == 0 {
		return true
	}
	message := Message{ID: m.id(), Target: m.sent[0].target}
	for _, c := range m.sent {
		alert, err := l.alertOf(c)
		if err != nil {
			l.owner.set.Logger.Error("Decoding an alert failed", zap.Error(err))
		}
		message.Alerts = append(message.Alerts, alert)
	}
	began := time.Now()
	err := l.deliver(ctx, message)
	return l.settle(ctx, m, message, began, err)
}

// settle applies the outcome of a message, which was sent as it is from began on, to the state,
// and reports whether it was accepted.
func (l *lane) settle(ctx context.Context, m message, sent Message, began time.Time, err error) (accepted bool) {
	background := context.WithoutCancel(ctx)
	now := time.Now()
	var givenUp []*entry
	var throttled *ThrottledError
	var partial *PartialError
	l.mu.Lock()
	switch {
	case err == nil:
		l.state.accept(now, m)
	case errors.As(err, &partial):
		l.state.accept(now, m)
		m.entries = append(m.entries, l.state.follow(now, m, partial.Targets)...)
	case ctx.Err() != nil:
		l.state.giveBack(m) // the collector stops
	case errors.Is(err, ErrChannel):
		l.state.disable(now, m, err)
	case consumererror.IsPermanent(err):
		givenUp = l.state.reject(now, m, err)
	case errors.As(err, &throttled):
		l.state.throttle(now, m, err, throttled.Delay)
	default:
		givenUp = l.state.fail(now, m, err)
	}
	accepted = err == nil || partial != nil
	stopped := ctx.Err() != nil && !accepted
	unsaved := l.store.put(l.state, m.entries...)
	if !stopped {
		unsaved = errors.Join(unsaved, l.recordAttempt(sent, began, now, err, len(givenUp) > 0))
	}
	l.mu.Unlock()
	switch {
	case accepted:
		l.owner.count(background, int64(len(m.sent)), outcomeSent)
	case !stopped && errors.Is(err, ErrChannel):
		l.owner.count(background, int64(len(m.sent)), outcomeFailed)
	default:
		l.owner.count(background, int64(len(givenUp)), outcomeFailed)
	}
	if !stopped {
		l.reportAttempt(err, accepted, givenUp)
	}
	l.reportStorage(errors.Join(unsaved, l.store.flush(background, &l.mu)))
	return accepted
}

// stop ends the worker. What is under way has a second to end, and what waits is
// sent only when it would be lost.
func (l *lane) stop(ctx context.Context) {
	if l.done == nil {
		if l.store.client != nil {
			_ = l.store.client.Close(ctx) // Start has failed
		}
		return
	}
	l.quit()
	impatient := time.AfterFunc(stopAttempt, l.cancel)
	defer context.AfterFunc(ctx, l.cancel)()
	<-l.done
	if impatient.Stop() && l.store.client == nil {
		l.drain(ctx)
	}
	l.cancel()
	l.mu.Lock()
	waiting := l.state.waiting
	l.mu.Unlock()
	if l.store.client == nil {
		if waiting > 0 {
			l.owner.set.Logger.Error("Notifications were not sent and are lost: there is no storage", l.fields(zap.Int("alerts", waiting))...)
		}
		return
	}
	if err := errors.Join(l.store.flush(context.WithoutCancel(ctx), &l.mu), l.store.client.Close(context.WithoutCancel(ctx))); err != nil {
		l.owner.set.Logger.Error("Closing the notification state failed", l.fields(zap.Error(err))...)
	}
}

// drain sends what is due until an attempt fails or stopTimeout has passed.
func (l *lane) drain(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, stopTimeout)
	defer cancel()
	for ctx.Err() == nil && !l.mutes.Contains(time.Now()) {
		l.mu.Lock()
		_, due := l.state.due(time.Now())
		l.mu.Unlock()
		if !due || l.channel.Limit != nil && l.channel.Limit.Wait(ctx) != nil {
			return
		}
		if !l.sendNext(ctx) {
			return
		}
	}
}

// joinSome joins the first maxErrors of errs and the number of the others.
func joinSome(errs []error) error {
	if more := len(errs) - maxErrors; more > 0 {
		errs = append(slices.Clone(errs[:maxErrors]), fmt.Errorf("… %d more", more))
	}
	return errors.Join(errs...)
}
