// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package prometheussource

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

// What a server gets late is seen after these times.
func TestBlocksAreReusedForAWhile(t *testing.T) {
	now := noon.Add(20 * time.Minute)
	for name, tt := range map[string]struct {
		span span
		want time.Duration
	}{
		"running hour":       {span{noon, now, now.Sub(noon)}, 10 * time.Second},
		"earlier today":      {span{noon.Add(-12 * time.Hour), noon, time.Hour}, time.Minute},
		"hours of yesterday": {span{noon.Add(-36 * time.Hour), noon.Add(-12 * time.Hour), time.Hour}, 10 * time.Minute},
		"day":                {span{noon.Add(-100 * 24 * time.Hour), noon.Add(-99 * 24 * time.Hour), 24 * time.Hour}, 10 * time.Minute},
	} {
		assert.Equal(t, tt.want, tt.span.ttl(now), name)
	}
}

// The rows in memory are bounded, and so are the blocks, however few rows they have.
// The blocks that were used longest ago go first.
func TestCacheIsBounded(t *testing.T) {
	for name, tt := range map[string]struct{ size, blocks, kept int }{
		"many rows":  {maxRows / 10, 25, 10},
		"many times": {0, maxBlocks + 25, maxBlocks},
	} {
		t.Run(name, func(t *testing.T) {
			c := cache{blocks: map[blockKey]*block{}}
			first := span{noon, noon.Add(time.Hour), time.Hour}
			for i := range tt.blocks {
				from := noon.Add(time.Duration(i) * time.Hour)
				c.add(&block{span: span{from, from.Add(time.Hour), time.Hour}, size: tt.size, used: from})
				c.blocks[first.key()].used = from // it is used all the time
			}
			assert.Len(t, c.blocks, tt.kept)
			assert.Equal(t, tt.kept*tt.size, c.size)
			assert.Contains(t, c.blocks, first.key())
			second := span{noon.Add(time.Hour), noon.Add(2 * time.Hour), time.Hour}
			assert.NotContains(t, c.blocks, second.key())
		})
	}
}
