// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package notify

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

func TestRetryAfterIsBounded(t *testing.T) {
	d, _ := retryAfter("2147483647", time.Now())
	assert.Less(t, d, 24*time.Hour)
	d, _ = retryAfter("Fri, 31 Dec 9999 23:59:59 GMT", time.Now())
	assert.Less(t, d, 24*time.Hour)
}
