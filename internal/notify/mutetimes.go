// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package notify

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/prometheus/alertmanager/timeinterval"
)

// timeIntervals are times, as Alertmanager reads and applies them.
type timeIntervals []timeinterval.TimeInterval

// parseTimeIntervals names everything that is wrong, below the key.
func parseTimeIntervals(key string, from []map[string]any) (timeIntervals, error) {
	var all timeIntervals
	var errs []error
	for i, settings := range from {
		interval, err := parseTimeInterval(settings)
		if err != nil {
			errs = append(errs, fmt.Errorf("%s::%d: %w", key, i, err))
			continue
		}
		all = append(all, interval)
	}
	return all, errors.Join(errs...)
}

func parseTimeInterval(settings map[string]any) (interval timeinterval.TimeInterval, err error) {
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

// contains reports whether a time is in one of the intervals.
func (all timeIntervals) contains(at time.Time) bool {
	return slices.ContainsFunc(all, func(interval timeinterval.TimeInterval) bool { return interval.ContainsTime(at.UTC()) })
}
