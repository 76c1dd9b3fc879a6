// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package event

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Every byte at every place of three words is told as one byte alone tells.
func TestPlainEnd(t *testing.T) {
	for b := range 256 {
		isPlain := b >= ' ' && b != '"' && b != '\\'
		for at := range 24 {
			text := bytes.Repeat([]byte("a"), 24)
			text[at] = byte(b)
			want := len(text)
			if !isPlain {
				want = at
			}
			require.Equal(t, want, plainEnd(text, 0), "%#x at %d", b, at)
			text[23] = '"' // does not hide what is before it
			require.Equal(t, min(want, 23), plainEnd(text, 0), "%#x at %d", b, at)
		}
	}
}

func TestKeyOf(t *testing.T) {
	for k := keyOther + 1; k < keys; k++ {
		require.NotEmpty(t, k.String())
		assert.Equal(t, k, keyOf(k.String()))
		assert.Equal(t, keyOther, keyOf(k.String()+"x"))
		assert.Equal(t, keyOther, keyOf(k.String()[1:]+"?"))
	}
	assert.Equal(t, keyOther, keyOf(""))
}

// An event keeps what it says when the next are read into the same memory.
func TestDecodeLeavesEventsAlone(t *testing.T) {
	texts := []string{
		`{"message":"m","module":"a","function":"f","user":"u","n":7,"list":[1,"x"],"object":{"a":{"b":null}}}`,
		`{"message":"quote \" and \u00e9","user":"another","n":true,"kind":"log","z":null}`,
		`{"message":"long","text":"` + strings.Repeat("x", 3*maxShared) + `","user":"v"}`,
		`{"model":"gpt-4o","tokens":{"prompt":1,"completion":2,"rest":[{}]},"user":"w"}`,
		"{\"message\":\"not \xff UTF-8\",\"user\":\"x\"}",
		`{"message":"many",` + joinMembers(100) + `}`,
	}
	var events []Event
	var before []string
	for range 20 {
		for _, text := range texts {
			e, err := decodeNew([]byte(text))
			require.NoError(t, err)
			events = append(events, e)
			before = append(before, fmt.Sprintf("%+v", tell(e)))
		}
	}
	for i := range events {
		assert.Equal(t, before[i], fmt.Sprintf("%+v", tell(events[i])))
		assert.Equal(t, before[i%len(texts)], before[i])
	}
}
