// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package convention_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/otelcol-arc/otelcol-arc/processor/llmcostprocessor/internal/convention"
)

func TestIsRedacted(t *testing.T) {
	for _, text := range []string{"[Scrubbed due to 'session']", "[REDACTED]", "<redacted>", "<REDACTED:email>", "[Filtered]", "[masked]", "[removed by policy]", "***", "********"} {
		assert.True(t, convention.IsRedacted(text), text)
	}
	for _, text := range []string{"", "*", "**", "[]", "<>", "[team-a]", "<alice@example.com>", "redacted", "**bold**", "[scrubs]", "[Scrubbed due", "user-4711"} {
		assert.False(t, convention.IsRedacted(text), text)
	}
}
