// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package spelling

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestNearest(t *testing.T) {
	known := []string{"receivers", "processors", "exporters"}
	assert.Equal(t, "exporters", Nearest("exproter", known), "two letters are swapped and one is missing")
	assert.Equal(t, "exporters", Nearest("exportrs", known))
	assert.Empty(t, Nearest("pipelines", known))
	assert.Empty(t, Nearest("x", nil))
	assert.Equal(t, `; did you mean "exporters"?`, Suggestion("exportrs", known))
	assert.Empty(t, Suggestion("pipelines", known))
}

func TestDistance(t *testing.T) {
	for _, tt := range []struct {
		a, b string
		want int
	}{
		{"", "", 0},
		{"", "abc", 3},
		{"abc", "", 3},
		{"kitten", "sitting", 3},
		{"rule_file", "rule_files", 1},
		{"ab", "ba", 1},
		{"abcd", "badc", 2},
	} {
		assert.Equal(t, tt.want, distance(tt.a, tt.b), "%s %s", tt.a, tt.b)
		assert.Equal(t, tt.want, distance(tt.b, tt.a), "%s %s", tt.b, tt.a)
	}
}
