// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package notify

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

func TestRetryAfterIsBounded(t *testing.T) {
	for _, value := range []string{"2147483647", "Fri, 31 Dec 9999 23:59:59 GMT"} {
		delay, ok := retryAfter(http.Header{"Retry-After": {value}}, time.Now())
		assert.True(t, ok)
		assert.Equal(t, maxRetryAfter, delay)
	}
}
