// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package notification

import (
	"errors"
	"fmt"
	"slices"
	"unicode/utf8"

	"github.com/prometheus/alertmanager/matcher/parse"
	"github.com/prometheus/alertmanager/pkg/labels"
)

// Matchers choose alerts by their labels, all of them; a label that is missing
// is empty. They know no alert when there are none.
type Matchers labels.Matchers

// ParseMatchers reads matchers in Alertmanager's syntax. A text may hold one
// or several: severity=~"info|warning", or {a="b", c!="d"}. The error names
// every text that is wrong, with key before its number.
func ParseMatchers(texts []string, key string) (Matchers, error) {
	var out Matchers
	var errs []error
	for i, text := range texts {
		matchers, err := parse.Matchers(text)
		switch {
		case !utf8.ValidString(text):
			errs = append(errs, fmt.Errorf("%s%d: is not valid UTF-8", key, i))
		case err != nil:
			errs = append(errs, fmt.Errorf("%s%d: %w", key, i, err))
		case len(matchers) == 0:
			errs = append(errs, fmt.Errorf("%s%d: is empty", key, i))
		case slices.ContainsFunc(matchers, func(m *labels.Matcher) bool { return m.Name == "" }):
			errs = append(errs, fmt.Errorf("%s%d: a label has no name", key, i))
		}
		out = append(out, matchers...)
	}
	return out, errors.Join(errs...)
}

// Match reports whether the labels are those of an alert that is chosen.
func (m Matchers) Match(alert map[string]string) bool {
	for _, matcher := range m {
		if !matcher.Matches(alert[matcher.Name]) {
			return false
		}
	}
	return len(m) > 0
}

// matchAnything reports whether alerts without labels are chosen, and so perhaps all.
func (m Matchers) matchAnything() bool { return len(m) == 0 || m.Match(nil) }

// Strings are the matchers, one by one, in Alertmanager's syntax.
func (m Matchers) Strings() []string {
	out := make([]string, len(m))
	for i, matcher := range m {
		out[i] = matcher.String()
	}
	return out
}
