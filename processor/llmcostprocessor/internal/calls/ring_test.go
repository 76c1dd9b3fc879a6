// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package calls

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestRing(t *testing.T) {
	const size = placesInPart + 44
	var r ring[uint64]
	assert.Nil(t, r.at(1, size), "no place was used")
	for number := uint64(1); number <= 3*size; number++ {
		*r.use(number, size) = number
	}
	for number := uint64(2*size + 1); number <= 3*size; number++ {
		assert.Equal(t, number, *r.at(number, size))
		assert.Equal(t, number, *r.at(number-size, size), "of the one that had the place before")
	}
	places := 0
	for range r.all {
		places++
	}
	assert.Equal(t, size, places)
}

// TestRingHasPartsThatAreUsed: after a restart the first number may be anywhere.
func TestRingHasPartsThatAreUsed(t *testing.T) {
	const size = 100 * placesInPart
	var r ring[uint64]
	*r.use(99*placesInPart, size) = 1
	assert.Nil(t, r.at(0, size))
	places := 0
	for range r.all {
		places++
	}
	assert.Equal(t, placesInPart, places)
}
