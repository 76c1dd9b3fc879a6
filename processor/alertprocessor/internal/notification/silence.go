// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package notification

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"time"
)

const (
	// silenceRetention is how long a silence is shown after its end, as in Alertmanager.
	silenceRetention = 5 * 24 * time.Hour
	// maxSilences bounds those that are not in the configuration.
	maxSilences = 1000
)

// Silence mutes the alerts that its matchers choose, from
// StartsAt until EndsAt. Those are zero when it has no beginning or no end.
type Silence struct {
	ID                 string
	Matchers           Matchers
	StartsAt, EndsAt   time.Time
	CreatedBy, Comment string
	// Configured is set for one of the configuration, which cannot be expired.
	Configured bool
}

// Validate returns everything that is wrong with a silence, each with key before
// the name of the field.
func (s Silence) Validate(key string) error {
	var errs []error
	if s.Matchers.matchAnything() {
		errs = append(errs, fmt.Errorf("%smatchers: at least one must be set that an alert without labels does not meet", key))
	}
	if !s.EndsAt.IsZero() && !s.EndsAt.After(s.StartsAt) {
		errs = append(errs, fmt.Errorf("%sends_at: must be after %v, is %v", key, s.StartsAt.Format(time.RFC3339), s.EndsAt.Format(time.RFC3339)))
	}
	return errors.Join(errs...)
}

func (s Silence) active(now time.Time) bool {
	return !now.Before(s.StartsAt) && (s.EndsAt.IsZero() || now.Before(s.EndsAt))
}

func (s Silence) purgeable(now time.Time) bool {
	return !s.Configured && !s.EndsAt.IsZero() && now.Sub(s.EndsAt) > silenceRetention
}

// Silences are those of the configuration, and others. They are not safe for
// concurrent use.
type Silences struct {
	list   []Silence
	active []string // IDs of those that were, at the last call of ActiveChanged
}

// ErrUnknownSilence is the answer to an ID that no silence has.
var ErrUnknownSilence = errors.New("no such silence")

// errConfigured rejects a change of a silence of the configuration.
var errConfigured = errors.New("is set in the configuration")

// NewSilences makes silences that begin with those of the configuration.
func NewSilences(configured []Silence) *Silences {
	return &Silences{list: slices.Clone(configured)}
}

// Mutes returns the ID of a silence that is active and chooses an alert with
// such labels, or "".
func (s *Silences) Mutes(now time.Time, alert map[string]string) string {
	for _, silence := range s.list {
		if silence.active(now) && silence.Matchers.Match(alert) {
			return silence.ID
		}
	}
	return ""
}

// ActiveChanged reports whether other silences are active than at the last call.
func (s *Silences) ActiveChanged(now time.Time) bool {
	var active []string
	for _, silence := range s.list {
		if silence.active(now) {
			active = append(active, silence.ID)
		}
	}
	changed := !slices.Equal(active, s.active)
	s.active = active
	return changed
}

// Set adds a silence, or replaces the one of the same ID. It must have an ID
// and an end to come.
func (s *Silences) Set(now time.Time, silence Silence) error {
	s.purge(now)
	if err := silence.Validate(""); err != nil {
		return err
	}
	if !silence.EndsAt.After(now) {
		return errors.New("ends_at: must be in the future")
	}
	i := s.index(silence.ID)
	switch {
	case i < 0 && len(s.list) >= maxSilences:
		return fmt.Errorf("there are %d silences already", maxSilences)
	case i < 0:
		s.list = append(s.list, silence)
	case s.list[i].Configured:
		return errConfigured
	default:
		s.list[i] = silence
	}
	return nil
}

// Expire ends a silence.
func (s *Silences) Expire(now time.Time, id string) error {
	i := s.index(id)
	switch {
	case i < 0:
		return ErrUnknownSilence
	case s.list[i].Configured:
		return errConfigured
	case s.list[i].EndsAt.After(now):
		s.list[i].EndsAt = now
		if s.list[i].StartsAt.After(now) {
			s.list[i].StartsAt = now
		}
	}
	return nil
}

// All are the silences that have not been forgotten, those that end last first.
func (s *Silences) All(now time.Time) []Silence {
	s.purge(now)
	out := slices.Clone(s.list)
	slices.SortStableFunc(out, func(a, b Silence) int {
		if a.EndsAt.IsZero() != b.EndsAt.IsZero() {
			if a.EndsAt.IsZero() {
				return -1
			}
			return 1
		}
		return cmp.Or(b.EndsAt.Compare(a.EndsAt), cmp.Compare(a.ID, b.ID))
	})
	return out
}

func (s *Silences) purge(now time.Time) {
	s.list = slices.DeleteFunc(s.list, func(silence Silence) bool { return silence.purgeable(now) })
}

func (s *Silences) index(id string) int {
	return slices.IndexFunc(s.list, func(silence Silence) bool { return silence.ID == id })
}
