// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package price

import (
	"errors"
	"strings"
	"sync"
)

// schedule is the prices of a model by the day from which they are valid. Those of the built-in
// table are read from its text when they are first asked for: of its thousands of models a
// process uses a few, and the prices of all take more memory than the rest of the table.
type schedule struct {
	once sync.Once
	text string // columns of models.tsv; "" once they are read
	read []period
}

// newSchedule has prices that are read, ascending.
func newSchedule(periods ...period) *schedule { return &schedule{read: periods} }

// periods are the prices, ascending. There are none where the text is invalid, which a test
// of the built-in table excludes.
func (s *schedule) periods() []period {
	s.once.Do(func() {
		if s.text != "" {
			s.read, _ = compactPeriods(s.text)
			s.text = ""
		}
	})
	return s.read
}

// compactPeriods reads the columns of prices.
func compactPeriods(columns string) ([]period, error) {
	periods := make([]period, 0, 1+strings.Count(columns, "\t"))
	for column := range strings.SplitSeq(columns, "\t") {
		p, err := compactPeriod(column)
		if err != nil {
			return nil, err
		}
		if n := len(periods); n > 0 && !p.from.After(periods[n-1].from) {
			return nil, errors.New("prices are not in the order of their days")
		}
		periods = append(periods, p)
	}
	return periods, nil
}
