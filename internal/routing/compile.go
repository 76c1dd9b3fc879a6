// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package routing

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"sort"
	"time"

	"github.com/prometheus/alertmanager/matcher/compat"
	"github.com/prometheus/alertmanager/pkg/labels"
	"github.com/prometheus/common/model"
	"github.com/prometheus/common/promslog"

	"github.com/otelcol-arc/otelcol-arc/internal/mutetime"
)

// byAll in group_by stands for all labels.
const byAll = "..."

// Defaults are what the root has where it sets nothing.
type Defaults struct {
	GroupBy                                  []string
	GroupWait, GroupInterval, RepeatInterval time.Duration
}

// Compile makes the tree of a configuration whose key in the collector's is given.
// The error names everything that is wrong, each with its key.
func Compile(key string, root *Config, intervals []TimeIntervalConfig, defaults Defaults) (*Tree, error) {
	named, err := compileIntervals(intervals)
	c := compiler{intervals: named, errs: []error{err}}
	start := &Route{
		GroupBy: defaults.GroupBy, GroupWait: defaults.GroupWait, GroupInterval: defaults.GroupInterval, RepeatInterval: defaults.RepeatInterval,
	}
	if slices.Contains(start.GroupBy, byAll) {
		start.GroupBy, start.GroupByAll = nil, true
	}
	if root.Receiver == "" {
		c.fail(key, "receiver: must be set, it is that of alerts that no route below matches")
	}
	if len(root.Matchers) > 0 || len(root.Match) > 0 || len(root.MatchRE) > 0 {
		c.fail(key, "matchers: must not be set, every alert matches the root")
	}
	if len(root.MuteTimeIntervals) > 0 || len(root.ActiveTimeIntervals) > 0 {
		c.fail(key, "mute_time_intervals and active_time_intervals: must not be set for the root")
	}
	tree := &Tree{root: c.compile(key, root, start, "")}
	return tree, errors.Join(c.errs...)
}

func compileIntervals(configs []TimeIntervalConfig) (map[string]mutetime.Intervals, error) {
	named := map[string]mutetime.Intervals{}
	var errs []error
	for i, config := range configs {
		key := fmt.Sprintf("time_intervals::%d::", i)
		parsed, err := mutetime.Parse(key+"time_intervals", config.TimeIntervals)
		errs = append(errs, err)
		_, twice := named[config.Name]
		switch {
		case config.Name == "":
			errs = append(errs, errors.New(key+"name: must be set"))
		case twice:
			errs = append(errs, fmt.Errorf("%sname: %q is there twice", key, config.Name))
		}
		if len(config.TimeIntervals) == 0 {
			errs = append(errs, errors.New(key+"time_intervals: must not be empty"))
		}
		named[config.Name] = parsed
	}
	return named, errors.Join(errs...)
}

type compiler struct {
	intervals map[string]mutetime.Intervals
	errs      []error
}

func (c *compiler) fail(key, format string, args ...any) {
	c.errs = append(c.errs, fmt.Errorf(key+"::"+format, args...))
}

// compile makes a route, which inherits from the one above, whose key is given.
func (c *compiler) compile(key string, config *Config, above *Route, aboveKey string) *Route {
	r := &Route{
		Receiver: above.Receiver, GroupBy: above.GroupBy, GroupByAll: above.GroupByAll,
		GroupWait: above.GroupWait, GroupInterval: above.GroupInterval, RepeatInterval: above.RepeatInterval,
		Continue: config.Continue, Matchers: c.matchers(key, config),
	}
	if config.Receiver != "" {
		r.Receiver = config.Receiver
	}
	if config.GroupBy != nil {
		r.GroupBy, r.GroupByAll = c.groupBy(key, config.GroupBy)
	}
	for _, own := range []struct {
		key  string
		from *Duration
		to   *time.Duration
		min  time.Duration
	}{
		{"group_wait", config.GroupWait, &r.GroupWait, 0},
		{"group_interval", config.GroupInterval, &r.GroupInterval, time.Second},
		{"repeat_interval", config.RepeatInterval, &r.RepeatInterval, time.Second},
	} {
		if own.from == nil {
			continue
		}
		if *own.to = time.Duration(*own.from); *own.to < own.min {
			c.fail(key, "%s: must be %v or more, is %v", own.key, own.min, *own.to)
		}
	}
	r.mute = c.intervalsNamed(key+"::mute_time_intervals", config.MuteTimeIntervals)
	r.active = c.intervalsNamed(key+"::active_time_intervals", config.ActiveTimeIntervals)
	r.hasActive = len(config.ActiveTimeIntervals) > 0
	r.Key = r.Matchers.String()
	if aboveKey != "" {
		r.Key = aboveKey + "/" + r.Key
	}
	for i := range config.Routes {
		r.Routes = append(r.Routes, c.compile(fmt.Sprintf("%s::routes::%d", key, i), &config.Routes[i], r, r.Key))
	}
	return r
}

func (c *compiler) groupBy(key string, by []string) (names []string, all bool) {
	if slices.Contains(by, byAll) {
		if len(by) > 1 {
			c.fail(key, "group_by: %q stands for all labels, no other can be there with it", byAll)
		}
		return nil, true
	}
	for i, name := range by {
		if !model.UTF8Validation.IsValidLabelName(name) {
			c.fail(key, "group_by::%d: invalid label name %q", i, name)
		}
		if slices.Index(by, name) < i {
			c.fail(key, "group_by::%d: %q is there twice", i, name)
		}
	}
	return by, false
}

// matchers joins the three forms, in Alertmanager's order.
func (c *compiler) matchers(key string, config *Config) labels.Matchers {
	var all labels.Matchers
	for _, form := range []struct {
		key  string
		kind labels.MatchType
		of   map[string]string
	}{{"match", labels.MatchEqual, config.Match}, {"match_re", labels.MatchRegexp, config.MatchRE}} {
		for _, name := range slices.Sorted(maps.Keys(form.of)) {
			matcher, err := labels.NewMatcher(form.kind, name, form.of[name])
			if err == nil && !model.LegacyValidation.IsValidLabelName(name) {
				err = fmt.Errorf("invalid label name %q", name)
			}
			if err != nil {
				c.fail(key, "%s::%s: %w", form.key, name, err)
				continue
			}
			all = append(all, matcher)
		}
	}
	parse := compat.FallbackMatchersParser(promslog.NewNopLogger())
	for i, text := range config.Matchers {
		some, err := parse(text, "route")
		if err != nil {
			c.fail(key, "matchers::%d: %q: %w", i, text, err)
			continue
		}
		all = append(all, some...)
	}
	sort.Sort(all)
	return all
}

// intervalsNamed joins the intervals of names.
func (c *compiler) intervalsNamed(key string, names []string) mutetime.Intervals {
	var all mutetime.Intervals
	for i, name := range names {
		intervals, known := c.intervals[name]
		if !known {
			c.errs = append(c.errs, fmt.Errorf("%s::%d: %q is not a name of time_intervals", key, i, name))
		}
		all = append(all, intervals...)
	}
	return all
}
