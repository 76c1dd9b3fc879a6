// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package llmcostprocessor

import (
	"encoding/binary"
	"math"
	"slices"
	"strings"
	"time"

	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/otelcol-arc/otelcol-arc/internal/usage"
	"github.com/otelcol-arc/otelcol-arc/processor/llmcostprocessor/internal/convention"
	"github.com/otelcol-arc/otelcol-arc/processor/llmcostprocessor/internal/identity"
	"github.com/otelcol-arc/otelcol-arc/processor/llmcostprocessor/internal/ledger"
)

// identify makes the record by which a detected call is compared with others.
func (c *core) identify(b *batch, to *identity.Record, d *detectedCall) {
	call := &d.call
	to.Trace, to.Span, to.Parent = d.trace, d.span, d.parent
	to.Start, to.End = nanos(d.start), nanos(d.end)
	if !d.isSpan {
		to.Start = to.End - int64(min(max(call.Duration, 0), maxDuration))
	}
	to.Resource = c.identifySource(d.source)
	if call.ByService {
		to.Resource = d.source.service
	}
	if call.Instant {
		to.Start = max(to.End-int64(maxBeforeEnd), 0)
	}
	if call.ResponseID != "" {
		to.Response = responseHash(call.ResponseID, d.source)
	}
	name := d.modelName()
	if !call.ModelUnknown {
		to.Model = name.hash
	}
	to.Scope = d.scope
	to.Values = c.values(b, &call.Attribution, "", d.attributes)
	describeUsage(to, call)
	for _, fact := range [...]struct {
		flag identity.Flags
		set  bool
	}{
		{identity.IsSpan, d.isSpan},
		{identity.Failed, call.Status != convention.Success},
		{identity.Priced, d.charge.outcome != outcomeUnpriced},
		{identity.Listed, d.charge.listed},
		{identity.HasTier, call.Tier != 0},
		{identity.HasCost, call.HasReported},
		{identity.Proven, call.Rule.Proves()},
		{identity.KnownScope, call.Rule == convention.ByScope},
		{identity.Above, call.AddsStart},
		{identity.Varies, name.varies},
		{identity.Undecided, call.Inferred},
		{identity.OfFailures, call.OfFailures},
		{identity.Unreadable, call.Problem == convention.ReasonBadTokens},
	} {
		if fact.set {
			to.Flags |= fact.flag
		}
	}
	switch {
	case d.isSpan:
	case call.Shared:
		// Other calls are written in the same span: the time and what was used
		// distinguish them.
		to.Parent, to.Span = to.Span, [8]byte{}
		to.Content = mix(identity.Hash(string(d.trace[:])+string(d.span[:])), uint64(d.end), uint64(to.Prompt), uint64(to.Completion))
	case d.span.IsEmpty() && d.end != 0:
		to.Content = mix(hashAttributes(d.attributes, isOfSDK), uint64(d.end), to.Resource)
	}
}

// minSharedID is how long the IDs are, in bytes, by which records of several services are
// compared. Shorter ones have few values: those of Ollama's API for OpenAI's clients are
// chatcmpl-0 to chatcmpl-998.
const minSharedID = 13

func responseHash(id string, from *source) uint64 {
	hash := identity.Hash(id)
	if len(id) < minSharedID {
		return mix(hash, from.service)
	}
	return mix(hash)
}

// maxBeforeEnd is how long before the span of its end a call may have ended: what an
// application does with a response in between.
const maxBeforeEnd = 10 * time.Second

func (d *detectedCall) modelName() modelName {
	if d.texts != nil {
		return d.texts.name
	}
	return newModelName(d.charge.name)
}

// describeUsage notes what a record reports of the usage, and what it leaves out.
func describeUsage(to *identity.Record, call *convention.Call) {
	amounts := &call.Usage
	used := amounts.Stated()
	if !call.HasUsage || call.Free || used == 0 {
		return
	}
	to.Flags |= identity.HasUsage
	to.Prompt, to.Completion = amounts.Prompt()-call.Compacted.Input, amounts.Completion()-call.Compacted.Output
	to.Cached, to.Reasoning = saturate(amounts.CacheReads()+amounts.CacheWrites()), saturate(amounts[usage.Reasoning])
	for kind := range (used & otherKinds).Kinds {
		to.Other = mix(to.Other, uint64(kind), uint64(amounts[kind]))
	}
	to.NonZero, to.Stated = uint32(used), uint32(call.Stated|used)
	if call.Compacted != (convention.Totals{}) {
		to.NonZero |= compacted
	}
	for _, states := range statedFlags {
		if to.Stated&states.kinds != 0 {
			to.Flags |= states.flag
		}
	}
}

// Records have a bit for each kind of usage, and one for what was compacted, so that a record
// which has that is preferred.
var _ [31 - usage.Count]struct{}

const compacted = 1 << 31

var statedFlags = [...]struct {
	flag  identity.Flags
	kinds uint32
}{
	{identity.StatesInput, kindsOf(usage.In)},
	{identity.StatesOutput, kindsOf(usage.Out)},
	{identity.StatesCached, 1<<usage.CacheRead | 1<<usage.CacheWrite | 1<<usage.CacheWrite1h | 1<<usage.CacheWriteLong | 1<<usage.CachedAudio},
	{identity.StatesReasoning, 1 << usage.Reasoning},
}

var otherKinds = usage.Set(kindsOf(usage.Other))

func kindsOf(side usage.Side) (kinds uint32) {
	for _, kind := range usage.Kinds() {
		if kind.Info().Side == side {
			kinds |= 1 << kind
		}
	}
	return kinds
}

func saturate(n int64) uint32 { return uint32(min(max(n, 0), math.MaxUint32)) }

func nanos(t pcommon.Timestamp) int64 {
	if t > math.MaxInt64 {
		return 0
	}
	return int64(t)
}

// identifySource is the hash of a resource: of the process that it is, by the ID of the
// instance if it has one. What else differs between the signals of one SDK, or the
// providers of two, does not count.
func (c *core) identifySource(s *source) uint64 {
	if s.id == 0 {
		s.service = serviceOf(s.attributes)
		if instance := text(s.attributes, "service.instance.id"); instance != "" {
			s.id = mix(s.service, identity.Hash(instance))
		} else {
			s.id = max(hashAttributes(s.attributes, isOfInstrumentation), 1)
		}
		c.dimensions.ofResource(&s.dimensions, s.attributes)
	}
	return s.id
}

// serviceOf is the hash of the service that a resource is an instance of.
func serviceOf(resource pcommon.Map) uint64 {
	return mix(identity.Hash(text(resource, attrService)), identity.Hash(text(resource, "service.namespace")))
}

// hashAttributes is the hash of attributes, in whatever order they are, but for those that are
// ignored and our own.
func hashAttributes(attributes pcommon.Map, isIgnored func(key string) bool) (sum uint64) {
	attributes.Range(func(key string, value pcommon.Value) bool {
		if !isIgnored(key) && !ownAttributes[key] {
			sum += mix(identity.Hash(key), identity.Hash(value.AsString()), uint64(value.Type()))
		}
		return true
	})
	return sum
}

// isOfSDK is for attributes that telemetry SDKs add.
func isOfSDK(key string) bool { return strings.HasPrefix(key, "telemetry.") }

// isOfInstrumentation is for attributes of a resource that do not distinguish processes: an
// instrumentation adds them for its own backend, to its own provider alone.
func isOfInstrumentation(key string) bool {
	head, _, _ := strings.Cut(key, ".")
	return ofInstrumentation[head]
}

// ofInstrumentation are the first parts of such attributes, and of those of telemetry SDKs.
var ofInstrumentation = map[string]bool{
	"telemetry": true, "openinference": true, "arize": true, "model_id": true, "model_version": true, // the last two are Arize's
	"langfuse": true, "langsmith": true, "traceloop": true, "mlflow": true, "braintrust": true, "langwatch": true,
}

// ownAttributes are what this processor writes.
var ownAttributes = map[string]bool{
	attrCost: true, attrStatus: true, attrReason: true, attrReported: true, attrAmount: true, attrCurrency: true, attrSource: true,
}

func mix(sum uint64, more ...uint64) uint64 {
	for _, n := range more {
		sum = (sum ^ n) * 0x9E3779B97F4A7C15
		sum ^= sum >> 29
	}
	return max(sum, 1)
}

// attributions has many calls of one agent and user share their values, of which as
// many are in memory as there are calls.
type attributions struct {
	known map[string]*identity.Values
	key   []byte           // of the last one that was looked up
	last  *identity.Values // which neighbors mostly have, too
}

// maxAttributions bounds those that are shared.
const maxAttributions = 10_000

// of returns values of that number of dimensions, with a model if that is not "".
func (a *attributions) of(dimensions *ledger.Dimensions, n int, model string) *identity.Values {
	if a.last != nil && model == "" && slices.Equal(*a.last, dimensions[:n]) {
		return a.last
	}
	a.key = append(a.key[:0], byte(n)) // processors that use the same batches may have others
	for _, value := range dimensions[:n] {
		a.key = binary.AppendUvarint(a.key, uint64(len(value)))
		a.key = append(a.key, value...)
	}
	a.key = append(a.key, model...)
	if known, ok := a.known[string(a.key)]; ok {
		a.last = known
		return known
	}
	if a.known == nil || len(a.known) >= maxAttributions {
		a.known = map[string]*identity.Values{}
	}
	if model != "" {
		n = modelValue
	}
	values := make(identity.Values, n, n+1)
	for i := range values {
		values[i] = strings.Clone(dimensions[i]) // what is in the telemetry must not be retained
	}
	if model != "" {
		values = append(values, strings.Clone(model))
	}
	a.known[string(a.key)], a.last = &values, &values
	return &values
}

// overlay puts the values that are known over those of the resource.
func overlay(to *ledger.Dimensions, values []string) {
	for i, value := range values {
		if value != "" && i < len(to) {
			to[i] = value
		}
	}
}
