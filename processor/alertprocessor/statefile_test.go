// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package alertprocessor

import (
	"io/fs"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-arc/otelcol-arc/processor/alertprocessor/internal/notification"
)

func numbered(numbers ...uint64) func() []notification.JournalEntry {
	return func() (entries []notification.JournalEntry) {
		for _, number := range numbers {
			entries = append(entries, notification.JournalEntry{Number: number})
		}
		return entries
	}
}

// While the state cannot be written, the journal does not grow without a limit. It has what came
// after that when the state has been written.
func TestJournalIsBounded(t *testing.T) {
	file := newStateFile(t.TempDir())
	require.NoError(t, file.appendJournal(numbered(1)))
	file.size = mostJournal
	require.ErrorContains(t, file.appendJournal(numbered(2, 3)), "since "+file.path+" cannot be written")
	assert.Len(t, file.recent, 1)
	require.NoError(t, file.write(notification.State{Version: 2, Occurrences: 2}))
	require.NoError(t, file.trimJournal(2))
	require.NoError(t, file.appendJournal(numbered(4)))
	require.NoError(t, file.close())
	file = newStateFile(filepath.Dir(file.path))
	state, err := file.read()
	require.NoError(t, err)
	assert.EqualValues(t, 4, state.Occurrences)
	assert.NotZero(t, file.size, "what a process before has written counts")
}

// A write that waited for the disk until after the stop does not open the journal again.
func TestJournalStaysClosed(t *testing.T) {
	file := newStateFile(t.TempDir())
	require.NoError(t, file.close())
	require.ErrorIs(t, file.appendJournal(numbered(1)), fs.ErrClosed)
	assert.NoFileExists(t, file.journalPath)
}

// Decisions of a storm wait longer for the disk, but not until a stop takes too long.
func TestPersistWait(t *testing.T) {
	assert.Equal(t, maxPersistWait, persistWait(0))
	assert.Equal(t, 2*time.Second, persistWait(10_000))
	assert.Equal(t, mostPersistWait, persistWait(100_000))
}
