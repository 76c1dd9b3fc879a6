// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package notify

import (
	"fmt"
	"runtime"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

// What an alert takes while it waits, and once it was notified.
func TestMemoryOfAnAlert(t *testing.T) {
	const n = 20_000
	heap := func() int64 {
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return int64(m.HeapAlloc)
	}
	now := time.Unix(1_800_000_000, 0)
	s := newState(grouping{individually: true}, backoff(NewDeliveryConfig().Retry), 0, maxSettled)
	before := heap()
	for i := range n {
		a := alert(fmt.Sprint("HighErrorRate", i), "critical", "firing")
		a.Labels["endpoint"], a.Labels["instance"], a.Labels["service"] = "/v1/chat", fmt.Sprint("arc-", i), "assistant"
		a.Annotations = map[string]string{
			"summary": "High error rate detected", "description": "The error rate of /v1/chat is 7.25 % over five minutes.",
			"runbook_url": "https://runbooks.example/high-error-rate",
		}
		s.offer(now, changeOf(t, a, now))
	}
	waiting := (heap() - before) / n
	for range n {
		s.accept(now, s.nextMessage(now))
	}
	settled := (heap() - before) / n
	t.Logf("%d bytes an alert that waits, %d once it was notified", waiting, settled)
	assert.Less(t, waiting, int64(4096))
	assert.Less(t, settled, waiting)
	runtime.KeepAlive(s)
}
