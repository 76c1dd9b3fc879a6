// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package sharedcore

import (
	"sync"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componentstatus"
	"go.opentelemetry.io/collector/pipeline"
)

// Hosts is the host that a core is started with. It reports the status of the core
// to the hosts of all its instances: the Collector gives each instance a host of its
// own, which knows whose status it is.
type Hosts struct {
	component.Host // of the first instance

	mu    sync.Mutex
	hosts []component.Host
	last  *componentstatus.Event
}

var _ componentstatus.Reporter = (*Hosts)(nil)

// Report reports an event to all instances that have started.
func (h *Hosts) Report(event *componentstatus.Event) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.last = event
	for _, host := range h.hosts {
		componentstatus.ReportStatus(host, event)
	}
}

// GetExporters are those of the Collector; nil when its host does not know them.
func (h *Hosts) GetExporters() map[pipeline.Signal]map[component.ID]component.Component {
	holder, ok := h.Host.(interface {
		GetExporters() map[pipeline.Signal]map[component.ID]component.Component
	})
	if !ok {
		return nil
	}
	return holder.GetExporters()
}

// add adds the host of an instance that has started, and reports the status that the
// core has by now.
func (h *Hosts) add(host component.Host) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.hosts = append(h.hosts, host)
	if h.last != nil {
		componentstatus.ReportStatus(host, h.last)
	}
}
