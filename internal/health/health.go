// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package health

import (
	"errors"
	"maps"
	"slices"
	"sync"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componentstatus"
	"go.uber.org/zap"
)

// Problem is something that can go wrong while the telemetry passes on.
type Problem string

// Health are the problems of one component. It may be used by
// several goroutines.
type Health struct {
	logger *zap.Logger

	mu       sync.Mutex
	host     component.Host // nil until Report
	errs     map[Problem]error
	degraded bool // as was reported to the host last
}

// New returns the health of a component without problems.
func New(logger *zap.Logger) *Health {
	return &Health{logger: logger, errs: map[Problem]error{}}
}

// Report has changes reported to the host from now on. It is for Start.
func (h *Health) Report(to component.Host) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.host = to
}

// Set sets or, with nil, clears a problem. Begin is what to log when it
// begins, and end when it ends, if anything.
func (h *Health) Set(p Problem, err error, begin, end string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	_, was := h.errs[p]
	switch {
	case err == nil && !was:
		return
	case err == nil:
		delete(h.errs, p)
		if end != "" {
			h.logger.Info(end)
		}
	case was:
		// Not reported by itself: there are errors that differ each second, in the
		// name of a temporary file, for one.
		h.errs[p] = err
		return
	default:
		h.errs[p] = err
		if begin != "" {
			h.logger.Error(begin, zap.Error(err))
		}
	}
	h.report()
}

// report reports all problems that there are, since a component has one status.
//
// The host takes no error after an error, so that the component is healthy for a moment
// where a problem is joined by another, or is one of those left.
func (h *Health) report() {
	if h.host == nil {
		return
	}
	var errs []error
	for _, p := range slices.Sorted(maps.Keys(h.errs)) {
		errs = append(errs, h.errs[p])
	}
	if h.degraded || len(errs) == 0 {
		componentstatus.ReportStatus(h.host, componentstatus.NewEvent(componentstatus.StatusOK))
	}
	if h.degraded = len(errs) > 0; !h.degraded {
		return
	}
	componentstatus.ReportStatus(h.host, componentstatus.NewRecoverableErrorEvent(errors.Join(errs...)))
}

// Has reports whether there is a problem now.
func (h *Health) Has(p Problem) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.errs[p] != nil
}
