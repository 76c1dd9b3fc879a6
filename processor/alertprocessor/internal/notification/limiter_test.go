// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package notification

import (
	"fmt"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-arc/otelcol-arc/internal/alertevent"
)

func ofRule(rule, severity string, i int) alertevent.Alert {
	return alertevent.Alert{
		Labels:   map[string]string{"alertname": rule, "severity": severity, "i": strconv.Itoa(i)},
		State:    alertevent.Firing,
		StartsAt: start,
	}
}

// notifiedCounts has n alerts of each rule, "name severity", observed, and returns how many of
// each are notified.
func notifiedCounts(b *Log, now time.Time, rules map[string]int) map[string]int {
	firing := map[string]alertevent.Alert{}
	for word, n := range rules {
		var rule, severity string
		_, _ = fmt.Sscan(word, &rule, &severity)
		for i := range n {
			alert := ofRule(rule, severity, i)
			firing[alert.Fingerprint()] = alert
		}
	}
	b.Observe(now, observationOf(b, firing, nil), nothing)
	notifications, _ := b.Flush(now, nothing)
	count := map[string]int{}
	for _, n := range notifications {
		for _, alert := range n.Alerts {
			count[alert.Name()+" "+alert.Severity()]++
		}
	}
	return count
}

// A silence mutes what stands for the suppressed alerts, but not its resolution, unless nobody
// was notified that it fires. That is persisted.
func TestSummaryIsMuted(t *testing.T) {
	silenced := func(a alertevent.Alert) Mute {
		if a.Name() == SummaryName {
			return Mute{Reason: Silenced, By: "s"}
		}
		return Mute{}
	}
	for name, test := range map[string]struct {
		before, after func(alertevent.Alert) Mute
		want          []string
	}{
		"later":      {nothing, silenced, []string{"A; B", "TooManyAlerts", "-TooManyAlerts"}},
		"always":     {silenced, silenced, []string{"A; B", "", ""}},
		"no longer":  {silenced, nothing, []string{"A; B", "", ""}},
		"not at all": {nothing, nothing, []string{"A; B", "TooManyAlerts", "-TooManyAlerts"}},
	} {
		t.Run(name, func(t *testing.T) {
			policy := Policy{PerMinute: 2, Limit: 100, Cooldown: time.Hour}
			b := NewLog(policy)
			firing := map[string]alertevent.Alert{"A": alert("A"), "B": alert("B"), "c": alert("c")}
			b.Observe(start, observationOf(b, firing, nil), nothing)
			var got []string
			flush := func(now time.Time, mutes func(alertevent.Alert) Mute) {
				notifications, _ := b.Flush(now, mutes)
				got = append(got, describe(notifications))
			}
			flush(start, test.before)
			flush(minutes(1), test.before)
			b = restart(t, minutes(1), b)
			flush(minutes(2), test.after)
			assert.Equal(t, test.want, got)
		})
	}
}

// The same holds for what reports that alerts of a rule are dropped.
func TestDroppedIsMuted(t *testing.T) {
	silenced := func(a alertevent.Alert) Mute {
		if a.Name() == DroppedName {
			return Mute{Reason: Silenced, By: "s"}
		}
		return Mute{}
	}
	for name, test := range map[string]struct {
		before, after func(alertevent.Alert) Mute
		want          []string
	}{
		"later":     {nothing, silenced, []string{"A; AlertsDropped", "-AlertsDropped"}},
		"no longer": {silenced, nothing, []string{"A", ""}},
	} {
		t.Run(name, func(t *testing.T) {
			policy := Policy{Limit: 1, Cooldown: time.Hour}
			b := NewLog(policy)
			flush := func(now time.Time, mutes func(alertevent.Alert) Mute, names ...string) string {
				firing := map[string]alertevent.Alert{}
				for _, name := range names {
					firing[alert(name).Fingerprint()] = alert(name)
				}
				b.Observe(now, observationOf(b, firing, nil), nothing)
				notifications, _ := b.Flush(now, mutes)
				return describe(notifications)
			}
			got := []string{flush(start, test.before, "A", "b")}
			b = restart(t, start, b)
			got = append(got, flush(minutes(2), test.after, "A"))
			assert.Equal(t, test.want, got)
		})
	}
}

func TestRuleDoesNotDisplaceOthers(t *testing.T) {
	b := NewLog(Policy{Limit: 100, RuleLimit: 60})
	assert.Equal(t, map[string]int{"flood warning": 60, "AlertsDropped warning": 1}, notifiedCounts(b, start, map[string]int{"flood warning": 1000}))
	got := notifiedCounts(b, minutes(0.1), map[string]int{"flood warning": 1000, "other warning": 50})
	assert.Equal(t, 50, got["other warning"], "its share, though 40 slots are left")
	got = notifiedCounts(b, minutes(0.2), map[string]int{"flood warning": 1000, "other warning": 50, "third warning": 1})
	assert.Equal(t, 1, got["third warning"])
}

func TestLessSevereDoNotDisplaceCritical(t *testing.T) {
	b := NewLog(Policy{Limit: 100, RuleLimit: 60})
	notifiedCounts(b, start, map[string]int{"a warning": 60, "b info": 60})
	got := notifiedCounts(b, minutes(0.1), map[string]int{"a warning": 60, "b info": 60, "c critical": 60, "d page": 40})
	assert.Equal(t, 60, got["c critical"])
	assert.Equal(t, 40, got["d page"], "a usual word for critical")
	assert.Equal(t, []string{"b"}, b.Dropping(), "which was the least severe before")
}

// The most severe alerts of a rule get its slots, whatever their order.
func TestLimitOfARuleDropsTheLeastSevere(t *testing.T) {
	b := NewLog(Policy{Limit: 100, RuleLimit: 10})
	got := notifiedCounts(b, start, map[string]int{"a info": 8, "a warning": 8, "a critical": 6})
	assert.Equal(t, map[string]int{"a critical": 6, "a warning": 4, "AlertsDropped warning": 1}, got)
	assert.Equal(t, []string{"a"}, b.Dropping())
	assert.Equal(t, 12, b.refused.total["a"])
}

// Resolutions of everything that was notified leave, whatever fires instead.
func TestResolutionsLeaveInAStorm(t *testing.T) {
	b := NewLog(Policy{Limit: 100, RuleLimit: 60})
	notifiedCounts(b, start, map[string]int{"a warning": 60})
	firing := map[string]alertevent.Alert{}
	for i := range 500 {
		alert := ofRule("b", "critical", i)
		firing[alert.Fingerprint()] = alert
	}
	b.Observe(minutes(1), observationOf(b, firing, nil), nothing)
	notifications, _ := b.Flush(minutes(1), nothing)
	resolved := 0
	for _, n := range notifications {
		for _, alert := range n.Alerts {
			if alert.State == alertevent.Resolved {
				resolved++
			}
		}
	}
	assert.Equal(t, 60, resolved)
}

// The counts of the limiter are those of the entries, whatever comes and goes.
func TestLimiterForgets(t *testing.T) {
	b := NewLog(Policy{Limit: 20, RuleLimit: 10, Cooldown: time.Minute})
	for i := range 50 {
		notifiedCounts(b, minutes(float64(i)), map[string]int{"a warning": i % 17, "b critical": (i * 7) % 13, "c info": (i * 3) % 5})
		total := 0
		for _, n := range b.limiter.all {
			total += n
		}
		require.Equal(t, len(b.alerts), total)
	}
	notifiedCounts(b, minutes(100), nil)
	notifiedCounts(b, minutes(102), nil)
	assert.Empty(t, b.alerts)
	assert.Empty(t, b.limiter.rules)
	assert.Empty(t, b.Dropping())
}

// Half of the slots are for event rules, and of an odd number the one in the middle.
func TestHalfOfTheSlotsAreForEvents(t *testing.T) {
	for limit, events := range map[int]int{1: 1, 2: 1, 3: 2, 4: 2, 5: 3} {
		b := NewLog(Policy{Limit: limit, RuleLimit: 100})
		for i := range 10 {
			if b.EventsFull() {
				break
			}
			b.Occur(start, Occurrence{Alert: ofRule("e", "warning", i), Ends: minutes(5)})
		}
		assert.Equal(t, events, b.events, "of %d", limit)
	}
}

// An alert that the cap suppresses waits for its cooldown, not for the minute of the cap.
func TestSuppressedAlertWaitsForItsCooldown(t *testing.T) {
	b := NewLog(Policy{PerMinute: 1, Limit: 10, Cooldown: 5 * time.Minute})
	for _, s := range []step{
		{0, "A b", "A", Counts{RateLimit: 1}},
		{1, "A b", "TooManyAlerts", nil},
		{2, "A b", "-TooManyAlerts", nil},
		{4.9, "A b", "", nil},
		{5, "A b", "b", nil},
	} {
		got, suppressed := s.take(b)
		assert.Equal(t, s.want, describe(got), "minute %v", s.minute)
		if s.suppressed != nil {
			assert.Equal(t, s.suppressed, suppressed)
		}
	}
}

func TestAwaitedAlertIsResolvedWhenThatIsKnown(t *testing.T) {
	b := NewLog(Policy{Limit: 10, Grace: 5 * time.Minute})
	assert.Equal(t, "a", observe(b, 0, []string{"a"}, nil))
	b = restart(t, minutes(1), b)
	key := alert("a").Fingerprint()
	require.Contains(t, b.AwaitedAlerts(anyName), key)
	b.Observe(minutes(2), observationOf(b, nil, nil), nothing)
	got, _ := b.Flush(minutes(2), nothing)
	assert.Empty(t, describe(got), "nothing is known")
	b.Observe(minutes(2.1), Observation{Resolved: map[string]bool{key: true}}, nothing)
	got, _ = b.Flush(minutes(2.1), nothing)
	assert.Equal(t, "-a", describe(got))
	assert.Empty(t, b.AwaitedAlerts(anyName))
}
