// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package gatewaysexporter

import (
	"encoding/binary"

	"github.com/cespare/xxhash/v2"
	"github.com/open-telemetry/opentelemetry-collector-contrib/pkg/pdatautil"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/ptrace"
)

// sharedBy are attributes by which records without a trace belong together, in this
// order: those of one session or user go to one gateway, so that several records of one
// call meet, and a record that is sent again meets itself.
var sharedBy = []string{"session.id", "gen_ai.conversation.id", "user.id"}

func traceKey(id pcommon.TraceID) uint64 { return xxhash.Sum64(id[:]) }

// spanKey is that of the trace. A span without one is not valid; it has that of its content.
func spanKey(span ptrace.Span) uint64 {
	if id := span.TraceID(); !id.IsEmpty() {
		return traceKey(id)
	}
	return pdatautil.Hash64(pdatautil.WithMap(span.Attributes()), pdatautil.WithString(span.Name()), withTime(span.StartTimestamp()))
}

// recordKey is that of the trace, or else of what the record shares with others, or else
// of its content, but for the time of observation, which differs when it is sent again.
func recordKey(record plog.LogRecord, resource pcommon.Resource) uint64 {
	if id := record.TraceID(); !id.IsEmpty() {
		return traceKey(id)
	}
	for _, name := range sharedBy {
		value, ok := record.Attributes().Get(name)
		if !ok {
			value, ok = resource.Attributes().Get(name)
		}
		if ok {
			if text := value.AsString(); text != "" {
				return xxhash.Sum64String(name + "=" + text)
			}
		}
	}
	return pdatautil.Hash64(pdatautil.WithMap(record.Attributes()), pdatautil.WithValue(record.Body()),
		pdatautil.WithMap(resource.Attributes()), withTime(record.Timestamp()))
}

// resourceKey is that of whom metrics are about: all points of a series go to one gateway.
func resourceKey(resource pcommon.Resource) uint64 {
	return pdatautil.Hash64(pdatautil.WithMap(resource.Attributes()))
}

func withTime(t pcommon.Timestamp) pdatautil.HashOption {
	return pdatautil.WithString(string(binary.BigEndian.AppendUint64(nil, uint64(t))))
}

// recordTime is when a record was made, as far as is known.
func recordTime(record plog.LogRecord) uint64 {
	if t := record.Timestamp(); t != 0 {
		return uint64(t)
	}
	return uint64(record.ObservedTimestamp())
}
