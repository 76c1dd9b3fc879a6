// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package persistentqueue

import (
	"context"
	"fmt"
	"slices"
	"strconv"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/extension/xextension/storage"
	"google.golang.org/protobuf/encoding/protowire"
)

const (
	// MetadataKey is the key of the metadata. Without its latest value a request is sent
	// again, and none is lost.
	MetadataKey = "qmv0"

	// Fields of the metadata. Read is the index of the next request to be read,
	// write that of the next to be written; dispatched are being sent.
	fieldRead, fieldWrite, fieldDispatched = 3, 4, 5

	// legacyWriteKey is where queues before v0.132 had the write index.
	legacyWriteKey = "wi"
)

// IsQueue reports whether a client with these arguments is that of a queue.
func IsQueue(kind component.Kind, name string) bool {
	return kind == component.KindExporter && slices.Contains([]string{"traces", "metrics", "logs", "profiles"}, name)
}

// HoldsRequests reports whether the queue of a client is not empty. One in the layout before v0.132
// is taken for one that is not.
func HoldsRequests(ctx context.Context, client storage.Client) (bool, error) {
	content, err := client.Get(ctx, MetadataKey)
	if err != nil {
		return false, err
	}
	if len(content) == 0 {
		legacy, err := client.Get(ctx, legacyWriteKey)
		return len(legacy) > 0, err
	}
	m, err := parse(content)
	return m.read != m.write || len(m.dispatched) > 0, err
}

// Restored is what Restore did.
type Restored struct {
	Requeued int  // requests that were being sent when the process ended
	Rebuilt  bool // the metadata was lost, and made again from the requests that there are
}

// Restore moves the requests that were being sent when the process ended to the front of the
// queue. If the metadata is lost, which list is called for, it is made again of the
// requests that there are. Nothing else is changed, and all is in one batch.
func Restore(ctx context.Context, client storage.Client, list func(context.Context) ([]string, error)) (Restored, error) {
	content, err := client.Get(ctx, MetadataKey)
	if err != nil {
		return Restored{}, err
	}
	if len(content) > 0 {
		if m, err := parse(content); err == nil {
			requeued, err := requeue(ctx, client, m)
			return Restored{Requeued: requeued}, err
		}
	}
	rebuilt, err := rebuild(ctx, client, list)
	return Restored{Rebuilt: rebuilt}, err
}

func rebuild(ctx context.Context, client storage.Client, list func(context.Context) ([]string, error)) (bool, error) {
	keys, err := list(ctx)
	if err != nil {
		return false, err
	}
	var indices []uint64
	for _, key := range keys {
		if key == legacyWriteKey {
			return false, nil // the queue itself reads the layout before
		}
		if index, err := strconv.ParseUint(key, 10, 64); err == nil {
			indices = append(indices, index)
		}
	}
	if len(indices) == 0 {
		return false, nil
	}
	slices.Sort(indices)
	// The indices are made to follow each other: the queue looks for each between the first and
	// the last.
	first := indices[0]
	var operations []*storage.Operation
	for i, index := range indices {
		to := first + uint64(i)
		if index == to {
			continue
		}
		value, err := client.Get(ctx, strconv.FormatUint(index, 10))
		if err != nil {
			return false, err
		}
		operations = append(operations, storage.DeleteOperation(strconv.FormatUint(index, 10)), storage.SetOperation(strconv.FormatUint(to, 10), value))
	}
	m := metadata{read: first, write: first + uint64(len(indices))}
	operations = append(operations, storage.SetOperation(MetadataKey, m.encode()))
	return true, client.Batch(ctx, operations...)
}

// requeue moves what was being sent to the indices before the first that waits. They are free: what
// was read and is not being sent has been deleted.
func requeue(ctx context.Context, client storage.Client, m metadata) (int, error) {
	if len(m.dispatched) == 0 {
		return 0, nil
	}
	slices.Sort(m.dispatched)
	m.dispatched = slices.Compact(m.dispatched)
	if m.dispatched[len(m.dispatched)-1] >= m.read {
		return 0, fmt.Errorf("request %d is being sent, and the next to be read is %d", m.dispatched[len(m.dispatched)-1], m.read)
	}
	reads := make([]*storage.Operation, len(m.dispatched))
	for i, index := range m.dispatched {
		reads[i] = storage.GetOperation(strconv.FormatUint(index, 10))
	}
	if err := client.Batch(ctx, reads...); err != nil {
		return 0, err
	}
	reads = slices.DeleteFunc(reads, func(read *storage.Operation) bool { return read.Value == nil })
	first := m.read - uint64(len(reads))
	var deletes, sets []*storage.Operation
	for i, read := range reads {
		// Nothing moves down: of n distinct indices below read, the last but i is at most
		// read-1-i.
		to := strconv.FormatUint(first+uint64(i), 10)
		if to == read.Key {
			continue
		}
		deletes = append(deletes, storage.DeleteOperation(read.Key))
		sets = append(sets, storage.SetOperation(to, read.Value))
	}
	m.read, m.dispatched = first, nil
	return len(reads), client.Batch(ctx, slices.Concat(deletes, sets, []*storage.Operation{storage.SetOperation(MetadataKey, m.encode())})...)
}

// metadata of a queue.
type metadata struct {
	read, write uint64
	dispatched  []uint64
	rest        []byte // the other fields, as they are
}

func (m *metadata) encode() []byte {
	to := slices.Clone(m.rest)
	to = protowire.AppendFixed64(protowire.AppendTag(to, fieldRead, protowire.Fixed64Type), m.read)
	to = protowire.AppendFixed64(protowire.AppendTag(to, fieldWrite, protowire.Fixed64Type), m.write)
	for _, index := range m.dispatched {
		to = protowire.AppendFixed64(protowire.AppendTag(to, fieldDispatched, protowire.Fixed64Type), index)
	}
	return to
}

func parse(content []byte) (m metadata, err error) {
	for len(content) > 0 {
		number, kind, tag := protowire.ConsumeTag(content)
		if tag < 0 {
			return metadata{}, protowire.ParseError(tag)
		}
		size := protowire.ConsumeFieldValue(number, kind, content[tag:])
		if size < 0 {
			return metadata{}, protowire.ParseError(size)
		}
		field, value := content[:tag+size], content[tag:tag+size]
		content = content[tag+size:]
		switch {
		case number == fieldRead && kind == protowire.Fixed64Type:
			m.read, _ = protowire.ConsumeFixed64(value)
		case number == fieldWrite && kind == protowire.Fixed64Type:
			m.write, _ = protowire.ConsumeFixed64(value)
		case number == fieldDispatched && kind == protowire.Fixed64Type:
			index, _ := protowire.ConsumeFixed64(value)
			m.dispatched = append(m.dispatched, index)
		case number == fieldDispatched && kind == protowire.BytesType: // packed
			packed, _ := protowire.ConsumeBytes(value)
			for len(packed) > 0 {
				index, n := protowire.ConsumeFixed64(packed)
				if n < 0 {
					return metadata{}, protowire.ParseError(n)
				}
				m.dispatched, packed = append(m.dispatched, index), packed[n:]
			}
		default:
			m.rest = append(m.rest, field...)
		}
	}
	if m.write < m.read {
		return metadata{}, fmt.Errorf("the next request to be read is %d, and the next to be written %d", m.read, m.write)
	}
	return m, nil
}
