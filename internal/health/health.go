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

// Problem is a kind of failure during which the component keeps processing telemetry.
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

// Report makes h report changes to the host from now on. It is for Start.
func (h *Health) Report(to component.Host) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.host = to
}

// Set sets or, with nil, clears a problem. Begin and end are the messages to log when
// the problem begins and ends; "" logs nothing.
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
		// A changed error alone is not reported: some differ each second, for example in
		// the name of a temporary file.
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

// report reports all current problems, since a component has one status.
//
// The host ignores an error after an error. A changed set of problems is therefore
// reported as healthy first, and then as the new error.
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
