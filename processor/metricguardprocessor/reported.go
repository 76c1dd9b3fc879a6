// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package metricguardprocessor

import (
	"net"
	"sync"

	"github.com/otelcol-arc/otelcol-arc/processor/metricguardprocessor/internal/guard"
)

// maxReported bounds the senders that are named in the log. Senders beyond it are
// counted without a name.
const maxReported = 1000

// sender is who sent points, as far as it is known.
type sender struct{ service, address string }

// reported are the senders and reasons that were logged.
type reported struct {
	mu   sync.Mutex
	seen map[reportedKey]struct{}
}

type reportedKey struct {
	sender
	reason guard.Reason
}

// first reports whether this is to be logged.
func (r *reported) first(s sender, reason guard.Reason) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	key := reportedKey{s, reason}
	if _, ok := r.seen[key]; ok || len(r.seen) >= maxReported {
		return false
	}
	if r.seen == nil {
		r.seen = map[reportedKey]struct{}{}
	}
	r.seen[key] = struct{}{}
	return true
}

// hostOf is the address without the port, which is another one for each connection.
func hostOf(address string) string {
	if host, _, err := net.SplitHostPort(address); err == nil {
		return host
	}
	return address
}
