// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package convention

import (
	"slices"
	"strings"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/otelcol-arc/otelcol-arc/processor/llmcostprocessor/internal/price"
)

// byNameScopes begin the names of instrumentations that set the attributes of a span
// when the call has ended well: of one that failed they leave the name and the status
// (OpenLIT 1.45).
const byNameScopes = "openlit.instrumentation."

// readName reads a failed call from the name of its span, which the conventions have
// as the operation and the model.
func readName(of pcommon.InstrumentationScope, span ptrace.Span, into *Call) (Outcome, string) {
	vendor, known := strings.CutPrefix(of.Name(), byNameScopes)
	if !known || span.Status().Code() != ptrace.StatusCodeError {
		return NotACall, ""
	}
	operation, model, _ := strings.Cut(span.Name(), " ")
	if model == "" || strings.ContainsAny(model, " \t") || !slices.Contains(operations, operation) {
		return NotACall, ""
	}
	*into = Call{Convention: "openlit", Operation: operation, Model: model, Status: Error}
	if _, sells := price.SellerOf(vendor); sells {
		into.Provider = vendor
	}
	if isTimeout(span.Status().Message()) {
		into.Status = Timeout
	}
	if len(model) > MaxModelLength {
		into.Model, into.Problem = truncate(model), ReasonModelTooLong
	}
	return IsCall, ""
}
