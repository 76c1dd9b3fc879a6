// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package event

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// Level is a log level.
type Level struct {
	// Text is the level as it was written; of a number, the name that Python
	// gives it. Empty when the event has no level.
	Text string
	// Severity is the severity number of the OpenTelemetry log data model: 1
	// (trace) to 24 (fatal), 0 when the level is not known.
	Severity int32
}

// Severity numbers of the OpenTelemetry log data model, the first of each range.
const (
	SeverityTrace int32 = 1
	SeverityDebug int32 = 5
	SeverityInfo  int32 = 9
	SeverityWarn  int32 = 13
	SeverityError int32 = 17
	SeverityFatal int32 = 21
)

// severityOf returns the severity number of a level's name in capitals.
func severityOf(name string) (severity int32, known bool) {
	switch name {
	case "TRACE":
		return SeverityTrace, true
	case "DEBUG":
		return SeverityDebug, true
	case "INFO":
		return SeverityInfo, true
	case "NOTICE":
		return SeverityInfo + 1, true
	case "WARN", "WARNING":
		return SeverityWarn, true
	case "ERROR":
		return SeverityError, true
	case "CRITICAL", "FATAL":
		return SeverityFatal, true
	default:
		return 0, false
	}
}

// levels are Python's, lowest first: a level between two counts as the lower.
var levels = []struct {
	number   int64
	name     string
	severity int32
}{
	{10, "DEBUG", SeverityDebug},
	{20, "INFO", SeverityInfo},
	{30, "WARNING", SeverityWarn},
	{40, "ERROR", SeverityError},
	{50, "CRITICAL", SeverityFatal},
}

// levelByName keeps a name it does not know, as applications may define their
// own, with severity 0.
func levelByName(name string) Level {
	severity, known := severityOf(name)
	if !known {
		severity, known = severityOf(strings.ToUpper(name))
	}
	if known {
		return Level{Text: name, Severity: severity}
	}
	if number, err := strconv.ParseInt(name, 10, 32); err == nil {
		return levelByNumber(number)
	}
	return Level{Text: name}
}

func levelByNumber(number int64) Level {
	if number <= 0 || number > math.MaxInt32 {
		return Level{Text: fmt.Sprintf("Level %d", number)}
	}
	level := Level{Text: fmt.Sprintf("Level %d", number), Severity: SeverityTrace}
	for _, l := range levels {
		if number == l.number {
			level.Text = l.name
		}
		if number >= l.number {
			level.Severity = l.severity
		}
	}
	return level
}
