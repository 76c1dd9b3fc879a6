// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package notify

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"go.opentelemetry.io/collector/extension/xextension/storage"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/xpdata/request"
	"google.golang.org/protobuf/encoding/protowire"
)

// Until version 0.2 a notifier had a queue of exporterhelper on disk. Its content is
// read once, into the notification state. The layout is that of
// exporterhelper's persistent queue, v0.130 and later: one key with the metadata,
// and a key for each request, its index.
// https://github.com/open-telemetry/opentelemetry-collector/blob/main/exporter/exporterhelper/internal/queue/meta.proto
const (
	legacyQueueName = "logs"
	legacyMetadata  = "qmv0"
	// Fields of the metadata.
	legacyRead, legacyWrite, legacyDispatched = 3, 4, 5
	// maxLegacyRequests bounds what a damaged index can ask for.
	maxLegacyRequests = 1_000_000
)

// readLegacyQueue returns the requests in the queue, the oldest first, and a function
// that removes them. The error damaged names requests that cannot be read.
func readLegacyQueue(ctx context.Context, client storage.Client) (left []plog.Logs, remove func() error, damaged, err error) {
	content, err := client.Get(ctx, legacyMetadata)
	if err != nil || len(content) == 0 {
		return nil, func() error { return nil }, nil, err
	}
	indices, err := legacyIndices(content)
	if err != nil {
		return nil, func() error { return client.Delete(ctx, legacyMetadata) }, err, nil
	}
	var bad []error
	deletes := []*storage.Operation{storage.DeleteOperation(legacyMetadata)}
	for _, index := range indices {
		key := strconv.FormatUint(index, 10)
		value, err := client.Get(ctx, key)
		if err != nil {
			return nil, nil, nil, err
		}
		if value == nil {
			continue
		}
		deletes = append(deletes, storage.DeleteOperation(key))
		_, ld, err := request.UnmarshalLogs(value)
		if errors.Is(err, request.ErrInvalidFormat) {
			ld, err = (&plog.ProtoUnmarshaler{}).UnmarshalLogs(value)
		}
		if err != nil {
			bad = append(bad, fmt.Errorf("request %s: %w", key, err))
			continue
		}
		left = append(left, ld)
	}
	return left, func() error { return client.Batch(ctx, deletes...) }, joinSome(bad), nil
}

// legacyIndices are those of the requests that were under way, and of those that
// waited.
func legacyIndices(content []byte) ([]uint64, error) {
	var read, write uint64
	var indices []uint64
	for len(content) > 0 {
		number, kind, n := protowire.ConsumeTag(content)
		if n < 0 {
			return nil, protowire.ParseError(n)
		}
		content = content[n:]
		switch {
		case kind == protowire.Fixed64Type:
			value, n := protowire.ConsumeFixed64(content)
			if n < 0 {
				return nil, protowire.ParseError(n)
			}
			content = content[n:]
			switch number {
			case legacyRead:
				read = value
			case legacyWrite:
				write = value
			case legacyDispatched:
				indices = append(indices, value)
			}
		case number == legacyDispatched && kind == protowire.BytesType: // packed
			packed, n := protowire.ConsumeBytes(content)
			if n < 0 {
				return nil, protowire.ParseError(n)
			}
			content = content[n:]
			for len(packed) > 0 {
				value, n := protowire.ConsumeFixed64(packed)
				if n < 0 {
					return nil, protowire.ParseError(n)
				}
				packed = packed[n:]
				indices = append(indices, value)
			}
		default:
			if n = protowire.ConsumeFieldValue(number, kind, content); n < 0 {
				return nil, protowire.ParseError(n)
			}
			content = content[n:]
		}
	}
	if write < read || write-read > maxLegacyRequests {
		return nil, fmt.Errorf("indices %d to %d", read, write)
	}
	for index := read; index < write; index++ {
		indices = append(indices, index)
	}
	return indices, nil
}
