// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package event

// key is a name that means something to this package. keyOther is any other.
type key uint8

const (
	keyOther key = iota
	keyActiveAgents
	keyActiveRequests
	keyAgentName
	keyAppInfo
	keyCacheType
	keyCompletion
	keyCompletionTokens
	keyCostDollars
	keyDuration
	keyDurationMS
	keyDurationSeconds
	keyEndpoint
	keyEnvironment
	keyError
	keyErrorMessage
	keyErrorType
	keyExcInfo
	keyException
	keyFunction
	keyHit
	keyID
	keyKind
	keyLevel
	keyLine
	keyLogger
	keyMemoryUsageBytes
	keyMessage
	keyMethod
	keyModel
	keyModule
	keyOTelSpanID
	keyOTelTraceID
	keyParentSpanID
	keyPathname
	keyPrompt
	keyPromptTokens
	keyProvider
	keyService
	keyServiceName
	keyServiceVersion
	keySessionID
	keySizeBytes
	keySpanID
	keyStacktrace
	keyStatus
	keyTimestamp
	keyTokens
	keyTraceback
	keyTraceID
	keyTraceparent
	keyType
	keyUsage
	keyUserID
	keyValue
	keyVersion
	keys // how many there are
)

var keyNames = [keys]string{
	keyActiveAgents:     "active_agents",
	keyActiveRequests:   "active_requests",
	keyAgentName:        "agent_name",
	keyAppInfo:          "app_info",
	keyCacheType:        "cache_type",
	keyCompletion:       "completion",
	keyCompletionTokens: "completion_tokens",
	keyCostDollars:      "cost_dollars",
	keyDuration:         "duration",
	keyDurationMS:       "duration_ms",
	keyDurationSeconds:  "duration_seconds",
	keyEndpoint:         "endpoint",
	keyEnvironment:      "environment",
	keyError:            "error",
	keyErrorMessage:     "error_message",
	keyErrorType:        "error_type",
	keyExcInfo:          "exc_info",
	keyException:        "exception",
	keyFunction:         "function",
	keyHit:              "hit",
	keyID:               "id",
	keyKind:             "kind",
	keyLevel:            "level",
	keyLine:             "line",
	keyLogger:           "logger",
	keyMemoryUsageBytes: "memory_usage_bytes",
	keyMessage:          "message",
	keyMethod:           "method",
	keyModel:            "model",
	keyModule:           "module",
	keyOTelSpanID:       "otelSpanID",
	keyOTelTraceID:      "otelTraceID",
	keyParentSpanID:     "parent_span_id",
	keyPathname:         "pathname",
	keyPrompt:           "prompt",
	keyPromptTokens:     "prompt_tokens",
	keyProvider:         "provider",
	keyService:          "service",
	keyServiceName:      "service_name",
	keyServiceVersion:   "service_version",
	keySessionID:        "session_id",
	keySizeBytes:        "size_bytes",
	keySpanID:           "span_id",
	keyStacktrace:       "stacktrace",
	keyStatus:           "status",
	keyTimestamp:        "timestamp",
	keyTokens:           "tokens",
	keyTraceback:        "traceback",
	keyTraceID:          "trace_id",
	keyTraceparent:      "traceparent",
	keyType:             "type",
	keyUsage:            "usage",
	keyUserID:           "user_id",
	keyValue:            "value",
	keyVersion:          "version",
}

func (k key) String() string { return keyNames[k] }

var keysByName = func() map[string]key {
	byName := make(map[string]key, keys)
	for k := keyOther + 1; k < keys; k++ {
		byName[k.String()] = k
	}
	return byName
}()

// keySet is a set of keys.
type keySet uint64

var _ [64 - keys]struct{} // it has room for all

func setOf(all ...key) keySet {
	var s keySet
	for _, k := range all {
		s |= 1 << k
	}
	return s
}

func (s keySet) has(k key) bool { return s&(1<<k) != 0 }
