// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package alertevent

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Words rank as the severities that they are mapped to, and docs/notifications.md
// lists all of them.
func TestUsualSeverities(t *testing.T) {
	page, err := os.ReadFile("../../docs/notifications.md")
	require.NoError(t, err)
	documented := map[string]string{}
	for _, row := range regexp.MustCompile("(?m)^\\| `(info|warning|error|critical)` \\| (`.*`) \\|$").FindAllStringSubmatch(string(page), -1) {
		for _, word := range regexp.MustCompile("`([^`]+)`").FindAllStringSubmatch(row[2], -1) {
			documented[strings.ToLower(word[1])] = row[1]
			alert := Alert{Labels: map[string]string{LabelSeverity: word[1]}}
			assert.Equal(t, slices.Index(Severities, row[1]), alert.SeverityRank(), word[1])
		}
	}
	assert.Equal(t, documented, UsualSeverities)
	assert.Equal(t, -1, Alert{Labels: map[string]string{LabelSeverity: "blue"}}.SeverityRank())
	assert.Equal(t, 0, Alert{Labels: map[string]string{LabelSeverity: "page"}, MappedSeverity: SeverityInfo}.SeverityRank())
}
