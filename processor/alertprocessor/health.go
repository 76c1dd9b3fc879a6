// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package alertprocessor

import (
	"errors"
	"maps"
	"slices"
	"sync"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componentstatus"
	"go.uber.org/zap"
)

// problem is something that can go wrong while the telemetry passes on.
type problem string

const (
	problemDirectory problem = "storage directory" // it is not in use
	problemSamples   problem = "samples"           // they cannot be written
	problemState     problem = "state"             // what people were told cannot be written
	problemRules     problem = "rules"             // the files have become wrong; the rules are those from before
)

// health tells the host, and the log, of each problem when it begins and ends.
type health struct {
	logger *zap.Logger
	host   component.Host // set in Start

	mu   sync.Mutex
	errs map[problem]error
}

func newHealth(logger *zap.Logger) *health {
	return &health{logger: logger, errs: map[problem]error{}}
}

// set says how it stands with a problem; nil is well. Begin is what to log
// when it begins, and end when it ends, if anything.
func (h *health) set(p problem, err error, begin, end string) {
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

func (h *health) report() {
	var errs []error
	for _, p := range slices.Sorted(maps.Keys(h.errs)) {
		errs = append(errs, h.errs[p])
	}
	if len(errs) == 0 {
		componentstatus.ReportStatus(h.host, componentstatus.NewEvent(componentstatus.StatusOK))
		return
	}
	componentstatus.ReportStatus(h.host, componentstatus.NewRecoverableErrorEvent(errors.Join(errs...)))
}

// has says whether there is a problem now.
func (h *health) has(p problem) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.errs[p] != nil
}
