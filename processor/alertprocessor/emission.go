// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package alertprocessor

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
	"go.uber.org/zap"

	"github.com/otelcol-arc/otelcol-arc/internal/health"
	"github.com/otelcol-arc/otelcol-arc/processor/alertprocessor/internal/evaluate"
)

// onEvaluation takes the result of an evaluation.
func (c *core) onEvaluation(_ time.Time, result evaluate.Result) {
	c.pending.Store(int64(result.TotalPending))
	c.firing.Store(int64(result.TotalFiring))
	c.dispatcher.observe(result)
}

// emitSeries has series of rules sent to every metrics pipeline. It does not block.
func (c *core) emitSeries(all []evaluate.Sample) {
	series := make([]evaluate.Sample, 0, len(all))
	for _, s := range all {
		if evaluate.Expressible(s) {
			series = append(series, s)
		}
	}
	if left := len(all) - len(series); left > 0 {
		c.telemetry.ProcessorAlertDeliveryDropped.Add(context.Background(), int64(left),
			metric.WithAttributes(attribute.String("reason", "inexpressible")))
	}
	if len(series) == 0 {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, out := range c.metricsEmitters {
		out.enqueue(series)
	}
}

// enqueue implements outbox.
func (c *core) enqueue(decisions []decision) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, out := range c.logsEmitters {
		out.enqueue(decisions...)
	}
}

// undeliveredDecisions implements outbox. Every pipeline is sent the same, so what the slowest
// has not accepted is all.
func (c *core) undeliveredDecisions() (all []decision) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, out := range c.logsEmitters {
		if out.backlog() > len(all) {
			all = out.undeliveredItems()
		}
	}
	return all
}

// backlog implements outbox.
func (c *core) backlog() (most int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, out := range c.logsEmitters {
		most = max(most, out.backlog())
	}
	return most
}

// onDelivery records the result of sending alert records to the logs pipeline of a
// number.
func (c *core) onDelivery(pipeline int, err error) {
	c.health.Set(health.Problem(fmt.Sprintf("alert records of logs pipeline %d", pipeline)), err,
		"Sending alert records to a logs pipeline failed; they are sent again with the next evaluation",
		"Alert records are accepted by the logs pipeline again")
	c.dispatcher.wakeUp()
}

// onDrop reports of which rules alerts are dropped. It is never called concurrently.
func (c *core) onDrop(rules []string) {
	var err error
	if len(rules) > 0 {
		err = fmt.Errorf("too many alerts, so that some are dropped, of rules: %s", strings.Join(rules, ", "))
	}
	for _, rule := range rules {
		if !slices.Contains(c.dropping, rule) {
			c.logger.Error("Dropping alerts, because the rule raises too many", zap.String("rule", rule))
		}
	}
	c.dropping = rules
	c.health.Set(problemAlertLimit, err, "", "Alerts are no longer dropped")
}
