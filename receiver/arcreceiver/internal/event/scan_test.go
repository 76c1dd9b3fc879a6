// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package event

import (
	"bytes"
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

// What is read does not depend on what was read before into the same memory, and
// texts that were kept of one event do not change with the next.
func TestDecoderIsUsedAgain(t *testing.T) {
	texts := []string{
		`{"message":"m","module":"a","function":"f","user":"u","n":7,"list":[1,"x"],"object":{"a":{"b":null}}}`,
		`{"message":"m","module":"a"}`,
		`{"message":"m","module":"a","function":"f","n":7,"user":"u","module":"b"}`,
		`{"message":"quote \" and \u00e9","user":"another","n":true,"kind":"log","z":null}`,
		`{"message":"long","text":"` + strings.Repeat("x", 3*maxShared) + `","user":"v"}`,
		`{"model":"gpt-4o","tokens":{"prompt":1,"completion":2,"rest":[{}]},"user":"w"}`,
		"{\"message\":\"not \xff UTF-8\",\"user\":\"x\"}",
		`{"message":"many",` + joinMembers(100) + `}`,
		`{"message":"many",` + joinMembers(100) + `,"kx":2,"":3}`,
		`{}`,
		`{"message":`,
	}
	one := NewDecoder()
	var got, want []told
	for i := range 10 * len(texts) {
		text := []byte(texts[(i*i/len(texts)+i)%len(texts)])
		e, err := one.Decode(text)
		again, errAgain := decodeNew(text)
		require.Equal(t, errAgain, err)
		if err == nil {
			got, want = append(got, tell(e)), append(want, tell(again))
		}
	}
	assert.Equal(t, want, got)
}
