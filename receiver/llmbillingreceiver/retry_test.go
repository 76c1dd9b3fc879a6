// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package llmbillingreceiver

import (
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

// The waits are those that the README lists.
func TestRetryIn(t *testing.T) {
	down := errors.New("no connection")
	for i, minutes := range []int{1, 2, 4, 8, 16, 32, 60, 60} {
		assert.Equal(t, time.Duration(minutes)*time.Minute, retryIn(down, i+1), "after %d failures", i+1)
	}
	assert.Equal(t, time.Hour, retryIn(down, 1_000_000))
	for _, failures := range []int{1, 9} {
		assert.Equal(t, time.Hour, retryIn(&reportError{error: down, outcome: outcomeUnauthorized}, failures))
		for asked, want := range map[time.Duration]time.Duration{
			time.Second: time.Minute, 10 * time.Minute: 10 * time.Minute, 24 * time.Hour: time.Hour,
		} {
			assert.Equal(t, want, retryIn(&reportError{error: down, outcome: outcomeRateLimited, retryAfter: asked}, failures))
		}
	}
}
