// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package dashboardextension

import (
	"fmt"
	"net/url"
	"slices"
	"strconv"

	"github.com/prometheus/alertmanager/api/v2/models"
	"github.com/prometheus/alertmanager/matcher/parse"
	"github.com/prometheus/alertmanager/pkg/labels"
)

// alertFilter is what the parameters of Alertmanager's API v2 choose.
type alertFilter struct {
	matchers                                labels.Matchers
	receiver                                *labels.Matcher // nil: any
	active, silenced, inhibited, isMutedToo bool
}

// parseFilter reads the parameters filter, receiver, active, silenced, inhibited and
// muted, the last four true by default.
func parseFilter(query url.Values) (alertFilter, error) {
	var f alertFilter
	matchers, err := parseMatchers(query["filter"])
	if err != nil {
		return f, &failure{badData, fmt.Errorf("filter: %w", err)}
	}
	f.matchers = matchers
	if text := query.Get("receiver"); text != "" {
		receiver, err := labels.NewMatcher(labels.MatchRegexp, "receiver", text)
		if err != nil {
			return f, &failure{badData, fmt.Errorf("receiver: %w", err)}
		}
		f.receiver = receiver
	}
	for name, to := range map[string]*bool{"active": &f.active, "silenced": &f.silenced, "inhibited": &f.inhibited, "muted": &f.isMutedToo} {
		*to = true
		text := query.Get(name)
		if text == "" {
			continue
		}
		value, err := strconv.ParseBool(text)
		if err != nil {
			return f, &failure{badData, fmt.Errorf("%s: must be true or false, is %q", name, text)}
		}
		*to = value
	}
	return f, nil
}

// matches reports whether values of labels meet all matchers; a missing one is empty.
func (f alertFilter) matches(values map[string]string) bool { return matchAll(f.matchers, values) }

func matchAll(matchers labels.Matchers, values map[string]string) bool {
	return !slices.ContainsFunc(matchers, func(m *labels.Matcher) bool { return !m.Matches(values[m.Name]) })
}

// parseMatchers reads texts in Alertmanager's syntax.
func parseMatchers(texts []string) (labels.Matchers, error) {
	var all labels.Matchers
	for _, text := range texts {
		some, err := parse.Matchers(text)
		if err != nil {
			return nil, err
		}
		all = append(all, some...)
	}
	return all, nil
}

// wants reports whether alerts with the status are asked for.
func (f alertFilter) wants(status *models.AlertStatus) bool {
	switch {
	case len(status.SilencedBy) > 0:
		return f.silenced
	case len(status.InhibitedBy) > 0:
		return f.inhibited
	case len(status.MutedBy) > 0:
		return f.isMutedToo
	default:
		return f.active
	}
}
