// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package confignet

import (
	"context"
	"io"
	"net"
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// serve echoes until the test ends, on a listener with these connections.
func serve(t *testing.T, c *connections) string {
	t.Helper()
	inner, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	l := &listener{Listener: inner, connections: c}
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			accepted, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				_, _ = io.Copy(accepted, accepted)
				_ = accepted.Close()
			}()
		}
	}()
	return inner.Addr().String()
}

func dial(t *testing.T, address string) net.Conn {
	t.Helper()
	c, err := net.Dial("tcp", address)
	require.NoError(t, err)
	t.Cleanup(func() { _ = c.Close() })
	return c
}

// echo reports whether the server still answers on the connection.
func echo(c net.Conn) bool {
	_ = c.SetDeadline(time.Now().Add(10 * time.Second))
	if _, err := c.Write([]byte{1}); err != nil {
		return false
	}
	_, err := io.ReadFull(c, make([]byte, 1))
	return err == nil
}

// However many connect and send nothing, one that sends stays, and who comes next is served.
func TestIdleConnectionsAreDisplaced(t *testing.T) {
	var clock atomic.Int64
	c := newConnections(32)
	c.now = func() time.Time { return time.Unix(clock.Add(1), 0) } // everybody is idle soon
	addresses := []string{serve(t, c), serve(t, c)}
	sender := dial(t, addresses[0])
	require.True(t, echo(sender))
	before := Displacements()
	admitted := func() int {
		c.mu.Lock()
		defer c.mu.Unlock()
		return len(c.conns) + int(Displacements()-before)
	}
	var strangers []net.Conn
	for i := range 500 {
		strangers = append(strangers, dial(t, addresses[i%2]))
		// Of those that are admitted at once, nobody sends.
		require.Eventually(t, func() bool { return admitted() >= i+2 }, time.Minute, time.Millisecond)
		require.True(t, echo(sender), "after %d strangers", i)
	}
	require.True(t, echo(dial(t, addresses[1])))
	assert.GreaterOrEqual(t, Displacements()-before, int64(400))
	c.mu.Lock()
	open := len(c.conns)
	c.mu.Unlock()
	assert.LessOrEqual(t, open, 32)
	assert.False(t, echo(strangers[0]), "the first was closed")
	assert.True(t, echo(strangers[499]), "the last was not")
}

func TestClosedConnectionsDisplaceNobody(t *testing.T) {
	c := newConnections(4)
	address := serve(t, c)
	before := Displacements()
	for range 100 {
		one := dial(t, address)
		require.True(t, echo(one))
		require.NoError(t, one.Close())
		require.Eventually(t, func() bool {
			c.mu.Lock()
			defer c.mu.Unlock()
			return len(c.conns) == 0
		}, 10*time.Second, time.Millisecond)
	}
	assert.Equal(t, before, Displacements())
}

// One that has just connected is not displaced before it can be read from, whoever
// comes. When nobody is idle, the one on which nothing has passed for longest gives way.
func TestGrace(t *testing.T) {
	c := newConnections(2)
	now := time.Unix(0, 0)
	c.now = func() time.Time { return now }
	c.sleep = func(d time.Duration) { now = now.Add(d) }
	connect := func() *conn {
		ours, theirs := net.Pipe()
		t.Cleanup(func() { _ = theirs.Close() })
		return c.admit(ours, nil).(*conn)
	}
	first := connect()
	now = now.Add(1)
	second := connect()
	third := connect()
	assert.Equal(t, time.Unix(0, 0).Add(grace+1), now, "waited until the first was idle")
	assert.NotContains(t, c.conns, first)
	began := now
	for _, busy := range []*conn{second, third} {
		busy.active.Store(now.Add(time.Hour).UnixNano())
	}
	second.active.Store(now.Add(time.Hour - 1).UnixNano())
	fourth := connect()
	assert.Equal(t, began.Add(maxWait), now)
	assert.NotContains(t, c.conns, second)
	assert.Contains(t, c.conns, third)
	assert.Contains(t, c.conns, fourth)
}

// A server stops though a request on one of its connections never ends, and other servers
// keep their connections.
func TestConnectionsOfAClosedListener(t *testing.T) {
	c := newConnections(4)
	later := make(chan func(), 1)
	c.after = func(d time.Duration, f func()) {
		assert.Equal(t, stopGrace, d)
		later <- f
	}
	inner, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	serving := make(chan struct{})
	server := &http.Server{Handler: http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		close(serving)
		_, err := io.Copy(io.Discard, r.Body)
		assert.Error(t, err)
	})}
	go func() { _ = server.Serve(&listener{Listener: inner, connections: c}) }()
	other := dial(t, serve(t, c))
	require.True(t, echo(other))

	slow := dial(t, inner.Addr().String())
	_, err = io.WriteString(slow, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n1")
	require.NoError(t, err)
	<-serving
	stopped := make(chan error, 1)
	go func() { stopped <- server.Shutdown(context.Background()) }()
	end := <-later
	assert.Empty(t, stopped)
	end()
	require.NoError(t, <-stopped)
	assert.True(t, echo(other))
}
