// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package emailexporter

import (
	"crypto/rand"
	"strconv"
	"strings"
	"sync"

	"github.com/otelcol-arc/otelcol-arc/internal/alertevent"
)

// messageIDs makes the names of messages. The tries to send one message share a
// name, so that recipients' servers can tell that they have it already when the
// answer to a try was lost on its way.
type messageIDs struct {
	mu      sync.Mutex
	key, id string // those of what was tried last
}

// of returns the name of the message that tells of the alerts.
func (m *messageIDs) of(alerts []alertevent.Alert) string {
	var b strings.Builder
	for _, alert := range alerts {
		b.WriteString(alert.Fingerprint() + string(alert.State) + strconv.FormatInt(alert.StartsAt.UnixNano(), 36) + " ")
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.id == "" || m.key != b.String() {
		m.key, m.id = b.String(), rand.Text()
	}
	return m.id
}

// forget says that the last message was taken.
func (m *messageIDs) forget() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.key, m.id = "", ""
}
