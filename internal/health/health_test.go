// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package health

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/assert"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componentstatus"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.uber.org/goleak"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// host keeps what is reported. Like the Collector's, it ignores an error after an error.
type host struct {
	component.Host
	reported []string
	degraded bool
}

func (h *host) Report(event *componentstatus.Event) {
	degraded := event.Status() == componentstatus.StatusRecoverableError
	if degraded && h.degraded {
		return
	}
	h.degraded = degraded
	status := event.Status().String()
	if err := event.Err(); err != nil {
		status += ": " + err.Error()
	}
	h.reported = append(h.reported, status)
}

func TestHealth(t *testing.T) {
	core, logs := observer.New(zap.InfoLevel)
	h, to := New(zap.New(core)), &host{Host: componenttest.NewNopHost()}
	h.Set("early", errors.New("before the start"), "", "")
	h.Report(to)
	assert.Empty(t, to.reported)
	h.Set("disk", errors.New("full"), "disk fails", "disk works")
	h.Set("disk", errors.New("still full"), "disk fails", "disk works")
	assert.True(t, h.Has("disk"))
	h.Set("rules", errors.New("wrong"), "rules are wrong", "")
	h.Set("early", nil, "", "")
	h.Set("rules", nil, "rules are wrong", "") // logs nothing
	h.Set("disk", nil, "disk fails", "disk works")
	h.Set("disk", nil, "disk fails", "disk works")
	assert.False(t, h.Has("disk"))
	assert.Equal(t, []string{
		"StatusRecoverableError: full\nbefore the start",
		"StatusOK",
		"StatusRecoverableError: still full\nbefore the start\nwrong",
		"StatusOK",
		"StatusRecoverableError: still full\nwrong",
		"StatusOK",
		"StatusRecoverableError: still full",
		"StatusOK",
	}, to.reported, "resolving one problem hides no other")
	var lines []string
	for _, entry := range logs.All() {
		lines = append(lines, entry.Level.String()+" "+entry.Message)
	}
	assert.Equal(t, []string{"error disk fails", "error rules are wrong", "info disk works"}, lines)
}
