// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package slackexporter

import (
	"encoding/json"
	"io"
	"strconv"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/zap"

	"github.com/otelcol-arc/otelcol-arc/internal/alertevent"
)

// fallbacks are those of the attachments of a body.
func fallbacks(t *testing.T, body io.Reader) (all []string) {
	t.Helper()
	var m struct{ Attachments []struct{ Fallback string } }
	assert.NoError(t, json.NewDecoder(body).Decode(&m))
	for _, a := range m.Attachments {
		all = append(all, a.Fallback)
	}
	return all
}

// However many alerts there are, no more are remembered than the bound, the newest.
func TestThreadsAreBounded(t *testing.T) {
	known, err := newThreads(zap.NewNop())
	require.NoError(t, err)
	var last alertevent.Alert
	for i := range maxThreads + 100 {
		last = at(strconv.Itoa(i), alertevent.Firing, nil)
		known.remember(t.Context(), &thread{TS: strconv.Itoa(i), Total: 1}, []alertevent.Alert{last})
	}
	assert.Equal(t, maxThreads, known.known.Len())
	assert.Nil(t, known.of(at("0", alertevent.Firing, nil)))
	assert.Equal(t, strconv.Itoa(maxThreads+99), known.of(last).TS)
}

// Whatever the storage has, reading it neither fails hard nor leaves half of it.
func FuzzLoadThreads(f *testing.F) {
	f.Add([]byte(`{"threads":[{"channel":"C1","ts":"1.2","total":1}],"spots":[{"key":"a","thread":0,"began":1}]}`))
	f.Add([]byte(`{"threads":[null],"spots":[{"key":"a","thread":0},{"key":"b","thread":-1}]}`))
	f.Fuzz(func(t *testing.T, content []byte) {
		known, err := newThreads(zap.NewNop())
		require.NoError(t, err)
		if known.load(content) != nil {
			assert.Zero(t, known.known.Len())
		}
		for _, s := range known.known.Values() {
			assert.NotNil(t, s.thread)
		}
	})
}
