// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package alertprocessor

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/consumer/consumererror"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	"go.opentelemetry.io/otel/sdk/metric/metricdata/metricdatatest"

	"github.com/otelcol-arc/otelcol-arc/internal/alertevent"
	"github.com/otelcol-arc/otelcol-arc/internal/falseclock"
	"github.com/otelcol-arc/otelcol-arc/processor/alertprocessor/internal/metadata"
	"github.com/otelcol-arc/otelcol-arc/processor/alertprocessor/internal/metadatatest"
)

// emitterRig is an emitter of alert records with a pipeline that accepts or rejects them.
type emitterRig struct {
	*logsEmitter
	telemetry *componenttest.Telemetry
	calls     atomic.Int64
	mu        sync.Mutex // guards what follows
	err       error      // of the pipeline
	results   []error
	got       [][]string // alerts by batch that was accepted
}

func newEmitterRig(t *testing.T, limit int) *emitterRig {
	t.Helper()
	r := &emitterRig{telemetry: componenttest.NewTelemetry()}
	t.Cleanup(func() { require.NoError(t, r.telemetry.Shutdown(context.Background())) })
	builder, err := metadata.NewTelemetryBuilder(r.telemetry.NewTelemetrySettings())
	require.NoError(t, err)
	r.logsEmitter = newEmitter(emitterOptions[decision, plog.Logs]{
		consume: func(_ context.Context, ld plog.Logs) error {
			r.calls.Add(1)
			r.mu.Lock()
			defer r.mu.Unlock()
			if r.err == nil {
				r.got = append(r.got, lines(readAlerts(t, []plog.Logs{ld})))
			}
			return r.err
		},
		build:     decisionsToLogs(pcommon.NewResource()),
		limit:     limit,
		compact:   compactDecisions,
		retry:     time.Second,
		onResult:  r.addResult,
		telemetry: builder,
	})
	return r
}

func (r *emitterRig) addResult(err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.results = append(r.results, err)
}

// setErr sets what the pipeline returns.
func (r *emitterRig) setErr(err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.err = err
}

// decide makes decisions: a minus before a name is a resolution, and a name in
// parentheses is one of severity critical.
func decide(words ...string) []decision {
	var out []decision
	for _, word := range words {
		d := decision{alert: alertevent.Alert{Labels: map[string]string{"alertname": word}, State: alertevent.Firing}}
		if word[0] == '-' {
			d.alert.Labels["alertname"], d.alert.State = word[1:], alertevent.Resolved
		}
		if name := d.alert.Name(); name[0] == '(' {
			d.alert.Labels = map[string]string{"alertname": name[1 : len(name)-1], "severity": "critical"}
		}
		out = append(out, d)
	}
	return out
}

func (r *emitterRig) assertDropped(t *testing.T, n int64, reason string) {
	t.Helper()
	metadatatest.AssertEqualProcessorAlertDeliveryDropped(t, r.telemetry, []metricdata.DataPoint[int64]{
		{Value: n, Attributes: attribute.NewSet(attribute.String("reason", reason))},
	}, metricdatatest.IgnoreTimestamp())
}

func TestPermanentlyRejectedRecordsAreNotOfferedAgain(t *testing.T) {
	falseclock.Test(t, func(t *testing.T) {
		r := newEmitterRig(t, 10)
		r.err = consumererror.NewPermanent(errors.New("never"))
		r.start(t.Context())
		r.enqueue(decide("a", "b")...)
		time.Sleep(time.Minute)
		synctest.Wait()
		assert.EqualValues(t, 1, r.calls.Load())
		assert.Zero(t, r.backlog())
		require.Len(t, r.results, 1)
		require.ErrorIs(t, r.results[0], r.err)
		r.assertDropped(t, 2, "rejected")
		r.setErr(nil)
		r.enqueue(decide("c")...)
		time.Sleep(time.Minute)
		synctest.Wait()
		assert.Equal(t, [][]string{{"firing c"}}, r.got, "and others follow")
		require.NoError(t, r.stop(t.Context()))
	})
}

func TestRejectedRecordsAreOfferedAgainInOrder(t *testing.T) {
	falseclock.Test(t, func(t *testing.T) {
		r := newEmitterRig(t, 10)
		r.err = errors.New("full")
		r.start(t.Context())
		r.enqueue(decide("a", "b")...)
		time.Sleep(1500 * time.Millisecond)
		r.enqueue(decide("-a", "c")...)
		synctest.Wait()
		assert.Equal(t, 4, r.backlog())
		r.setErr(nil)
		time.Sleep(time.Second)
		synctest.Wait()
		assert.Equal(t, [][]string{{"firing a", "firing b", "resolved a", "firing c"}}, r.got, "as one batch")
		assert.Zero(t, r.backlog())
		require.NoError(t, r.stop(t.Context()))
		assert.Len(t, r.got, 1)
	})
}

func TestBacklogDropsTheLeastSevereAndNoResolution(t *testing.T) {
	r := newEmitterRig(t, 4)
	r.enqueue(decide("x", "(y)", "a", "b")...)
	assert.Equal(t, 4, r.backlog())
	r.enqueue(decide("-x", "(c)")...)
	assert.Equal(t, []string{"(y)", "b", "-x", "(c)"}, words(r.undeliveredItems()), "superseded first, then the oldest of the least severe")
	r.enqueue(decide("-1", "-2", "-3", "-4", "-5")...)
	assert.Equal(t, []string{"-x", "-1", "-2", "-3", "-4", "-5"}, words(r.undeliveredItems()))
	r.assertDropped(t, 5, "queue_full")
}

func words(decisions []decision) []string {
	var out []string
	for _, d := range decisions {
		word := d.alert.Name()
		if d.alert.Severity() == "critical" {
			word = "(" + word + ")"
		}
		if d.alert.State == alertevent.Resolved {
			word = "-" + word
		}
		out = append(out, word)
	}
	return out
}

func TestBacklogOfAStorm(t *testing.T) {
	r := newEmitterRig(t, 60_000)
	var storm []string
	for i := range 50_000 {
		storm = append(storm, fmt.Sprintf("a%d", i))
	}
	r.enqueue(decide(storm...)...)
	for i := range storm {
		storm[i] = "-" + storm[i]
	}
	r.enqueue(decide(storm...)...)
	r.enqueue(decide("(c)")...)
	all := words(r.undeliveredItems())
	assert.Len(t, all, 50_001)
	assert.Equal(t, "-a0", all[0])
	assert.Equal(t, "(c)", all[50_000])
}
