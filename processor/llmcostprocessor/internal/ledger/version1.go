// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package ledger

import (
	"encoding/json"
	"time"

	"github.com/otelcol-arc/otelcol-arc/internal/usage"
	"github.com/otelcol-arc/otelcol-arc/processor/llmcostprocessor/internal/money"
)

// Version 1 of snapshots and calls had five counts of tokens, of which some are parts
// of others.

// counts1 are those counts.
type counts1 struct {
	Prompt     int64 `json:"prompt"`
	Completion int64 `json:"completion"`
	CacheRead  int64 `json:"cache_read"`
	CacheWrite int64 `json:"cache_write"`
	Reasoning  int64 `json:"reasoning"`
}

// usage makes them disjoint.
func (c counts1) usage() (u Usage) {
	u[usage.Input] = c.Prompt - c.CacheRead - c.CacheWrite
	u[usage.CacheRead], u[usage.CacheWrite] = c.CacheRead, c.CacheWrite
	u[usage.Output], u[usage.Reasoning] = c.Completion-c.Reasoning, c.Reasoning
	return u
}

// upgrade adds the usage of version 1 to rows that were read without it.
func upgrade(documents []json.RawMessage, rows []*Row) error {
	for i, content := range documents {
		var counts counts1
		if err := json.Unmarshal(content, &counts); err != nil {
			return err
		}
		rows[i].Usage = counts.usage()
	}
	return nil
}

// ParseCall1 reads a call of version 1, and returns what is behind it.
func ParseCall1(from []byte) (c Call, rest []byte, err error) {
	if rest, err = c.parseHead(from); err != nil {
		return Call{}, nil, err
	}
	if c.Model, rest, err = ParseText(rest); err != nil {
		return Call{}, nil, err
	}
	if rest, err = c.parseDimensions(rest, false); err != nil {
		return Call{}, nil, err
	}
	var numbers [11]int64
	if rest, err = parseNumbers(rest, numbers[:]); err != nil {
		return Call{}, nil, err
	}
	c.Hour = numbers[0]
	c.Usage = counts1{numbers[1], numbers[2], numbers[3], numbers[4], numbers[5]}.usage()
	c.Cost, c.Saved, c.Reported = money.Pico(numbers[6]), money.Pico(numbers[7]), money.Pico(numbers[8])
	c.Duration, c.Count = time.Duration(numbers[9]), numbers[10]
	return c, rest, nil
}
