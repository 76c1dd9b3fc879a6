// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package sdks

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// Capture is what an instrumentation sent, as far as it decides whether a
// figure could have been known. Metrics are left out; they are sums of many calls.
type Capture struct {
	Requests []json.RawMessage // OTLP JSON, one a request
	records  []record
}

// record has the numbers and texts of the attributes and the body of a span,
// its events, or a log record.
type record struct {
	traceID string
	numbers map[int64]bool
	texts   []string
	failed  bool
}

// calls are the attributes whose values distinguish calls from the steps around
// them. Steps repeat what their calls used: an agent's sum is not a call.
var calls = map[string]func(value string) bool{
	"gen_ai.operation.name": func(value string) bool {
		return !strings.HasPrefix(value, "invoke_") && !strings.HasPrefix(value, "create_")
	},
	"traceloop.span.kind": func(string) bool { return false },
	"openinference.span.kind": func(value string) bool {
		return value == "LLM" || value == "EMBEDDING" || value == "RERANKER"
	},
}

// content are attributes that repeat what was asked and responded. Figures in
// there are not telemetry: recording it is off in most installations, and the
// ledger does not read it.
var content = map[string]bool{
	"input.value": true, "output.value": true, "gen_ai.input.messages": true, "gen_ai.output.messages": true,
	"traceloop.entity.input": true, "traceloop.entity.output": true, "langfuse.observation.input": true, "langfuse.observation.output": true,
	"exception.stacktrace": true, "exception.message": true, // have the numbers of lines
	"mlflow.spanInputs": true, "mlflow.spanOutputs": true, "response_data": true, "request_data": true,
}

// digits are numbers by themselves: those within an ID are not figures.
var digits = regexp.MustCompile(`\b\d+\b`)

// parseCapture reads what the file exporter wrote: a request a line.
func parseCapture(r io.Reader) (*Capture, error) {
	c := &Capture{}
	lines := bufio.NewReader(r)
	for {
		line, err := lines.ReadBytes('\n')
		if line = bytes.TrimSpace(line); len(line) > 0 {
			if err := c.add(line); err != nil {
				return nil, err
			}
		}
		if errors.Is(err, io.EOF) {
			return c, nil
		}
		if err != nil {
			return nil, err
		}
	}
}

func (c *Capture) add(line []byte) error {
	var request map[string]any
	if err := json.Unmarshal(line, &request); err != nil {
		return err
	}
	c.Requests = append(c.Requests, bytes.Clone(line))
	c.find(request)
	return nil
}

// find goes down to spans and log records.
func (c *Capture) find(v any) {
	switch v := v.(type) {
	case []any:
		for _, item := range v {
			c.find(item)
		}
	case map[string]any:
		for key, item := range v {
			switch key {
			case "spans", "logRecords":
				items, _ := item.([]any)
				for _, item := range items {
					r := record{traceID: traceOf(item), numbers: map[int64]bool{}}
					r.walk(item)
					if isStep(item) {
						r.numbers, r.failed = nil, false
					}
					c.records = append(c.records, r)
				}
			case "resourceMetrics":
			default:
				c.find(item)
			}
		}
	}
}

func traceOf(v any) string {
	item, _ := v.(map[string]any)
	id, _ := item["traceId"].(string)
	return id
}

// isStep reports whether a span is a step around calls.
func isStep(v any) bool {
	span, _ := v.(map[string]any)
	attributes, _ := span["attributes"].([]any)
	return slices.ContainsFunc(attributes, func(v any) bool {
		attribute, _ := v.(map[string]any)
		key, _ := attribute["key"].(string)
		value, _ := attribute["value"].(map[string]any)
		text, _ := value["stringValue"].(string)
		isCall, known := calls[key]
		return known && !isCall(text)
	})
}

// walk collects values. IDs, times and counts of what was dropped are no values
// of OTLP JSON, and left out by that.
func (r *record) walk(v any) {
	switch v := v.(type) {
	case []any:
		for _, item := range v {
			r.walk(item)
		}
	case map[string]any:
		if key, _ := v["key"].(string); content[key] {
			return
		} else if key == "error.type" || key == "exception.type" {
			r.failed = true
		}
		if code, _ := v["code"].(float64); code == 2 { // of a span's status
			r.failed = true
		}
		for key, item := range v {
			switch key {
			case "stringValue":
				text, _ := item.(string)
				r.texts = append(r.texts, text)
				for _, number := range digits.FindAllString(text, -1) {
					r.number(number)
				}
			case "intValue":
				text, _ := item.(string)
				r.number(text)
			case "doubleValue":
				if number, ok := item.(float64); ok && number == float64(int64(number)) {
					r.numbers[int64(number)] = true
				}
			default:
				r.walk(item)
			}
		}
	}
}

func (r *record) number(text string) {
	if n, err := strconv.ParseInt(text, 10, 64); err == nil {
		r.numbers[n] = true
	}
}

func (r *record) hasNumber(numbers []int64) bool {
	return slices.ContainsFunc(numbers, func(n int64) bool { return n != 0 && r.numbers[n] })
}

func (r *record) hasText(text string) bool {
	return slices.ContainsFunc(r.texts, func(t string) bool { return strings.Contains(t, text) })
}

// HasNumber reports whether one of numbers was sent.
func (c *Capture) HasNumber(numbers ...int64) bool {
	return slices.ContainsFunc(c.records, func(r record) bool { return r.hasNumber(numbers) })
}

// HasNumbers reports whether all of numbers were sent, by one record.
func (c *Capture) HasNumbers(numbers []int64) bool {
	return len(numbers) > 0 && slices.ContainsFunc(c.records, func(r record) bool {
		return !slices.ContainsFunc(numbers, func(n int64) bool { return !r.numbers[n] })
	})
}

// HasText reports whether a value that contains text was sent.
func (c *Capture) HasText(text string) bool {
	return slices.ContainsFunc(c.records, func(r record) bool { return r.hasText(text) })
}

// HasTextIn reports whether a value that contains text was sent in a trace, or in no trace.
func (c *Capture) HasTextIn(traceID, text string) bool {
	return slices.ContainsFunc(c.records, func(r record) bool {
		return (r.traceID == traceID || r.traceID == "") && r.hasText(text)
	})
}

// HasTextWith reports whether a value that contains text was sent next to one of numbers.
func (c *Capture) HasTextWith(text string, numbers ...int64) bool {
	return slices.ContainsFunc(c.records, func(r record) bool { return r.hasNumber(numbers) && r.hasText(text) })
}

// Errors is how many of the records of calls report a failure.
func (c *Capture) Errors() (n int) {
	for i := range c.records {
		if c.records[i].failed {
			n++
		}
	}
	return n
}
