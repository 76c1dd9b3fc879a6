// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"path"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/otelcol-arc/otelcol-arc/test/bench/traffic"
)

// rule has prices for models whose name the pattern of path.Match matches.
type rule struct {
	pattern       string
	input, output float64 // dollars a token
}

// ruleList prices calls the way of products that keep their prices as a list:
// the first rule whose pattern matches the model gives the prices, and the cost
// and its parts are written as five attributes, in doubles.
type ruleList []rule

// newRuleList has n rules, with those of the models that are called spread
// evenly among them.
func newRuleList(n int) ruleList {
	rules := make(ruleList, n)
	for i := range rules {
		rules[i] = rule{pattern: fmt.Sprintf("house-model-%d*", i), input: 2.5e-6, output: 1e-5}
	}
	for i, model := range traffic.Models {
		rules[(2*i+1)*n/(2*len(traffic.Models))].pattern = model + "*"
	}
	return rules
}

// consume prices a batch.
func (l ruleList) consume(_ context.Context, td ptrace.Traces) error {
	for _, rs := range td.ResourceSpans().All() {
		for _, ss := range rs.ScopeSpans().All() {
			for _, span := range ss.Spans().All() {
				if err := l.price(span.Attributes()); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// price writes the cost of a call. What is not a call is left as it is.
func (l ruleList) price(attributes pcommon.Map) error {
	model, ok := attributes.Get("gen_ai.request.model")
	if !ok {
		return nil
	}
	for i := range l {
		matches, err := path.Match(l[i].pattern, model.Str())
		if err != nil {
			return err
		}
		if !matches {
			continue
		}
		tokens := func(key string) float64 {
			v, _ := attributes.Get(key)
			return float64(v.Int())
		}
		input, output := tokens("gen_ai.usage.input_tokens")*l[i].input, tokens("gen_ai.usage.output_tokens")*l[i].output
		attributes.EnsureCapacity(attributes.Len() + 5)
		attributes.PutDouble("gen_ai.cost.input", input)
		attributes.PutDouble("gen_ai.cost.output", output)
		attributes.PutDouble("gen_ai.cost.cache_read", 0)
		attributes.PutDouble("gen_ai.cost.cache_write", 0)
		attributes.PutDouble("gen_ai.cost.total", input+output)
		return nil
	}
	return nil
}
