// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package alertmanagerexporter

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"go.opentelemetry.io/collector/extension/xextension/storage"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.uber.org/zap"

	"github.com/otelcol-arc/otelcol-arc/internal/alertevent"
)

// storageName is what the storage keeps the alerts that fire by.
const storageName = "firing"

// maxUnconfirmed is how long an alert that the storage had is sent again without
// having been told anew: the alert processor may have lost its own state and not
// know that the alert is over. It is longer than any sensible repeat_interval.
const maxUnconfirmed = 24 * time.Hour

// firing is an alert that fires.
type firing struct {
	alert alertevent.Alert
	told  time.Time // by the alert processor, the last time
	// restored says that this was before the restart.
	restored bool
}

// unconfirmed says whether the alert has not been told anew for too long.
func (f firing) unconfirmed(now time.Time) bool {
	return f.restored && now.Sub(f.told) > maxUnconfirmed
}

// held are the alerts that fire, by fingerprint. A storage keeps them over a
// restart, after which the alert processor, which keeps what people were told
// over it too, does not tell of them again for hours.
type held struct {
	alerts  map[string]firing
	storage storage.Client // nil: they do not outlive the process
	logger  *zap.Logger
}

// set holds an alert, and remove does so no longer.
func (h *held) set(ctx context.Context, id string, f firing) {
	h.alerts[id] = f
	h.save(ctx, shelfOf(id))
}

func (h *held) remove(ctx context.Context, id string) {
	delete(h.alerts, id)
	h.save(ctx, shelfOf(id))
}

// shelves are the keys that alerts are stored below, so that a change does not
// write all of them: "00" to "ff", with what fingerprints begin.
func shelves() []string {
	list := make([]string, 256)
	for i := range list {
		list[i] = fmt.Sprintf("%02x", i)
	}
	return list
}

func shelfOf(id string) string { return id[:2] }

// save stores a shelf. An alert that was told must not be told again because
// that failed, so it is logged.
func (h *held) save(ctx context.Context, shelf string) {
	if h.storage == nil {
		return
	}
	ld, records := alertevent.NewLogs(pcommon.NewResource())
	for _, id := range slices.Sorted(maps.Keys(h.alerts)) {
		if strings.HasPrefix(id, shelf) {
			alertevent.Write(records.AppendEmpty(), h.alerts[id].alert, h.alerts[id].told)
		}
	}
	var err error
	if records.Len() == 0 {
		err = h.storage.Delete(ctx, shelf)
	} else {
		var content []byte
		if content, err = (&plog.ProtoMarshaler{}).MarshalLogs(ld); err == nil {
			err = h.storage.Set(ctx, shelf, content)
		}
	}
	if err != nil {
		h.logger.Error("Firing alerts could not be stored; after a restart they may expire while they fire", zap.Error(err))
	}
}

// load reads what the storage has, of which pass says what is still for this
// channel, at most limit alerts. Those on a shelf that is damaged expire unless
// they are told again.
func (h *held) load(ctx context.Context, pass func(alertevent.Alert) bool, limit int) error {
	var reads []*storage.Operation
	for _, shelf := range shelves() {
		reads = append(reads, storage.GetOperation(shelf))
	}
	if err := h.storage.Batch(ctx, reads...); err != nil {
		return fmt.Errorf("storage: %w", err)
	}
	var damaged error
	for _, read := range reads {
		if read.Value == nil {
			continue
		}
		ld, err := (&plog.ProtoUnmarshaler{}).UnmarshalLogs(read.Value)
		if err != nil {
			damaged = errors.Join(damaged, fmt.Errorf("%s: %w", read.Key, err))
			continue
		}
		for record := range alertevent.Records(ld) {
			alert, err := alertevent.Read(record)
			if err != nil {
				damaged = errors.Join(damaged, fmt.Errorf("%s: %w", read.Key, err))
				continue
			}
			if alert.State == alertevent.Firing && pass(alert) && len(h.alerts) < limit {
				h.alerts[alert.Fingerprint()] = firing{alert: alert, told: record.Timestamp().AsTime(), restored: true}
			}
		}
	}
	if damaged != nil {
		h.logger.Error("Some of the firing alerts in the storage are damaged; they expire unless they are told again", zap.Error(damaged))
	}
	return nil
}

func (h *held) close(ctx context.Context) error {
	if h.storage == nil {
		return nil
	}
	return h.storage.Close(ctx)
}
