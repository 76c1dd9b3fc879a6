// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package notification

import (
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

func TestGate(t *testing.T) {
	gate := NewGate(10)
	start := time.Unix(0, 0)
	pass := func(second int, key string) bool {
		return gate.Pass(start.Add(time.Duration(second)*time.Second), key, "overflow", time.Minute)
	}
	assert.True(t, pass(0, "a"))
	assert.False(t, pass(0, "a"))
	assert.False(t, pass(59, "a"))
	assert.True(t, pass(59, "b"), "another key has its own cooldown")
	assert.True(t, pass(60, "a"))
	assert.False(t, pass(119, "a"), "the cooldown runs from the event that passed last")
	assert.True(t, gate.Pass(start, "a", "overflow", 0), "no cooldown")
}

func TestGateIsBounded(t *testing.T) {
	gate := NewGate(100)
	now := time.Unix(0, 0)
	passed := 0
	for i := range 1000 {
		if gate.Pass(now, strconv.Itoa(i), "overflow", time.Minute) {
			passed++
		}
	}
	assert.Equal(t, 101, passed, "those above the limit share one cooldown")
	assert.Len(t, gate.until, 101)

	now = now.Add(time.Minute)
	assert.True(t, gate.Pass(now, "new", "overflow", time.Minute), "room was made")
	assert.Len(t, gate.until, 1)
}

func TestGateKeepsCooldownsThatRunWhenItForgets(t *testing.T) {
	gate := NewGate(2)
	now := time.Unix(0, 0)
	assert.True(t, gate.Pass(now, "short", "overflow", time.Second))
	assert.True(t, gate.Pass(now, "long", "overflow", time.Hour))
	now = now.Add(time.Minute)
	assert.True(t, gate.Pass(now, "new", "overflow", time.Hour))
	assert.False(t, gate.Pass(now, "long", "overflow", time.Hour))
}
