// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package notify

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"go.opentelemetry.io/collector/extension/xextension/storage"
)

// storedDelivery is the form of a delivery in the storage. Its key has its slot, so that each
// attempt writes one value.
type storedDelivery struct {
	Version  int           `json:"v"`
	Number   uint64        `json:"number"`
	ID       string        `json:"id"`
	First    time.Time     `json:"first"`
	At       time.Time     `json:"at"`
	Took     time.Duration `json:"took"`
	Attempts int           `json:"attempts"`
	Alerts   []string      `json:"alerts,omitempty"`
	Firing   int           `json:"firing,omitempty"`
	Resolved int           `json:"resolved,omitempty"`
	Target   string        `json:"target,omitempty"`
	Outcome  string        `json:"outcome"`
	Status   int           `json:"status,omitempty"`
	Error    string        `json:"error,omitempty"`
}

func keyOfDelivery(slot int) string { return "delivery-" + strconv.Itoa(slot) }

// putDelivery schedules the writing of a delivery.
func (st *store) putDelivery(d *delivery) error {
	if st.client == nil {
		return nil
	}
	value, err := json.Marshal(storedDelivery{
		Version: storedVersion, Number: d.number, ID: d.id, First: d.First, At: d.At, Took: d.Took, Attempts: d.Attempts, Alerts: d.Alerts,
		Firing: d.Firing, Resolved: d.Resolved, Target: d.Target, Outcome: d.Outcome, Status: d.Status, Error: d.Error,
	})
	if err != nil {
		return err
	}
	key := keyOfDelivery(d.slot)
	st.dirty[key] = storage.SetOperation(key, value)
	return nil
}

// loadDeliveries reads the deliveries of the storage. Those that cannot be read are left out, and
// named by the error damaged.
func (st *store) loadDeliveries(ctx context.Context) (d deliveries, damaged, err error) {
	var reads []*storage.Operation
	for slot := range maxDeliveries {
		reads = append(reads, storage.GetOperation(keyOfDelivery(slot)))
	}
	if err := st.client.Batch(ctx, reads...); err != nil {
		return d, nil, err
	}
	var bad []error
	for slot, read := range reads {
		if read.Value == nil {
			continue
		}
		known, err := parseDelivery(read.Value)
		if err != nil {
			bad = append(bad, fmt.Errorf("%s: %w", read.Key, err))
			continue
		}
		known.slot = slot
		d.newest = append(d.newest, known)
		d.last = max(d.last, known.number)
	}
	slices.SortFunc(d.newest, func(a, b delivery) int { return cmp.Compare(a.number, b.number) })
	return d, joinSome(bad), nil
}

func parseDelivery(value []byte) (delivery, error) {
	var from storedDelivery
	if err := json.Unmarshal(value, &from); err != nil {
		return delivery{}, err
	}
	if from.Version != storedVersion {
		return delivery{}, fmt.Errorf("version %d is unknown", from.Version)
	}
	if from.ID == "" {
		return delivery{}, errors.New("no id")
	}
	return delivery{
		number: from.Number, id: from.ID,
		First: from.First, At: from.At, Took: from.Took, Attempts: from.Attempts, Alerts: from.Alerts[:min(len(from.Alerts), maxDeliveredNames)],
		Firing: from.Firing, Resolved: from.Resolved, Target: from.Target, Outcome: from.Outcome, Status: from.Status, Error: from.Error,
	}, nil
}
