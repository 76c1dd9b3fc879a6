// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package alertprocessor

import (
	"path/filepath"
	"strconv"
	"testing"
	"testing/synctest"

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
