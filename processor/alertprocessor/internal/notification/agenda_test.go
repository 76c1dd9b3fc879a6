// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package notification

import (
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// An agenda finds what a look at all items finds.
func TestAgenda(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 1))
	a, want := newAgenda[int](), map[int]int{}
	for now := range 2000 {
		item, at := random.IntN(50), now+random.IntN(100)
		if random.IntN(4) == 0 {
			a.remove(item)
			delete(want, item)
		} else {
			a.set(item, minutes(float64(at)))
			want[item] = at
		}
		var due []int
		for item, at := range want {
			if at <= now {
				due = append(due, item)
				delete(want, item)
			}
		}
		require.ElementsMatch(t, due, a.take(minutes(float64(now))))
		require.Len(t, a.all(), len(want))
		next, ok := a.next()
		require.Equal(t, len(want) > 0, ok)
		for _, at := range want {
			assert.False(t, minutes(float64(at)).Before(next))
		}
	}
}
