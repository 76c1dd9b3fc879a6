// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package rawconf

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestTexts(t *testing.T) {
	conf := map[string]any{
		"b": []any{1, "x", map[string]any{"d": "y", "c": nil}},
		"a": map[string]any{"e/f": "z"},
	}
	var all []string
	for key, text := range Texts(conf) {
		all = append(all, key+" "+text)
	}
	assert.Equal(t, []string{"a::e/f z", "b::1 x", "b::2::d y"}, all)
	for range Texts(conf) {
		break
	}
}
