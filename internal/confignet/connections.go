// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package confignet

import (
	"cmp"
	"net"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// connections are the open connections of some listeners, at most limit. One more closes
// those on which nothing has passed for longest: a sender with something to send
// displaces connections that are idle or slow, and who is displaced connects again.
type connections struct {
	limit int
	now   func() time.Time
	sleep func(time.Duration)
	after func(time.Duration, func())

	mu    sync.Mutex
	conns map[*conn]struct{}
}

// process returns the connections of the process. Half of its file descriptors are
// for those, the others for files and for the connections to backends.
var process = sync.OnceValue(func() *connections { return newConnections(max(minConns, descriptors()/2)) })

const (
	// minConns are allowed however few file descriptors there are.
	minConns = 16
	// grace is for how long a connection is not idle after something has passed. Who
	// has just connected is still to be read from.
	grace = 250 * time.Millisecond
	// maxWait is how long one more waits for one that is idle. Whoever sends a byte now
	// and then is not, and is displaced then.
	maxWait = 2 * grace
	// displaced is the share of the connections that is closed at once, so that
	// finding them costs little for each new one.
	displaced = 16
	// stopGrace is how long a connection may stay open after its listener was closed, which
	// is how servers begin to stop. They then wait for requests, and whoever never ends one
	// would keep the process from what it has to do before it ends.
	stopGrace = 500 * time.Millisecond
)

var displacements atomic.Int64

// Displacements is how many connections of the process were closed because others connected.
func Displacements() int64 { return displacements.Load() }

// Limit is how many accepted connections the process has at most.
func Limit() int { return process().limit }

func newConnections(limit int) *connections {
	return &connections{
		limit: limit, now: time.Now, sleep: time.Sleep,
		after: func(d time.Duration, f func()) { time.AfterFunc(d, f) },
		conns: map[*conn]struct{}{},
	}
}

// admit adds a connection. Where there are too many it waits until one is idle, but not long.
func (c *connections) admit(accepted net.Conn, of *listener) net.Conn {
	added := &conn{Conn: accepted, connections: c, listener: of}
	for began := c.now(); ; {
		now := c.now()
		added.active.Store(now.UnixNano())
		idle, admitted := c.add(added, now, now.Sub(began) >= maxWait)
		for _, one := range idle {
			_ = one.Conn.Close() // its server gets an error, and closes it too
		}
		displacements.Add(int64(len(idle)))
		if admitted {
			return added
		}
		c.sleep(grace / 10)
	}
}

// add adds a connection if there are fewer than the limit, or others are displaced for
// it. Those must be idle, unless force is set.
func (c *connections) add(added *conn, now time.Time, force bool) (displace []*conn, admitted bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.conns) >= c.limit {
		displace = c.longestIdle(max(1, c.limit/displaced), now, force)
		if len(displace) == 0 {
			return nil, false
		}
		for _, one := range displace {
			delete(c.conns, one)
		}
	}
	c.conns[added] = struct{}{}
	return displace, true
}

// longestIdle returns up to n connections that are idle, or one in any case if force is
// set. It must be called with mu held.
func (c *connections) longestIdle(n int, now time.Time, force bool) []*conn {
	type idle struct {
		*conn
		since int64
	}
	all := make([]idle, 0, len(c.conns))
	for one := range c.conns {
		all = append(all, idle{one, one.active.Load()})
	}
	slices.SortFunc(all, func(a, b idle) int { return cmp.Compare(a.since, b.since) })
	longest := make([]*conn, 0, n)
	before := now.Add(-grace).UnixNano()
	for _, one := range all[:min(n, len(all))] {
		if one.since <= before || force && len(longest) == 0 {
			longest = append(longest, one.conn)
		}
	}
	return longest
}

func (c *connections) remove(one *conn) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.conns, one)
}

// of returns the open connections of a listener.
func (c *connections) of(l *listener) []*conn {
	c.mu.Lock()
	defer c.mu.Unlock()
	var found []*conn
	for one := range c.conns {
		if one.listener == l {
			found = append(found, one)
		}
	}
	return found
}

type listener struct {
	net.Listener
	connections *connections
}

// Accept waits for a connection.
func (l *listener) Accept() (net.Conn, error) {
	accepted, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return l.connections.admit(accepted, l), nil
}

// Close ends accepting, and later the connections that were accepted.
func (l *listener) Close() error {
	l.connections.after(stopGrace, func() {
		for _, one := range l.connections.of(l) {
			_ = one.Conn.Close() // its server gets an error, and closes it too
		}
	})
	return l.Listener.Close()
}

// conn knows when something passed last.
type conn struct {
	net.Conn
	connections *connections
	listener    *listener
	active      atomic.Int64 // nanoseconds since 1970
}

// Read reads.
func (c *conn) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	if n > 0 {
		c.active.Store(c.connections.now().UnixNano())
	}
	return n, err
}

// Write writes.
func (c *conn) Write(b []byte) (int, error) {
	n, err := c.Conn.Write(b)
	if n > 0 {
		c.active.Store(c.connections.now().UnixNano())
	}
	return n, err
}

// Close closes.
func (c *conn) Close() error {
	c.connections.remove(c)
	return c.Conn.Close()
}
