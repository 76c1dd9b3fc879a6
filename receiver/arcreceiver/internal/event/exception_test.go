// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package event

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestDecodeException(t *testing.T) {
	const (
		plain   = "Traceback (most recent call last):\n  File \"agents.py\", line 42, in run\n    call()\n    ~~~~^^\nValueError: no such tool: x"
		chained = plain + "\n\nDuring handling of the above exception, another exception occurred:\n\n" +
			"Traceback (most recent call last):\n  File \"agents.py\", line 50, in run\n    raise RuntimeError\nopenai.RateLimitError: Error code: 429\n  retry later\n"
		bare = "Traceback (most recent call last):\n  File \"a.py\", line 1, in <module>\nKeyboardInterrupt"
	)
	for _, tt := range []struct {
		name  string
		key   string
		value any
		want  Exception
		left  any
	}{
		{"traceback", "exc_info", plain, Exception{"ValueError", "no such tool: x", plain}, nil},
		{"chain", "traceback", chained, Exception{"openai.RateLimitError", "Error code: 429\n  retry later", chained}, nil},
		{"no message", "exception", bare, Exception{"KeyboardInterrupt", "", bare}, nil},
		{"cut off", "exc_info", plain[:60], Exception{Stacktrace: plain[:60]}, nil},
		{"object", "exception", map[string]any{"type": "ValueError", "message": "x", "traceback": plain, "code": "7"}, Exception{"ValueError", "x", plain}, map[string]any{"code": "7"}},
		{"another object", "exception", map[string]any{"a": "b"}, Exception{}, map[string]any{"a": "b"}},
		{"a flag", "exc_info", true, Exception{}, true},
		{"a text", "exception", "none", Exception{}, "none"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			raw, err := json.Marshal(map[string]any{"message": "m", tt.key: tt.value})
			require.NoError(t, err)
			e, err := decodeNew(raw)
			require.NoError(t, err)
			assert.Equal(t, tt.want, e.Exception)
			assert.Equal(t, tt.left, flatten(e).Fields[tt.key])
		})
	}
}
