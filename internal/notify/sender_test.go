// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package notify

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/config/configoptional"
	"go.opentelemetry.io/collector/config/configretry"
	"go.opentelemetry.io/collector/consumer/consumererror"
	"go.opentelemetry.io/collector/exporter/exporterhelper"
	"go.opentelemetry.io/collector/exporter/exportertest"
	"go.opentelemetry.io/otel/metric/noop"

	"github.com/otelcol-arc/otelcol-arc/internal/alertevent"
	"github.com/otelcol-arc/otelcol-arc/internal/falseclock"
)

// While the collector stops, a vendor that fails is asked once more and not for
// each alert that waits, so that the stop does not take as many time limits.
func TestStopsThoughTheVendorIsDown(t *testing.T) {
	falseclock.Test(t, func(t *testing.T) {
		const silent = 10 * time.Second
		r := recorder{down: func() error {
			time.Sleep(silent)
			return errors.New("no answer")
		}}
		e := r.start(t, nil)
		for i := range 20 {
			require.NoError(t, e.ConsumeLogs(t.Context(), logs(alert(strconv.Itoa(i), "info", alertevent.Firing))))
		}
		time.Sleep(silent / 2) // the first is under way
		synctest.Wait()
		before, began := len(r.tries), time.Now()
		_ = e.Shutdown(t.Context())
		assert.LessOrEqual(t, len(r.tries)-before, 1)
		assert.LessOrEqual(t, time.Since(began), 2*silent)
		assert.Empty(t, r.messages)
		assert.False(t, e.Capabilities().MutatesData)
	})
}

// A vendor that is well is told, while the collector stops, of all that waits.
func TestTellsWhatWaitsWhileStopping(t *testing.T) {
	falseclock.Test(t, func(t *testing.T) {
		r := recorder{down: func() error { time.Sleep(time.Second); return nil }}
		e := r.start(t, nil)
		for i := range 5 {
			require.NoError(t, e.ConsumeLogs(t.Context(), logs(alert(strconv.Itoa(i), "info", alertevent.Firing))))
		}
		require.NoError(t, e.Shutdown(t.Context()))
		assert.Len(t, r.messages, 5)
	})
}

func TestSettingsThatCannotWorkAreNamed(t *testing.T) {
	queue := func(change func(*exporterhelper.QueueBatchConfig)) configoptional.Optional[exporterhelper.QueueBatchConfig] {
		q := NewQueueConfig()
		change(q.Get())
		return q
	}
	forever, off, bounded := NewRetryConfig(), configretry.BackOffConfig{}, configretry.NewDefaultBackOffConfig()
	waiting := queue(func(q *exporterhelper.QueueBatchConfig) { q.WaitForResult = true })
	none := configoptional.None[exporterhelper.QueueBatchConfig]()
	const waits, overtakes = "retry_on_failure::max_elapsed_time: must be more than 0 when pipelines wait", "sending_queue::num_consumers: must be 1"
	for name, test := range map[string]struct {
		retry configretry.BackOffConfig
		queue configoptional.Optional[exporterhelper.QueueBatchConfig]
		want  []string
	}{
		"default":                      {forever, NewQueueConfig(), nil},
		"two consumers":                {forever, queue(func(q *exporterhelper.QueueBatchConfig) { q.NumConsumers = 2 }), []string{overtakes}},
		"no queue, for ever":           {forever, none, []string{waits}},
		"no queue, bounded":            {bounded, none, nil},
		"no queue, no retry":           {off, none, nil},
		"a queue that waits, for ever": {forever, waiting, []string{waits}},
		"a queue that waits, bounded":  {bounded, waiting, nil},
		"a queue, no retry":            {off, NewQueueConfig(), nil},
	} {
		t.Run(name, func(t *testing.T) {
			errs := ValidateDelivery(NewClientConfig(), test.retry, test.queue)
			require.Len(t, errs, len(test.want))
			for i, want := range test.want {
				assert.ErrorContains(t, errs[i], want)
			}
		})
	}
	client := NewClientConfig()
	assert.Equal(t, 10*time.Second, client.Timeout)
	assert.False(t, client.Keepalive.HasValue())
	for _, silent := range []time.Duration{0, -1} {
		client.Timeout = silent
		errs := ValidateDelivery(client, forever, NewQueueConfig())
		require.Len(t, errs, 1)
		assert.ErrorContains(t, errs[0], "http::timeout: must be more than 0")
	}
}

// What a batch was refused of for good is said, of many the first, and the rest is told.
func TestRefusalsAreSaid(t *testing.T) {
	for _, refused := range []int{1, maxErrors, maxErrors + 1, maxErrors + 4} {
		falseclock.Test(t, func(t *testing.T) {
			r := recorder{}
			r.down = func() error {
				if n := len(r.tries); n <= refused {
					return consumererror.NewPermanent(fmt.Errorf("refusal %d", n))
				}
				return nil
			}
			e := r.start(t, func(c *Channel) {
				c.Apart, c.Queue = true, configoptional.None[exporterhelper.QueueBatchConfig]()
			})
			var batch []alertevent.Alert
			for i := range refused + 2 {
				batch = append(batch, alert(strconv.Itoa(i), "info", alertevent.Firing))
			}
			err := e.ConsumeLogs(t.Context(), logs(batch...))
			require.Error(t, err)
			assert.True(t, consumererror.IsPermanent(err))
			assert.Equal(t, min(refused, maxErrors), strings.Count(err.Error(), "refusal"))
			assert.Equal(t, refused > maxErrors, strings.Contains(err.Error(), fmt.Sprintf("… %d more", refused-maxErrors)))
			assert.Len(t, r.messages, 2)
			require.NoError(t, e.Shutdown(t.Context()))
		})
	}
}

// What a channel cannot start with is the exporter's error.
func TestStartFails(t *testing.T) {
	counter, err := noop.NewMeterProvider().Meter("").Int64Counter("alerts")
	require.NoError(t, err)
	cannot := errors.New("cannot")
	e, err := NewExporter(t.Context(), exportertest.NewNopSettings(component.MustNewType("notify")), &struct{}{}, Channel{
		HTTP: NewClientConfig(), Queue: NewQueueConfig(), Retry: NewRetryConfig(),
		Start:    func(context.Context, component.Host) error { return cannot },
		Outcomes: NewOutcomes(counter), Close: func() {},
	})
	require.NoError(t, err)
	require.ErrorIs(t, e.Start(t.Context(), componenttest.NewNopHost()), cannot)
	require.NoError(t, e.Shutdown(t.Context()))
}

func TestLabelNames(t *testing.T) {
	a := alert("A", "info", alertevent.Firing)
	a.Labels["team"], a.Labels["model"] = "ml", "m"
	assert.Equal(t, []string{"model", "team"}, LabelNames(a))
}
