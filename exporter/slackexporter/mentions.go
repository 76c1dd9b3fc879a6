// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package slackexporter

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/otelcol-arc/otelcol-arc/internal/alertevent"
)

// Who can be mentioned. Slack shows the ID in the profile of a user or a group.
// https://docs.slack.dev/messaging/formatting-message-text#mentioning-users
var (
	everybody = []string{"here", "channel", "everyone"}
	userID    = regexp.MustCompile(`^[UW][A-Z0-9]{6,20}$`)
	groupID   = regexp.MustCompile(`^S[A-Z0-9]{6,20}$`)
)

// mention is the markup that mentions somebody.
func mention(who string) (string, error) {
	switch {
	case slices.Contains(everybody, who):
		return "<!" + who + ">", nil
	case userID.MatchString(who):
		return "<@" + who + ">", nil
	case groupID.MatchString(who):
		return "<!subteam^" + who + ">", nil
	default:
		return "", fmt.Errorf("%q must be one of %v, or the ID of a user (U… or W…) or of a user group (S…)", who, everybody)
	}
}

// validateMentions names every mistake.
func validateMentions(mentions map[string][]string) []error {
	var errs []error
	for _, severity := range slices.Sorted(maps.Keys(mentions)) {
		if !slices.Contains(alertevent.Severities, severity) {
			errs = append(errs, fmt.Errorf("mentions::%s: is none of %v", severity, alertevent.Severities))
		}
		for i, who := range mentions[severity] {
			if _, err := mention(who); err != nil {
				errs = append(errs, fmt.Errorf("mentions::%s::%d: %w", severity, i, err))
			}
		}
	}
	return errs
}

// mentionMarkup is the markup that mentions, once each, the users configured for the
// severities of the alerts that fire; "" for nobody.
func mentionMarkup(mentions map[string][]string, alerts []alertevent.Alert) string {
	var all []string
	for _, severity := range slices.Backward(alertevent.Severities) {
		if !slices.ContainsFunc(alerts, func(a alertevent.Alert) bool {
			return a.State == alertevent.Firing && a.Severity() == severity
		}) {
			continue
		}
		for _, who := range mentions[severity] {
			// Validate has checked that there is no error.
			if markup, err := mention(who); err == nil && !slices.Contains(all, markup) {
				all = append(all, markup)
			}
		}
	}
	return strings.Join(all, " ")
}
