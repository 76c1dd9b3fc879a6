// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package alertevent

import (
	"slices"
	"strings"
)

// UsualSeverities maps words that users of Prometheus, PagerDuty, Opsgenie and
// syslog write, in lower case, to ours. It must not be changed.
var UsualSeverities = map[string]string{
	"page": SeverityCritical, "p1": SeverityCritical, "p2": SeverityCritical, "fatal": SeverityCritical, "sev1": SeverityCritical,
	"emergency": SeverityCritical, "emerg": SeverityCritical, "alert": SeverityCritical, "crit": SeverityCritical,

	"high": SeverityError, "err": SeverityError, "p3": SeverityError, "sev2": SeverityError, "major": SeverityError,

	"warn": SeverityWarning, "medium": SeverityWarning, "p4": SeverityWarning, "sev3": SeverityWarning, "minor": SeverityWarning,

	"none": SeverityInfo, "low": SeverityInfo, "notice": SeverityInfo, "informational": SeverityInfo, "debug": SeverityInfo,
	"p5": SeverityInfo, "sev4": SeverityInfo,
}

// SeverityRank is higher for an alert that is more severe: the index of its
// severity in [Severities], usual words of others included. It is -1 for other
// words and for none.
func (a Alert) SeverityRank() int { return RankOf(a.Severity()) }

// RankOf is the rank of a severity: see [Alert.SeverityRank].
func RankOf(severity string) int {
	word := strings.TrimSpace(strings.ToLower(severity))
	if usual, ok := UsualSeverities[word]; ok {
		word = usual
	}
	return slices.Index(Severities, word)
}
