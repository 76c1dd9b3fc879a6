// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package seen

import (
	"encoding/binary"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

func id(n int) ID {
	var i ID
	binary.BigEndian.PutUint64(i[:], uint64(n))
	return i
}

var begin = time.Unix(1_800_000_000, 0)

func TestOnce(t *testing.T) {
	m := New(100, 10*time.Minute)
	assert.True(t, m.Add(id(1), begin))
	assert.False(t, m.Add(id(1), begin))
	assert.True(t, m.Add(id(2), begin))
}

func TestRememberedForHalfTheWindowAtLeast(t *testing.T) {
	for _, offset := range []time.Duration{0, time.Minute, 4 * time.Minute, 299 * time.Second} {
		m := New(100, 10*time.Minute)
		m.Add(id(0), begin) // begins a generation
		m.Add(id(1), begin.Add(offset))
		assert.False(t, m.Add(id(1), begin.Add(offset+5*time.Minute)), offset)
	}
}

func TestForgottenAfterTheWindow(t *testing.T) {
	m := New(100, 10*time.Minute)
	m.Add(id(1), begin)
	assert.True(t, m.Add(id(1), begin.Add(10*time.Minute)))
	m = New(100, 10*time.Minute)
	m.Add(id(1), begin)
	m.Add(id(2), begin.Add(6*time.Minute))
	assert.True(t, m.Add(id(1), begin.Add(12*time.Minute)))
}

func TestBounded(t *testing.T) {
	m := New(100, time.Hour)
	for n := range 100_000 {
		assert.True(t, m.Add(id(n), begin))
		assert.LessOrEqual(t, len(m.younger)+len(m.older), 100)
	}
	for n := 100_000 - 50; n < 100_000; n++ {
		assert.False(t, m.Add(id(n), begin), "the newest half is remembered")
	}
}
