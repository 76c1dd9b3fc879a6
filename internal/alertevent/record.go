// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package alertevent

import (
	"errors"
	"fmt"
	"iter"
	"maps"
	"slices"
	"time"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
)

const (
	// ScopeName is the instrumentation scope of every alert record, and of no other.
	ScopeName = "github.com/otelcol-arc/otelcol-arc/processor/alertprocessor"
	// EventName is the event name of every alert record.
	EventName = "arc.alert"
	// ReceivedScopeName is the scope of alert records that somebody else sent, see [Rename].
	ReceivedScopeName = ScopeName + "/received"
	// ReceivedEventName is their event name.
	ReceivedEventName = EventName + ".received"
)

const (
	attrName         = "arc.alert.name"
	attrState        = "arc.alert.state"
	attrFingerprint  = "arc.alert.fingerprint"
	attrLabels       = "arc.alert.labels"
	attrAnnotations  = "arc.alert.annotations"
	attrValue        = "arc.alert.value"
	attrStartsAt     = "arc.alert.starts_at"
	attrEndsAt       = "arc.alert.ends_at"
	attrGeneratorURL = "arc.alert.generator_url"
	attrGroupKey     = "arc.alert.group.key"
	attrGroupLabels  = "arc.alert.group.labels"
	attrBatch        = "arc.alert.batch.id"
	attrReceiver     = "arc.alert.receiver"
)

// NewLogs returns logs with one scope for alert records of the given resource,
// and the slice that Write takes.
func NewLogs(resource pcommon.Resource) (plog.Logs, plog.LogRecordSlice) {
	ld := plog.NewLogs()
	rl := ld.ResourceLogs().AppendEmpty()
	resource.CopyTo(rl.Resource())
	sl := rl.ScopeLogs().AppendEmpty()
	sl.Scope().SetName(ScopeName)
	return ld, sl.LogRecords()
}

// Write sets lr, an empty record in a scope of [ScopeName], to report a at the given time.
func Write(lr plog.LogRecord, a Alert, at time.Time) {
	lr.SetEventName(EventName)
	lr.SetTimestamp(pcommon.NewTimestampFromTime(at))
	lr.SetObservedTimestamp(pcommon.NewTimestampFromTime(at))
	lr.SetSeverityNumber(severityNumber(a.Severity()))
	lr.SetSeverityText(a.Severity())
	lr.SetTraceID(a.TraceID)
	lr.SetSpanID(a.SpanID)
	lr.Body().SetStr(a.Line())

	attrs := lr.Attributes()
	attrs.PutStr(attrName, a.Name())
	attrs.PutStr(attrState, string(a.State))
	attrs.PutStr(attrFingerprint, a.Fingerprint())
	writeMap(attrs.PutEmptyMap(attrLabels), a.Labels)
	writeMap(attrs.PutEmptyMap(attrAnnotations), a.Annotations)
	if a.Value != nil {
		attrs.PutDouble(attrValue, *a.Value)
	}
	attrs.PutStr(attrStartsAt, a.StartsAt.UTC().Format(time.RFC3339Nano))
	if !a.EndsAt.IsZero() {
		attrs.PutStr(attrEndsAt, a.EndsAt.UTC().Format(time.RFC3339Nano))
	}
	if a.GeneratorURL != "" {
		attrs.PutStr(attrGeneratorURL, a.GeneratorURL)
	}
	if a.Group != nil {
		attrs.PutStr(attrGroupKey, a.Group.Key)
		writeMap(attrs.PutEmptyMap(attrGroupLabels), a.Group.Labels)
	}
	if a.Batch != "" {
		attrs.PutStr(attrBatch, a.Batch)
	}
	if a.Receiver != "" {
		attrs.PutStr(attrReceiver, a.Receiver)
	}
}

// Read returns the alert that a record in a scope of [ScopeName] reports. The
// error names every attribute that is missing or malformed.
func Read(lr plog.LogRecord) (Alert, error) {
	if lr.EventName() != EventName {
		return Alert{}, fmt.Errorf("event name is %q, not %q", lr.EventName(), EventName)
	}
	var errs []error
	attrs := lr.Attributes()
	a := Alert{
		Labels:      readMap(attrs, attrLabels),
		Annotations: readMap(attrs, attrAnnotations),
		TraceID:     lr.TraceID(),
		SpanID:      lr.SpanID(),
	}
	if a.Name() == "" {
		errs = append(errs, fmt.Errorf("%s: no label %s", attrLabels, LabelName))
	}
	switch state := State(readString(attrs, attrState)); state {
	case Firing, Resolved:
		a.State = state
	default:
		errs = append(errs, fmt.Errorf("%s: %q is neither %q nor %q", attrState, state, Firing, Resolved))
	}
	var err error
	if a.StartsAt, err = readTime(attrs, attrStartsAt); err != nil {
		errs = append(errs, err)
	}
	if _, ok := attrs.Get(attrEndsAt); ok {
		if a.EndsAt, err = readTime(attrs, attrEndsAt); err != nil {
			errs = append(errs, err)
		}
	}
	if value, ok := attrs.Get(attrValue); ok && value.Type() == pcommon.ValueTypeDouble {
		v := value.Double()
		a.Value = &v
	}
	a.GeneratorURL = readString(attrs, attrGeneratorURL)
	if key := readString(attrs, attrGroupKey); key != "" {
		a.Group = &Group{Key: key, Labels: readMap(attrs, attrGroupLabels)}
	}
	a.Batch = readString(attrs, attrBatch)
	a.Receiver = readString(attrs, attrReceiver)
	return a, errors.Join(errs...)
}

// Records yields every record of ld in a scope of [ScopeName]. Other records cost one
// comparison per scope.
func Records(ld plog.Logs) iter.Seq[plog.LogRecord] {
	return func(yield func(plog.LogRecord) bool) {
		for _, rl := range ld.ResourceLogs().All() {
			for _, sl := range rl.ScopeLogs().All() {
				if sl.Scope().Name() != ScopeName {
					continue
				}
				for _, lr := range sl.LogRecords().All() {
					if !yield(lr) {
						return
					}
				}
			}
		}
	}
}

// Rename returns logs in which no record is an alert record, and the number of those
// that were. It does not change ld: where it has alert records the result is a copy, in
// which they have another scope and event name, and are otherwise the same.
func Rename(ld plog.Logs) (plog.Logs, int) {
	var found int
	for range Records(ld) {
		found++
	}
	if found == 0 {
		return ld, 0
	}
	renamed := plog.NewLogs()
	ld.CopyTo(renamed)
	for _, rl := range renamed.ResourceLogs().All() {
		for _, sl := range rl.ScopeLogs().All() {
			if sl.Scope().Name() != ScopeName {
				continue
			}
			sl.Scope().SetName(ReceivedScopeName)
			for _, lr := range sl.LogRecords().All() {
				if lr.EventName() == EventName {
					lr.SetEventName(ReceivedEventName)
				}
			}
		}
	}
	return renamed, found
}

func writeMap(to pcommon.Map, from map[string]string) {
	to.EnsureCapacity(len(from))
	for _, key := range slices.Sorted(maps.Keys(from)) {
		to.PutStr(key, from[key])
	}
}

func readMap(attrs pcommon.Map, key string) map[string]string {
	value, ok := attrs.Get(key)
	if !ok || value.Type() != pcommon.ValueTypeMap {
		return map[string]string{}
	}
	out := make(map[string]string, value.Map().Len())
	for key, value := range value.Map().All() {
		out[key] = value.AsString()
	}
	return out
}

func readString(attrs pcommon.Map, key string) string {
	value, ok := attrs.Get(key)
	if !ok {
		return ""
	}
	return value.AsString()
}

func readTime(attrs pcommon.Map, key string) (time.Time, error) {
	t, err := time.Parse(time.RFC3339Nano, readString(attrs, key))
	if err != nil {
		return time.Time{}, fmt.Errorf("%s: %w", key, err)
	}
	return t, nil
}
