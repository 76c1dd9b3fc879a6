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
	// reportFailingAfter is how long a channel fails before its status reports it.
	reportFailingAfter = time.Minute
)

// worker delivers the notifications of one channel. Workers share nothing, so none
// holds up another.
type worker struct {
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

func newWorker(owner *Exporter, channel Channel, mutes mutetime.Intervals, b backoff) *worker {
	channel.Secrets = append(slices.Clone(channel.Secrets), clientSecrets(channel.HTTP)...)
	settled := channel.MaxSettled
	if settled == 0 {
		settled = maxSettled
	}
	w := &worker{
		owner: owner, channel: channel, mutes: mutes,
		secrets: newRedactor(channel.Secrets),
		logged:  rate.Sometimes{First: maxErrors, Interval: time.Minute},
		store:   newStore(),
		wake:    make(chan struct{}, 1),
	}
	g := grouping{individually: channel.Individually, together: channel.Together, limit: channel.MaxAlerts}
	if channel.Place != nil {
		g.place = func(c change) string {
			alert, _ := w.alertOf(c)
			return channel.Place(alert)
		}
	}
	w.state = newState(g, b, channel.Resend, settled)
	w.state.quiet = channel.SendResolved != nil && !*channel.SendResolved
	return w
}

// alertOf decodes a change. One that was encoded can be decoded.
func (w *worker) alertOf(c change) (alertevent.Alert, error) {
	alert, err := decode(c.encoded)
	w.owner.severities.apply(&alert)
	return alert, err
}

// open restores the state from the storage.
func (w *worker) open(ctx context.Context, host component.Host, storage component.ID) error {
	name := "alerts"
	if w.channel.Name != "" {
		name += "_" + w.channel.Name
	}
	var wrong []error
	client, err := checkedstorage.Open(ctx, host, storage, checkedstorage.Owner{Kind: component.KindExporter, ID: w.owner.set.ID, Name: name}, func(key string, _ []byte) {
		wrong = append(wrong, fmt.Errorf("%s: the checksum is wrong", key))
	})
	if err != nil {
		return err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.store.client = client
	keys, _, err := client.Keys(ctx)
	if err != nil {
		return fmt.Errorf("storage: %w", err)
	}
	entries, damaged, err := w.store.load(ctx, keys)
	if err != nil {
		return fmt.Errorf("storage: %w", err)
	}
	var unread error
	if w.deliveries, unread, err = w.store.loadDeliveries(ctx); err != nil {
		return fmt.Errorf("storage: %w", err)
	}
	if unread != nil {
		w.owner.set.Logger.Warn("Messages that were sent before are not shown: the storage is damaged", w.fields(zap.Error(unread))...)
	}
	if damaged = errors.Join(damaged, joinSome(wrong)); damaged != nil {
		w.owner.health.Set(problemDamaged, fmt.Errorf("notification state in the storage is damaged: %w", damaged), "", "")
		w.owner.set.Logger.Error("Notification state in the storage is damaged; its alerts are notified as if they were new", zap.Error(damaged))
	}
	w.state.restore(time.Now(), entries)
	return nil
}

// start makes the client and starts the worker.
func (w *worker) start(ctx context.Context, host component.Host) error {
	if err := w.channel.Start.Start(ctx, host); err != nil {
		return err
	}
	send := w.channel.Deliver
	if send == nil {
		client, err := w.newClient(ctx, host)
		if err != nil {
			return err
		}
		send = func(ctx context.Context, m Message) error { return w.channel.Send(ctx, client, m) }
	}
	w.deliver = func(ctx context.Context, m Message) error {
		if err := send(ctx, m); err != nil {
			return &redactedError{text: w.secrets.Replace(err.Error()), error: err}
		}
		return nil
	}
	attempts, cancel := context.WithCancel(context.WithoutCancel(ctx))
	running, quit := context.WithCancel(attempts)
	w.cancel, w.quit = cancel, quit
	w.done = make(chan struct{})
	go func() {
		defer close(w.done)
		w.run(running, attempts)
	}()
	return nil
}

// offer adds changes to the state and persists it.
func (w *worker) offer(ctx context.Context, changes []change) {
	now := time.Now()
	muted := w.mutes.Contains(now)
	var touched []*entry
	counts := map[string]int64{}
	w.mu.Lock()
	for _, c := range changes {
		e, outcome, evicted := w.state.offer(now, c)
		switch outcome {
		case offerKnown:
			counts[outcomeKnown]++
			continue
		case offerSuperseded:
			counts[outcomeSuperseded]++
		case offerFiltered:
			counts[outcomeFiltered]++
		}
		if muted && w.state.mute(now, e) {
			counts[outcomeMuted]++
		}
		if evicted != nil {
			counts[outcomeEvicted]++
			touched = append(touched, evicted)
		}
		touched = append(touched, e)
	}
	err := w.store.put(w.state, touched...)
	w.mu.Unlock()
	for outcome, n := range counts {
		w.owner.count(ctx, n, outcome)
	}
	w.reportEvicted(int(counts[outcomeEvicted]))
	// What cannot be persisted is sent all the same.
	w.reportStorage(errors.Join(err, w.store.flush(context.WithoutCancel(ctx), &w.mu)))
	select {
	case w.wake <- struct{}{}:
	default:
	}
}

// run sends what waits, until ctx ends. Attempts end with a context of their own.
func (w *worker) run(ctx, attempts context.Context) {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-w.wake:
		case <-timer.C:
		}
		wake := w.sendDue(ctx, attempts)
		if wake.IsZero() {
			timer.Stop()
			continue
		}
		timer.Reset(time.Until(wake))
	}
}

// sendDue sends all that is due, and returns when there will be more; zero when
// there is nothing.
func (w *worker) sendDue(ctx, attempts context.Context) time.Time {
	for ctx.Err() == nil {
		now := time.Now()
		if w.mutes.Contains(now) {
			return now.Truncate(time.Minute).Add(time.Minute)
		}
		w.mu.Lock()
		wake, due := w.state.due(now)
		w.mu.Unlock()
		if !due {
			return wake
		}
		// What is the most severe is decided after the wait.
		if w.channel.Limit != nil && w.channel.Limit.Wait(ctx) != nil {
			return time.Time{}
		}
		w.sendNext(attempts)
	}
	return time.Time{}
}

// sendNext sends one message, if one is due, and reports whether it was accepted.
func (w *worker) sendNext(ctx context.Context) bool {
	w.mu.Lock()
	m := w.state.nextMessage(time.Now())
	obsolete := w.state.dropObsolete(time.Now(), &m)
	w.mu.Unlock()
	w.owner.count(ctx, int64(obsolete), outcomeSuperseded)
	if len(m.entries) == 0 {
		return true
	}
	message := Message{ID: m.id(), Target: m.sent[0].target}
	for _, c := range m.sent {
		alert, err := w.alertOf(c)
		if err != nil {
			w.owner.set.Logger.Error("Decoding an alert failed", zap.Error(err))
		}
		message.Alerts = append(message.Alerts, alert)
	}
	began := time.Now()
	err := w.deliver(ctx, message)
	return w.settle(ctx, m, message, began, err)
}

// settle applies the outcome of a message, which was sent as it is from began on, to the state,
// and reports whether it was accepted.
func (w *worker) settle(ctx context.Context, m message, sent Message, began time.Time, err error) (accepted bool) {
	background := context.WithoutCancel(ctx)
	now := time.Now()
	var givenUp []*entry
	var throttled *ThrottledError
	var partial *PartialError
	w.mu.Lock()
	switch {
	case err == nil:
		w.state.accept(now, m)
	case errors.As(err, &partial):
		w.state.accept(now, m)
		m.entries = append(m.entries, w.state.follow(now, m, partial.Targets)...)
	case ctx.Err() != nil:
		w.state.giveBack(m) // the collector stops
	case errors.Is(err, ErrChannel):
		w.state.disable(now, m, err)
	case consumererror.IsPermanent(err):
		givenUp = w.state.reject(now, m, err)
	case errors.As(err, &throttled):
		w.state.throttle(now, m, err, throttled.Delay)
	default:
		givenUp = w.state.fail(now, m, err)
	}
	accepted = err == nil || partial != nil
	stopped := ctx.Err() != nil && !accepted
	unsaved := w.store.put(w.state, m.entries...)
	if !stopped {
		unsaved = errors.Join(unsaved, w.recordAttempt(sent, began, now, err, len(givenUp) > 0))
	}
	w.mu.Unlock()
	switch {
	case accepted:
		w.owner.count(background, int64(len(m.sent)), outcomeSent)
	case !stopped && errors.Is(err, ErrChannel):
		w.owner.count(background, int64(len(m.sent)), outcomeFailed)
	default:
		w.owner.count(background, int64(len(givenUp)), outcomeFailed)
	}
	if !stopped {
		w.reportAttempt(err, accepted, givenUp)
	}
	w.reportStorage(errors.Join(unsaved, w.store.flush(background, &w.mu)))
	return accepted
}

// stop ends the worker. What is under way has a second to end, and what waits is
// sent only when it would be lost.
func (w *worker) stop(ctx context.Context) {
	if w.done == nil {
		if w.store.client != nil {
			_ = w.store.client.Close(ctx) // Start has failed
		}
		return
	}
	w.quit()
	impatient := time.AfterFunc(stopAttempt, w.cancel)
	defer context.AfterFunc(ctx, w.cancel)()
	<-w.done
	if impatient.Stop() && w.store.client == nil {
		w.drain(ctx)
	}
	w.cancel()
	w.mu.Lock()
	waiting := w.state.waiting
	w.mu.Unlock()
	if w.store.client == nil {
		if waiting > 0 {
			w.owner.set.Logger.Error("Notifications were not sent and are lost: there is no storage", w.fields(zap.Int("alerts", waiting))...)
		}
		return
	}
	if err := errors.Join(w.store.flush(context.WithoutCancel(ctx), &w.mu), w.store.client.Close(context.WithoutCancel(ctx))); err != nil {
		w.owner.set.Logger.Error("Closing the notification state failed", w.fields(zap.Error(err))...)
	}
}

// drain sends what is due until an attempt fails or stopTimeout has passed.
func (w *worker) drain(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, stopTimeout)
	defer cancel()
	for ctx.Err() == nil && !w.mutes.Contains(time.Now()) {
		w.mu.Lock()
		_, due := w.state.due(time.Now())
		w.mu.Unlock()
		if !due || w.channel.Limit != nil && w.channel.Limit.Wait(ctx) != nil {
			return
		}
		if !w.sendNext(ctx) {
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
