// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package notify

import (
	"time"

	lru "github.com/hashicorp/golang-lru/v2"
	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/otelcol-arc/otelcol-arc/internal/alertevent"
)

// maxRemembered bounds the alerts whose last notice is remembered. One that was
// forgotten is told as if it were new.
const maxRemembered = 10_000

// memory knows what people were last told of each alert. It mends two things:
//   - A queue on disk puts what was under way at the last shutdown behind what
//     waited, so the beginning of an alert can come after its end, and would open
//     an incident that nothing closes.
//   - A pipeline that sends to several exporters, one of which refuses, offers the
//     same records to all of them again.
type memory struct {
	last *lru.Cache[string, told] // by fingerprint
}

type told struct {
	at    time.Time
	state alertevent.State
	span  pcommon.SpanID
}

func newMemory() (memory, error) {
	last, err := lru.New[string, told](maxRemembered)
	return memory{last: last}, err
}

// needs reports whether people have to be told: not when they were told the
// same, or what came after it.
func (m memory) needs(n notice) bool {
	last, ok := m.last.Get(n.id)
	return !ok || !n.at.Before(last.at) && last != toldOf(n)
}

func (m memory) add(n notice) { m.last.Add(n.id, toldOf(n)) }

func toldOf(n notice) told { return told{at: n.at, state: n.alert.State, span: n.alert.SpanID} }
