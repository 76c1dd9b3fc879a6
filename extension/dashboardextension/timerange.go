// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package dashboardextension

import (
	"errors"
	"fmt"
	"time"

	"github.com/otelcol-arc/otelcol-arc/internal/period"
)

const (
	maxHours = 10_000                    // of a period: a bit more than a ledger keeps
	maxRange = 10 * 366 * 24 * time.Hour // between from and to
)

// zone is the time zone that a request names with tz, or byDefault.
func (p *params) zone(byDefault *time.Location) *time.Location {
	name := p.text("tz")
	if name == "" {
		return byDefault
	}
	zone, err := period.LoadZone(name)
	if err != nil {
		p.fail("tz", err)
		return byDefault
	}
	return zone
}

// period is what a request names with from and to, or with hours. It is the last hours, if any,
// when it names none. Now has the time zone of the request.
func (p *params) period(now time.Time, hoursByDefault int) period.Period {
	end := period.Hour.Next(now)
	from, to := p.text("from"), p.text("to")
	hours := p.number("hours", hoursByDefault, maxHours)
	switch {
	case from == "" && to == "":
		if hours == 0 {
			return period.Period{}
		}
		return lastHours(hours)(now)
	case p.text("hours") != "":
		p.fail("hours", errors.New("cannot be given with from or to"))
	case from == "":
		p.fail("to", errors.New("needs from"))
		return period.Period{From: end.Add(-time.Hour), To: end}
	}
	of := period.Period{From: p.moment("from", from, now).From, To: end}
	if to != "" {
		of.To = p.moment("to", to, now).To
	}
	switch {
	case len(p.errs) > 0:
	case !of.From.Before(of.To):
		p.fail("from", fmt.Errorf("must be before to, is %s", of.From.Format(time.RFC3339)))
	case of.To.Sub(of.From) > maxRange:
		p.fail("from", errors.New("must be at most ten years before to"))
	}
	return of
}

// moment is the period that a text means. A time means the hour that it is in, unless it begins
// it: the ledger has whole hours.
func (p *params) moment(name, text string, now time.Time) period.Period {
	of, err := period.Parse(text, now)
	if err != nil {
		p.fail(name, fmt.Errorf("%w, is %q", err, text))
		return period.Of(period.Hour, now)
	}
	if from := period.Hour.Floor(of.From); of.From.Equal(of.To) && !from.Equal(of.From) {
		return period.Of(period.Hour, from)
	}
	return of
}
