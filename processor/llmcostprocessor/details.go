// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package llmcostprocessor

import (
	"slices"
	"strings"
	"time"

	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/otelcol-arc/otelcol-arc/internal/period"
	"github.com/otelcol-arc/otelcol-arc/processor/llmcostprocessor/internal/calls"
	"github.com/otelcol-arc/otelcol-arc/processor/llmcostprocessor/internal/convention"
	"github.com/otelcol-arc/otelcol-arc/processor/llmcostprocessor/internal/identity"
	"github.com/otelcol-arc/otelcol-arc/processor/llmcostprocessor/internal/ledger"
)

// appendDetail appends what is kept of a single call besides what the ledger counts.
func (c *core) appendDetail(to []byte, d *detectedCall) []byte {
	if c.cfg.Calls.MaxEntries == 0 {
		return to
	}
	call := &d.call
	detail := calls.Detail{
		ResponseID: call.ResponseID, Operation: call.Operation, RequestModel: call.RequestModel, ErrorType: call.ErrorType,
		ServiceTier: call.ServiceTier, Scope: d.scope, Region: d.region, Size: d.variant.Size, Quality: d.variant.Quality,
		Parent: d.parent, Stated: uint32(call.Stated), Tier: uint8(call.Tier), FirstToken: d.firstToken(),
	}
	if entry := d.entry; entry != nil {
		detail.Entry, detail.EntryProvider = entry.Name, entry.Provider
		if list := entry.List(); list != nil {
			detail.List = list.Name
		}
	}
	c.attribute(&detail, &call.Attribution)
	return calls.AppendDetail(to, &detail)
}

// attribute notes for whom a call was made. What a dimension has is not kept a second
// time: it may be hashed there, or dropped.
func (c *core) attribute(to *calls.Detail, a *convention.Attribution) {
	if c.dimensions.user < 0 {
		to.User = a.User
	}
	if c.dimensions.session < 0 {
		to.Session = a.Session
	}
	if c.dimensions.agent < 0 {
		to.Agent = a.Agent
	}
}

// firstToken is the time to the first token, when it makes sense.
func (d *detectedCall) firstToken() time.Duration {
	first := d.call.FirstToken
	if whole, timed := duration(d); first <= 0 || first > maxDuration || timed && first > whole {
		return 0
	}
	return first
}

// noteStep notes a span of an agent, a chain or a tool, within which calls may be.
func (c *core) noteStep(b *batch, d *detectedCall, span ptrace.Span) {
	if c.cfg.Calls.MaxEntries == 0 || span.TraceID().IsEmpty() || span.SpanID().IsEmpty() {
		return
	}
	step := calls.Step{
		Trace: span.TraceID(), Span: span.SpanID(), Parent: span.ParentSpanID(), Name: strings.Clone(span.Name()),
		Start: nanos(span.StartTimestamp()), End: nanos(span.EndTimestamp()), Failed: span.Status().Code() == ptrace.StatusCodeError,
	}
	if !c.dimensions.hidesAgent {
		step.Agent = strings.Clone(d.call.Attribution.Agent)
	}
	if c.dimensions.session < 0 {
		step.Session = strings.Clone(d.call.Attribution.Session)
	}
	b.steps = append(b.steps, step)
}

// keep keeps a call, or what corrects it. It must be called with counting held.
func (c *core) keep(change *identity.Change, counted *ledger.Call) {
	if c.cfg.Calls.MaxEntries == 0 {
		return
	}
	switch in := change.In; in {
	case nil:
		c.kept.Remove(change.Call)
	case change.Out:
		c.kept.Describe(change.Call, mergedRecords(in))
	default:
		c.kept.Set(change.Call, &calls.Call{
			Payload: in.Current(), Values: in.Values(), Merged: mergedRecords(in), End: counted.End, Cost: counted.Cost,
		})
	}
}

func mergedRecords(counted *identity.Counted) (all []calls.Merged) {
	for _, m := range counted.Merged() {
		all = append(all, calls.Merged{Trace: m.Trace, Span: m.Span, Scope: m.Scope, Rule: string(m.Rule)})
	}
	return all
}

func newKept(cfg *Config) *calls.Store {
	zone := zoneNamed(cfg.TimeZone)
	return calls.New(calls.Limits{
		Newest: cfg.Calls.MaxEntries, MostExpensive: cfg.Calls.MostExpensivePerDay, Age: cfg.Retention,
		DayOf: func(at int64) (number, begin, end int64) { return calendarDay(at, zone) },
	})
}

// calendarDay is the day that a time in nanoseconds since 1970 is in.
func calendarDay(at int64, zone *time.Location) (number, begin, end int64) {
	of := period.Of(period.Day, time.Unix(0, at).In(zone))
	year, month, day := of.From.Date()
	return time.Date(year, month, day, 0, 0, 0, 0, time.UTC).Unix() / (24 * 3600), of.From.UnixNano(), of.To.UnixNano()
}

// The keys of whom a call was made for. A dimension that is hashed or dropped has it if its
// name or a key contains the word.
var (
	userKeys    = []string{attrUser, "enduser.id", "user_id", "langfuse.user.id"}
	sessionKeys = []string{attrSession, attrConversation, "session_id", "langfuse.session.id"}
	agentKeys   = []string{attrAgent}
)

// dimensionOf is the index of the dimension that has what the keys are for; -1 for none.
func dimensionOf(configured []DimensionConfig, keys []string, words ...string) int {
	return slices.IndexFunc(configured, func(d DimensionConfig) bool {
		return slices.ContainsFunc(append([]string{d.Name}, d.keys()...), func(key string) bool {
			hides := d.hides() && slices.ContainsFunc(words, func(word string) bool { return strings.Contains(strings.ToLower(key), word) })
			return hides || slices.Contains(keys, key)
		})
	})
}
