// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package dashboardextension

import (
	"context"
	"fmt"
	"io"
	"time"

	"go.opentelemetry.io/collector/extension/extensioncapabilities"
	"go.uber.org/zap"

	"github.com/otelcol-arc/otelcol-arc/extension/dashboardextension/internal/banner"
	"github.com/otelcol-arc/otelcol-arc/extension/dashboardextension/internal/spend"
	"github.com/otelcol-arc/otelcol-arc/extension/dashboardextension/internal/text"
	"github.com/otelcol-arc/otelcol-arc/internal/dashboard"
	"github.com/otelcol-arc/otelcol-arc/internal/notify"
	"github.com/otelcol-arc/otelcol-arc/internal/rawconf"
)

var (
	_ extensioncapabilities.ConfigSnapshotWatcher = (*dashboardServer)(nil)
	_ extensioncapabilities.PipelineWatcher       = (*dashboardServer)(nil)
)

// reportInterval is the time between two lines about what has passed.
const reportInterval = time.Minute

// NotifyConfigSnapshot is called by the Collector before it starts the pipelines.
func (b *dashboardServer) NotifyConfigSnapshot(_ context.Context, snapshot extensioncapabilities.ConfigSnapshot) error {
	b.conf = snapshot.Effective().ToStringMap()
	return nil
}

// Ready is called when the pipelines have started.
func (b *dashboardServer) Ready() error {
	lines := banner.Describe(b.conf, b.facts())
	if b.logsJSON() {
		fields := make([]zap.Field, 0, len(lines))
		for _, line := range lines {
			fields = append(fields, zap.String(line.Name, line.Text))
		}
		b.set.Logger.Info("Collector is ready", fields...)
	} else if _, err := io.WriteString(b.terminal, banner.Format(b.set.BuildInfo.Version, lines)); err != nil {
		b.set.Logger.Warn("Writing to the terminal failed", zap.Error(err))
	}
	ctx, stop := context.WithCancel(context.Background())
	b.stopReports = stop
	b.traffic.record(b.now(), b.trafficSinceStart())
	b.serving.Go(func() { b.report(ctx) })
	return nil
}

// NotReady is called before the pipelines stop.
func (b *dashboardServer) NotReady() error {
	if b.stopReports != nil {
		b.stopReports()
	}
	return nil
}

// logsJSON reports whether programs read the log, not people.
func (b *dashboardServer) logsJSON() bool {
	telemetry := rawconf.Section(rawconf.Section(b.conf, "service"), "telemetry")
	return rawconf.Section(telemetry, "logs")["encoding"] == "json"
}

func (b *dashboardServer) facts() banner.Facts {
	f := banner.Facts{Off: notify.SwitchedOff(b.host)}
	for _, channel := range notify.Channels(b.host) {
		f.Notifiers = append(f.Notifiers, channel.ID().String())
	}
	for _, source := range b.alerts.all() {
		for _, group := range source.asked.RuleGroups() {
			for _, rule := range group.Rules {
				if rule.Kind == "event" {
					f.EventRules++
				} else {
					f.Rules++
				}
			}
		}
	}
	return f
}

// report logs once a minute what has passed, until ctx ends.
func (b *dashboardServer) report(ctx context.Context) {
	ticker := time.NewTicker(reportInterval)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
			b.set.Logger.Info(b.describeMinute(b.traffic.record(b.now(), b.trafficSinceStart())))
		}
	}
}

// trafficSinceStart is what has passed all llm_cost processors.
func (b *dashboardServer) trafficSinceStart() dashboard.Traffic {
	sum := dashboard.Traffic{Outcomes: map[string]int64{}}
	for _, source := range b.usage.all() {
		if asked, ok := source.asked.(dashboard.TrafficSource); ok {
			sum = addTraffic(sum, asked.Traffic(), 1)
		}
	}
	return sum
}

// describeMinute is one line.
func (b *dashboardServer) describeMinute(minute dashboard.Traffic) string {
	line := fmt.Sprintf("Last minute: %s, %s, %s, %s of them report calls",
		text.CountOf(minute.Spans, "span"), text.CountOf(minute.LogRecords, "log record"), text.CountOf(minute.DataPoints, "data point"), text.Count(reportsOfCalls(minute)))
	if n := minute.Outcomes["unpriced"]; n > 0 {
		line += fmt.Sprintf(" (%s unpriced)", text.Count(n))
	}
	today := b.now().UTC().Truncate(24 * time.Hour)
	var sum dashboard.Totals
	for _, source := range b.usage.all() {
		rows, err := source.asked.Usage(dashboard.Query{From: today, To: today.Add(24 * time.Hour)})
		if err != nil {
			continue
		}
		for i := range rows {
			spend.Add(&sum, &rows[i].Usage)
		}
	}
	line += fmt.Sprintf("; today (UTC): %s, %s", text.CountOf(sum.Calls, "call"), text.Dollars(sum.Dollars))
	_, firing := b.countActive()
	return line + fmt.Sprintf("; %s firing", text.CountOf(int64(firing), "alert"))
}

// reportsOfCalls are the records that report a call. They can be more than the calls:
// a more detailed record of a call that was counted before is one, too.
func reportsOfCalls(t dashboard.Traffic) (n int64) {
	for _, outcome := range []string{"priced", "estimated", "unpriced", "reported", "free"} {
		n += t.Outcomes[outcome]
	}
	return n
}
