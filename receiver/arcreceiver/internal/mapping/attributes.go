// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package mapping

import (
	"maps"
	"slices"
	"strconv"

	"go.opentelemetry.io/collector/pdata/pcommon"
	semconv "go.opentelemetry.io/otel/semconv/v1.38.0"

	"github.com/otelcol-arc/otelcol-arc/receiver/arcreceiver/internal/event"
)

// Attributes that no convention names.
const (
	attrLogger       = "logger.name"
	attrDuration     = "duration_seconds"
	attrStatus       = "status"
	attrCost         = "cost_dollars"
	attrCacheType    = "cache_type"
	attrCacheHit     = "hit"
	attrCacheSize    = "size_bytes"
	attrAppInfo      = "app_info"
	attrAgents       = "active_agents"
	attrRequests     = "active_requests"
	attrMemory       = "memory_usage_bytes"
	attrInputTokens  = string(semconv.GenAIUsageInputTokensKey)
	attrOutputTokens = string(semconv.GenAIUsageOutputTokensKey)
)

// putAttributes puts what a log record and a span of one event share. What the
// receiver knows replaces a field of the same name.
func putAttributes(to pcommon.Map, e *event.Event) {
	to.EnsureCapacity(e.FieldsLen() + attributesOf(e))
	for name, value := range e.Fields {
		if value.Type() == event.Text {
			to.PutStr(name, value.Text())
		} else {
			putValue(to.PutEmpty(name), value)
		}
	}
	putText(to, string(semconv.UserIDKey), e.User)
	putSession(to, e)
	putText(to, attrLogger, e.Logger)
	putText(to, string(semconv.CodeFunctionNameKey), e.Code.Function)
	putText(to, string(semconv.CodeFilePathKey), e.Code.File)
	if e.Code.Line > 0 {
		to.PutInt(string(semconv.CodeLineNumberKey), e.Code.Line)
	}
	putText(to, string(semconv.ExceptionTypeKey), e.Exception.Type)
	putText(to, string(semconv.ExceptionMessageKey), e.Exception.Message)
	putText(to, string(semconv.ExceptionStacktraceKey), e.Exception.Stacktrace)
	switch d := e.Detail.(type) {
	case *event.LLMCall:
		putLLMCall(to, d)
	case *event.AgentRun:
		putAgentRun(to, d)
	case *event.Request:
		putRequest(to, d)
	case *event.Cache:
		putCache(to, d)
	case *event.Gauge:
		putMeasure(to, attrAgents, d.ActiveAgents)
		putMeasure(to, attrRequests, d.ActiveRequests)
		putMeasure(to, attrMemory, d.MemoryUsage)
	case *event.AppInfo:
		putAppInfo(to.PutEmptyMap(attrAppInfo), d)
	}
}

// putSession names the session. The GenAI conventions have a name of their own for
// it on the operations that they describe.
func putSession(to pcommon.Map, e *event.Event) {
	putText(to, string(semconv.SessionIDKey), e.Session)
	switch e.Detail.(type) {
	case *event.LLMCall, *event.AgentRun:
		putText(to, string(semconv.GenAIConversationIDKey), e.Session)
	}
}

// attributesOf returns how many attributes an event has at most in addition to its
// fields, and a duration.
func attributesOf(e *event.Event) int {
	n := attributesOfDetail(e.Detail)
	if e.Session != "" {
		n++ // it has two
	}
	for _, text := range [...]*string{
		&e.User, &e.Session, &e.Logger, &e.Code.Function, &e.Code.File, &e.Exception.Type, &e.Exception.Message, &e.Exception.Stacktrace,
	} {
		if *text != "" {
			n++
		}
	}
	if e.Code.Line > 0 {
		n++
	}
	return n
}

func attributesOfDetail(detail event.Detail) int {
	switch detail.(type) {
	case event.Log:
		return 0
	case *event.LLMCall:
		return 11
	case *event.AgentRun, *event.Request:
		return 6
	case *event.Cache, *event.Gauge:
		return 4
	default:
		return 1
	}
}

func putValue(to pcommon.Value, value event.Value) {
	switch value.Type() {
	case event.Text:
		to.SetStr(value.Text())
	case event.Bool:
		to.SetBool(value.Bool())
	case event.Number:
		putNumber(to, value)
	case event.Tree:
		putTree(to, value.Tree())
	}
}

// putNumber keeps a number that is too large for a float64 as text.
func putNumber(to pcommon.Value, number event.Value) {
	if i, ok := number.Int(); ok {
		to.SetInt(i)
	} else if d, ok := number.Float(); ok {
		to.SetDouble(d)
	} else {
		to.SetStr(number.Text())
	}
}

// putTree takes the types that [event.Value.Tree] names. Members of a map are put in
// the order of their names, so that one event always looks the same.
func putTree(to pcommon.Value, tree any) {
	switch v := tree.(type) {
	case string:
		to.SetStr(v)
	case bool:
		to.SetBool(v)
	case int64:
		to.SetInt(v)
	case float64:
		to.SetDouble(v)
	case map[string]any:
		members := to.SetEmptyMap()
		members.EnsureCapacity(len(v))
		for _, key := range slices.Sorted(maps.Keys(v)) {
			putTree(members.PutEmpty(key), v[key])
		}
	case []any:
		list := to.SetEmptySlice()
		list.EnsureCapacity(len(v))
		for _, element := range v {
			putTree(list.AppendEmpty(), element)
		}
	}
}

func putLLMCall(to pcommon.Map, call *event.LLMCall) {
	to.PutStr(string(semconv.GenAIOperationNameKey), "chat")
	to.PutStr(string(semconv.GenAIRequestModelKey), call.Model)
	to.PutInt(attrInputTokens, call.PromptTokens)
	to.PutInt(attrOutputTokens, call.CompletionTokens)
	for _, used := range call.Usage {
		putUsed(to, used)
	}
	to.PutStr(attrStatus, string(call.Outcome))
	putText(to, string(semconv.GenAIProviderNameKey), call.Provider)
	putText(to, string(semconv.GenAIAgentNameKey), call.Agent)
	if call.Cost.Known {
		to.PutDouble(attrCost, call.Cost.Dollars)
	}
	putError(to, call.Outcome, call.ErrorType, call.ErrorMessage)
}

// putUsed puts an amount under the key that llm_cost reads for its kind.
func putUsed(to pcommon.Map, used event.Used) {
	key := "arc.llm.usage." + used.Kind.String()
	if used.Kind.Scale() == 1 {
		to.PutInt(key, int64(used.Amount))
		return
	}
	to.PutDouble(key, used.Amount)
}

func putAgentRun(to pcommon.Map, run *event.AgentRun) {
	to.PutStr(string(semconv.GenAIOperationNameKey), "invoke_agent")
	to.PutStr(string(semconv.GenAIAgentNameKey), run.Agent)
	to.PutStr(attrStatus, string(run.Outcome))
	putError(to, run.Outcome, run.ErrorType, run.ErrorMessage)
}

// putError gives a failure the type that it names, or else the outcome.
func putError(to pcommon.Map, outcome event.Outcome, errorType, message string) {
	putText(to, string(semconv.ErrorMessageKey), message)
	switch {
	case !outcome.Failed():
		putText(to, "error_type", errorType) // a field without a meaning for the outcome
	case errorType != "":
		to.PutStr(string(semconv.ErrorTypeKey), errorType)
	case outcome == event.Timeout:
		to.PutStr(string(semconv.ErrorTypeKey), string(event.Timeout))
	default:
		to.PutStr(string(semconv.ErrorTypeKey), semconv.ErrorTypeOther.Value.AsString())
	}
}

func putRequest(to pcommon.Map, request *event.Request) {
	to.PutStr(string(semconv.HTTPRequestMethodKey), request.Method)
	to.PutStr(string(semconv.HTTPRouteKey), request.Endpoint)
	to.PutInt(string(semconv.HTTPResponseStatusCodeKey), request.Status)
	putMeasure(to, attrRequests, request.Active)
	if request.Status >= 500 {
		to.PutStr(string(semconv.ErrorTypeKey), strconv.FormatInt(request.Status, 10))
	}
}

func putCache(to pcommon.Map, cache *event.Cache) {
	to.PutStr(attrCacheType, cache.Type)
	to.PutBool(attrCacheHit, cache.Hit)
	putMeasure(to, attrCacheSize, cache.Size)
}

func putAppInfo(to pcommon.Map, info *event.AppInfo) {
	for _, name := range slices.Sorted(maps.Keys(info.Labels)) {
		to.PutStr(name, info.Labels[name])
	}
}

func putMeasure(to pcommon.Map, key string, m event.Measure) {
	if m.Known {
		to.PutDouble(key, m.Value)
	}
}
