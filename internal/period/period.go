// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package period

import (
	"errors"
	"fmt"
	"time"
)

// Period is from a time until before another. Both are in the time zone that the
// calendar is of.
type Period struct{ From, To time.Time }

// Of is the unit that t is in.
func Of(u Unit, t time.Time) Period { return Period{u.Floor(t), u.Next(t)} }

// Starts are the starts of the units that the period touches. The first is that of the
// period itself, which may lie within a unit.
func (p Period) Starts(u Unit) []time.Time {
	var starts []time.Time
	for at := p.From; at.Before(p.To); at = u.Next(at) {
		starts = append(starts, at)
	}
	return starts
}

// Before is the period to compare a period with. A period that begins with a unit of the
// calendar, and ends with or within it, is compared with the unit before, up to the same
// time in it; any other with one of the same length that ends where it begins.
func (p Period) Before() Period {
	for _, u := range []Unit{Day, Week, Month, Quarter, Year} {
		if u.Floor(p.From).Equal(p.From) && p.To.Equal(u.Next(p.From)) {
			return Period{u.Add(p.From, -1), p.From}
		}
	}
	return Period{p.From.Add(-p.To.Sub(p.From)), p.From}
}

// BeforeUntil is the part of the period before that has passed when so much of this one has
// passed as until now; all of it once this one is over.
func (p Period) BeforeUntil(now time.Time) Period {
	before := p.Before()
	if !now.Before(p.To) {
		return before
	}
	if until := before.From.Add(now.Sub(p.From)); until.Before(before.To) {
		before.To = until
	}
	return before
}

// LoadZone returns a time zone by its name in the IANA time zone database; UTC for "".
func LoadZone(name string) (*time.Location, error) {
	if name == "Local" {
		return nil, errors.New(`must be a name of the IANA time zone database, as Europe/Berlin, is "Local"`)
	}
	zone, err := time.LoadLocation(name)
	if err != nil {
		return nil, fmt.Errorf("must be a name of the IANA time zone database, as Europe/Berlin, is %q", name)
	}
	return zone, nil
}
