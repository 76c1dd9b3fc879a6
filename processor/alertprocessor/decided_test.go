// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package alertprocessor

import (
	"path/filepath"
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-arc/otelcol-arc/internal/falseclock"
)

// A storm is not written twice: the state that has its decisions takes the place of the journal. It is
// written before they are sent, too.
func TestStormIsPersistedWithTheState(t *testing.T) {
	directory := t.TempDir()
	falseclock.Test(t, func(t *testing.T) {
		n, out := filedDispatcher(t, directory)
		persisted := 0
		out.onEnqueue = func() {
			assert.NoFileExists(t, filepath.Join(directory, journalName))
			state, err := newStateFile(directory).read()
			require.NoError(t, err)
			for _, batch := range state.OutgoingBatches() {
				persisted += len(batch.Alerts)
			}
		}
		stop, wait := running(t, n)
		storm := make([]string, 2*maxJournaled)
		for i := range storm {
			storm[i] = strconv.Itoa(i)
		}
		n.observe(firing(storm...))
		synctest.Wait()
		assert.Len(t, out.sent, len(storm))
		assert.Equal(t, len(storm), persisted)
		assert.Nil(t, n.decided, "what was sent is not kept in memory")

		out.onEnqueue = func() { assert.FileExists(t, filepath.Join(directory, journalName)) }
		n.observe(firing(append(storm, "another")...))
		synctest.Wait()
		assert.Len(t, out.sent, len(storm)+1)
		out.onEnqueue = nil
		stop()
		wait()
		require.NoError(t, n.close())
	})
}

// Notifiers order the records of an alert by their times: a clock that is set back a little does
// not change the order, and times that were far ahead are not continued.
func TestDecisionTime(t *testing.T) {
	n := &dispatcher{}
	begin := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	at := func(second int) time.Duration {
		return n.decisionTime(begin.Add(time.Duration(second) * time.Second)).Sub(begin)
	}
	assert.Equal(t, 10*time.Second, at(10))
	assert.Equal(t, 10*time.Second+1, at(5))
	assert.Equal(t, 10*time.Second+2, at(10))
	assert.Equal(t, 11*time.Second, at(11))
	assert.Equal(t, time.Hour, at(3600))
	assert.Equal(t, time.Minute, at(60), "set back by an hour")
	assert.Equal(t, time.Minute+1, at(55), "and a little after that")
	assert.Equal(t, time.Hour+1, at(3600-59), "shortly before what has the time of the clock that was ahead")
}

// After a restart decisions are later than those before it.
func TestDecisionTimeIsPersisted(t *testing.T) {
	directory := t.TempDir()
	falseclock.Test(t, func(t *testing.T) {
		n, _ := filedDispatcher(t, directory)
		stop, wait := running(t, n)
		n.observe(firing("a"))
		synctest.Wait()
		stop()
		wait()
		require.NoError(t, n.close())
		before := n.decidedAt
		n, _ = filedDispatcher(t, directory)
		assert.EqualValues(t, 1, n.decisionTime(before.Add(-time.Second)).Sub(before))
		require.NoError(t, n.close())
	})
}
