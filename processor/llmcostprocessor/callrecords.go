// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package llmcostprocessor

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.uber.org/zap"

	"github.com/otelcol-arc/otelcol-arc/internal/sharedcore"
	"github.com/otelcol-arc/otelcol-arc/internal/usage"
	"github.com/otelcol-arc/otelcol-arc/processor/llmcostprocessor/internal/identity"
	"github.com/otelcol-arc/otelcol-arc/processor/llmcostprocessor/internal/ledger"
	"github.com/otelcol-arc/otelcol-arc/processor/llmcostprocessor/internal/metadata"
)

// Call records are for an engine that counts the calls of any number of collectors: one log
// record for each call, with an ID that is the same in all of them. A record of a higher
// version replaces the one before. They are sent while the telemetry is consumed, which is
// acknowledged only when they were accepted; telemetry that is sent again has the same records.

const eventCall = "arc.llm.call_record"

// The attributes of a call record. Those of dimensions and kinds of usage have the name behind it.
const (
	attrCallID        = "arc.llm.call.id"
	attrCallVersion   = "arc.llm.call.version"
	attrCallDuplicate = "arc.llm.call.duplicate"
	attrCallOf        = "arc.llm.call.duplicate_of"
	attrCallAbove     = "arc.llm.call.parent_span_id"
	attrCallStatus    = "arc.llm.call.status"
	attrCallDuration  = "arc.llm.call.duration"
	attrCallSource    = "arc.llm.call.convention"
	attrCallReading   = "arc.llm.call.reading"
	attrCallProvider  = "gen_ai.provider.name"
	attrCallModel     = "gen_ai.response.model"
	attrCallInput     = "arc.llm.tokens.input"
	attrCallOutput    = "arc.llm.tokens.output"
	attrCallUsage     = "arc.llm.usage."
	attrCallDimension = "arc.llm.dimension."
	attrCallPico      = "arc.llm.cost.picodollars"
	attrCallDollars   = "arc.llm.cost.dollars"
	attrCallSaved     = "arc.llm.cost.saved_picodollars"
	attrCallReported  = "arc.llm.cost.reported_picodollars"
)

// callRecords are where the call records of a processor ID leave.
type callRecords struct {
	sharedcore.Emitters[plog.Logs]
	used bool // a pipeline has the processor

	rejected atomic.Bool // the last time

	mu     sync.Mutex
	unsent plog.Logs // that were rejected, and go with the next
}

// maxUnsent bounds the call records that wait in memory. They are those of telemetry that was
// not acknowledged and is sent again, and corrections that it led to.
const maxUnsent = 10_000

// callRecordsOf returns where the call records of a processor leave, which may be
// built before or after the pipelines that they leave by.
func (f *factory) callRecordsOf(id component.ID) *callRecords {
	f.mu.Lock()
	defer f.mu.Unlock()
	r, ok := f.callRecords[id]
	if !ok {
		r = &callRecords{unsent: plog.NewLogs()}
		if f.callRecords == nil {
			f.callRecords = map[component.ID]*callRecords{}
		}
		f.callRecords[id] = r
	}
	return r
}

// emits reports whether there are call records at all.
func (r *callRecords) emits() bool { return r != nil && r.Len() > 0 }

var errCallRecords = errors.New("the pipeline of call records is not running")

// emitCallRecords sends the call records of a batch. Without their acceptance the batch must
// not be acknowledged.
func (c *core) emitCallRecords(ctx context.Context, records plog.Logs) error {
	r := c.callRecords
	records = r.withUnsent(records)
	count := int64(records.LogRecordCount())
	if count == 0 {
		return nil
	}
	accepted, err := r.Send(ctx, func() plog.Logs {
		own := plog.NewLogs() // the next consumer may change it
		records.CopyTo(own)
		return own
	})
	if err == nil && accepted < r.Len() {
		err = errCallRecords
	}
	if err == nil {
		c.telemetry.ProcessorLlmCostCallRecords.Add(ctx, count)
	} else {
		c.telemetry.ProcessorLlmCostCallRecordFailures.Add(ctx, 1)
		r.keep(records)
		err = fmt.Errorf("call records were not accepted: %w", err)
	}
	if rejected := err != nil; r.rejected.Swap(rejected) != rejected {
		if rejected {
			c.logger.Warn("The pipeline of call records rejected some; the telemetry that they belong to is rejected, too", zap.Error(err))
		} else {
			c.logger.Info("The pipeline of call records accepts them again")
		}
	}
	return err
}

// withUnsent puts the call records that wait before others.
func (r *callRecords) withUnsent(records plog.Logs) plog.Logs {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.unsent.LogRecordCount() == 0 {
		return records
	}
	all := r.unsent
	r.unsent = plog.NewLogs()
	records.ResourceLogs().MoveAndAppendTo(all.ResourceLogs())
	return all
}

// keep has call records go with the next.
func (r *callRecords) keep(records plog.Logs) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.unsent.LogRecordCount()+records.LogRecordCount() <= maxUnsent {
		records.ResourceLogs().MoveAndAppendTo(r.unsent.ResourceLogs())
	}
}

// buildCallRecords makes the call records of what a batch has changed. It must be called
// with counting held.
func (c *core) buildCallRecords(b *batch, result *identity.Result) plog.Logs {
	logs := plog.NewLogs()
	rl := logs.ResourceLogs().AppendEmpty()
	c.resource.CopyTo(rl.Resource())
	sl := rl.ScopeLogs().AppendEmpty()
	sl.Scope().SetName(metadata.ScopeName)
	now := pcommon.NewTimestampFromTime(b.at)
	c.calls.States(result, b.spans, func(s identity.State) {
		record := sl.LogRecords().AppendEmpty()
		record.SetObservedTimestamp(now)
		c.writeCallRecord(record, &s)
	})
	if sl.LogRecords().Len() == 0 {
		return plog.NewLogs()
	}
	return logs
}

func (c *core) writeCallRecord(to plog.LogRecord, s *identity.State) {
	to.SetEventName(eventCall)
	to.SetSeverityNumber(plog.SeverityNumberInfo)
	to.SetTraceID(s.Site.Trace)
	to.SetSpanID(s.Site.Span)
	attributes := to.Attributes()
	id := s.ID
	if id == "" {
		id = "x" + strings.ToLower(rand.Text()) // nothing distinguishes it from others
	}
	attributes.PutStr(attrCallID, id)
	attributes.PutInt(attrCallVersion, int64(s.Version))
	attributes.PutBool(attrCallDuplicate, s.Counted == nil)
	if above := pcommon.SpanID(s.Above); !above.IsEmpty() {
		attributes.PutStr(attrCallAbove, above.String())
	}
	if s.Counted == nil {
		to.SetTimestamp(pcommon.Timestamp(s.At))
		attributes.PutStr(attrCallOf, s.Of)
		return
	}
	call := parseCounted(s.Counted)
	to.SetTimestamp(pcommon.Timestamp(max(call.End, 0)))
	attributes.PutStr(attrCallProvider, call.Provider)
	attributes.PutStr(attrCallModel, call.Model)
	attributes.PutStr(attrCallStatus, ledger.Statuses[call.Status])
	attributes.PutStr(attrCallSource, call.Convention)
	attributes.PutStr(attrCallReading, call.Reading)
	if call.Timed {
		attributes.PutDouble(attrCallDuration, call.Duration.Seconds())
	}
	for i, name := range c.dimensions.names {
		if value := call.Dimensions[i]; value != "" {
			attributes.PutStr(attrCallDimension+name, value)
		}
	}
	writeUsage(attributes, (*usage.Amounts)(&call.Usage))
	writeCost(attributes, call)
}

func writeUsage(to pcommon.Map, amounts *usage.Amounts) {
	to.PutInt(attrCallInput, amounts.Prompt())
	to.PutInt(attrCallOutput, amounts.Completion())
	for kind, n := range amounts {
		if n == 0 {
			continue
		}
		key := attrCallUsage + usage.Kind(kind).String()
		if scale := usage.Kind(kind).Scale(); scale == 1 {
			to.PutInt(key, n)
		} else {
			to.PutDouble(key, float64(n)/float64(scale))
		}
	}
}

func writeCost(to pcommon.Map, call *ledger.Call) {
	to.PutStr(attrStatus, statusOfCost(call))
	if call.Estimated != "" {
		to.PutStr(attrReason, call.Estimated)
	}
	if !call.Unpriced {
		to.PutInt(attrCallPico, int64(call.Cost))
		to.PutDouble(attrCallDollars, call.Cost.Dollars())
		if call.Saved != 0 {
			to.PutInt(attrCallSaved, int64(call.Saved))
		}
	}
	if call.HasReported {
		to.PutInt(attrCallReported, int64(call.Reported))
	}
}

// callRecordsInstance forwards log records, and is where call records leave.
type callRecordsInstance struct {
	consumer.Logs
	of      component.ID
	records *callRecords
	emitter *sharedcore.Emitter[plog.Logs]
}

// Capabilities: the log records are not changed.
func (*callRecordsInstance) Capabilities() consumer.Capabilities { return consumer.Capabilities{} }

// Start opens the emitter: the next consumer has started.
func (i *callRecordsInstance) Start(context.Context, component.Host) error {
	if !i.records.used {
		return fmt.Errorf("calls_of: no pipeline of traces or logs has the processor %s", i.of)
	}
	i.emitter.Open()
	return nil
}

// Shutdown closes the emitter.
func (i *callRecordsInstance) Shutdown(ctx context.Context) error { return i.emitter.Close(ctx, nil) }
