// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

// Package mutetime reads times at which nothing is notified, in Alertmanager's
// syntax and with its library.
package mutetime

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/prometheus/alertmanager/timeinterval"
)

// Intervals are times, as Alertmanager reads and applies them.
// https://prometheus.io/docs/alerting/latest/configuration/#time_interval
type Intervals []timeinterval.TimeInterval

// Parse names everything that is wrong, below the key.
func Parse(key string, from []map[string]any) (Intervals, error) {
	var all Intervals
	var errs []error
	for i, settings := range from {
		interval, err := parse(settings)
		if err != nil {
			errs = append(errs, fmt.Errorf("%s::%d: %w", key, i, err))
			continue
		}
		all = append(all, interval)
	}
	return all, errors.Join(errs...)
}

func parse(settings map[string]any) (interval timeinterval.TimeInterval, err error) {
	if len(settings) == 0 {
		return interval, errors.New("must not be empty: it would be always")
	}
	text, err := json.Marshal(settings)
	if err != nil {
		return interval, err
	}
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.DisallowUnknownFields()
	return interval, decoder.Decode(&interval)
}

// Contains reports whether a time is in one of the intervals.
func (all Intervals) Contains(at time.Time) bool {
	return slices.ContainsFunc(all, func(interval timeinterval.TimeInterval) bool { return interval.ContainsTime(at.UTC()) })
}
