// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package double

import (
	"bufio"
	"net"
	"slices"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

// Lines is a TCP listener that keeps each line it is sent, as the inputs of
// Logstash and the log listeners of agents do.
type Lines struct {
	Host, Port string

	mu    sync.Mutex
	lines []string
}

// NewLines listens until the test ends.
func NewLines(tb testing.TB) *Lines {
	tb.Helper()
	listener, err := (&net.ListenConfig{}).Listen(tb.Context(), "tcp", "127.0.0.1:0")
	require.NoError(tb, err)
	l := &Lines{}
	l.Host, l.Port, err = net.SplitHostPort(listener.Addr().String())
	require.NoError(tb, err)
	var wg sync.WaitGroup
	var connections []net.Conn
	wg.Go(func() {
		for {
			connection, err := listener.Accept()
			if err != nil {
				return
			}
			l.mu.Lock()
			connections = append(connections, connection)
			l.mu.Unlock()
			wg.Go(func() { l.read(connection) })
		}
	})
	tb.Cleanup(func() {
		_ = listener.Close()
		l.mu.Lock()
		for _, connection := range connections {
			_ = connection.Close()
		}
		l.mu.Unlock()
		wg.Wait()
	})
	return l
}

func (l *Lines) read(connection net.Conn) {
	scanner := bufio.NewScanner(connection)
	scanner.Buffer(nil, 1<<20)
	for scanner.Scan() {
		l.mu.Lock()
		l.lines = append(l.lines, scanner.Text())
		l.mu.Unlock()
	}
}

// All are the lines so far.
func (l *Lines) All() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.lines)
}
