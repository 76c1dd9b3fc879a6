// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package event

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestTrimPadding(t *testing.T) {
	for line, want := range map[string]string{
		"": "", "{}": "{}", "\ufeff{}": "{}", "\x00\x00{}": "{}", "\x00": "", "{\"a\": \"\x00\ufeff\"}": "{\"a\": \"\x00\ufeff\"}", "\ufeff\ufeff{}": "\ufeff{}",
	} {
		assert.Equal(t, want, string(TrimPadding([]byte(line))), "%q", line)
	}
}

func TestItemsAfterAByteOrderMark(t *testing.T) {
	for _, body := range []string{"{\"a\": 1}\n{\"a\": 2}", "[{\"a\": 1},{\"a\": 2}]"} {
		var items []string
		for item, err := range Items(strings.NewReader("\ufeff"+body), 100) {
			require.NoError(t, err)
			require.NoError(t, item.Err)
			items = append(items, strings.TrimSpace(string(item.Raw)))
		}
		assert.Equal(t, []string{`{"a": 1}`, `{"a": 2}`}, items)
	}
}
