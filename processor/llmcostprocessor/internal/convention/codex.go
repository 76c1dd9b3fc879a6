// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package convention

import (
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"
)

// readCodexRequest reads the model from the span around a request of Codex, which has no key
// of a convention.
func readCodexRequest(span ptrace.Span, into *Call) (Outcome, string) {
	if name := span.Name(); name != "try_run_sampling_request" && name != "run_sampling_request" {
		return NotACall, ""
	}
	model, ok := span.Attributes().Get("model")
	if !ok || model.Type() != pcommon.ValueTypeStr || model.Str() == "" || len(model.Str()) > MaxModelLength {
		return NotACall, ""
	}
	*into = Call{Convention: "codex", Model: model.Str()}
	return Aggregate, ""
}
