// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package alertprocessor

import "time"

// persister writes to a disk that may hang: one write at a time, so that no goroutines gather.
type persister struct {
	busy chan struct{} // holds a token while something is written
}

func newPersister() persister { return persister{make(chan struct{}, 1)} }

// persist returns the error of a write. It is nil if that, with the write before it, takes longer
// than wait: the write then goes on alone, or is left out if it has not begun.
func (p persister) persist(wait time.Duration, write func() error) error {
	timeout := time.NewTimer(wait)
	defer timeout.Stop()
	select {
	case p.busy <- struct{}{}:
	case <-timeout.C:
		return nil
	}
	written := make(chan error, 1)
	go func() {
		defer func() { <-p.busy }()
		written <- write()
	}()
	select {
	case err := <-written:
		return err
	case <-timeout.C:
		return nil
	}
}
