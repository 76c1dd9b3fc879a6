// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package event

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestKeyOf(t *testing.T) {
	for k := keyOther + 1; k < keys; k++ {
		require.NotEmpty(t, k.String())
		assert.Equal(t, k, keysByName[k.String()])
		assert.Equal(t, keyOther, keysByName[k.String()+"x"])
		assert.Equal(t, keyOther, keysByName[k.String()[1:]+"?"])
	}
	assert.Equal(t, keyOther, keysByName[""])
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
	var got, want []flat
	for i := range 10 * len(texts) {
		text := []byte(texts[(i*i/len(texts)+i)%len(texts)])
		e, err := one.Decode(text)
		again, errAgain := decodeNew(text)
		require.Equal(t, errAgain, err)
		if err == nil {
			got, want = append(got, flatten(e)), append(want, flatten(again))
		}
	}
	assert.Equal(t, want, got)
}
