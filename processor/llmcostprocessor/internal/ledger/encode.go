// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package ledger

import (
	"encoding/binary"
	"errors"
	"math"
	"time"

	"github.com/otelcol-arc/otelcol-arc/processor/llmcostprocessor/internal/money"
)

// A call is written as numbers in varints, and texts behind their lengths. What
// only the memory of single calls knows, its IDs and its end, is not.

const (
	flagListed = 1 << iota
	flagUnpriced
	flagHasReported
	flagTimed
	flagMany
)

var errTruncated = errors.New("ends within a call")

// AppendCall appends a call.
func AppendCall(to []byte, c *Call) []byte {
	var flags byte
	for i, set := range [...]bool{c.Listed, c.Unpriced, c.HasReported, c.Timed, c.Many} {
		if set {
			flags |= 1 << i
		}
	}
	to = append(to, flags, byte(c.Status))
	to = appendText(to, c.Model)
	for _, value := range c.Dimensions {
		to = appendText(to, value)
	}
	for _, n := range c.numbers() {
		to = binary.AppendVarint(to, n)
	}
	return to
}

// numbers are those that are written, in their order.
func (c *Call) numbers() [11]int64 {
	return [...]int64{
		c.Hour, c.Prompt, c.Completion, c.CacheRead, c.CacheWrite, c.Reasoning,
		int64(c.Cost), int64(c.Saved), int64(c.Reported), int64(c.Duration), c.Count,
	}
}

func appendText(to []byte, text string) []byte {
	to = binary.AppendUvarint(to, uint64(len(text)))
	return append(to, text...)
}

// ParseCall reads what AppendCall has written, and returns what is behind it.
func ParseCall(from []byte) (c Call, rest []byte, err error) {
	if len(from) < 2 || from[1] >= byte(statuses) {
		return Call{}, nil, errTruncated
	}
	flags := from[0]
	c.Listed, c.Unpriced = flags&flagListed != 0, flags&flagUnpriced != 0
	c.HasReported, c.Timed, c.Many = flags&flagHasReported != 0, flags&flagTimed != 0, flags&flagMany != 0
	c.Status = Status(from[1])
	rest = from[2:]
	if c.Model, rest, err = parseText(rest); err != nil {
		return Call{}, nil, err
	}
	for i := range c.Dimensions {
		if c.Dimensions[i], rest, err = parseText(rest); err != nil {
			return Call{}, nil, err
		}
	}
	numbers := c.numbers()
	for i := range numbers {
		n, size := binary.Varint(rest)
		if size <= 0 {
			return Call{}, nil, errTruncated
		}
		numbers[i], rest = n, rest[size:]
	}
	c.Hour, c.Prompt, c.Completion, c.CacheRead = numbers[0], numbers[1], numbers[2], numbers[3]
	c.CacheWrite, c.Reasoning = numbers[4], numbers[5]
	c.Cost, c.Saved, c.Reported = money.Pico(numbers[6]), money.Pico(numbers[7]), money.Pico(numbers[8])
	c.Duration, c.Count = time.Duration(numbers[9]), numbers[10]
	return c, rest, nil
}

func parseText(from []byte) (text string, rest []byte, err error) {
	n, size := binary.Uvarint(from)
	if size <= 0 || n > math.MaxInt32 || int(n) > len(from)-size {
		return "", nil, errTruncated
	}
	return string(from[size : size+int(n)]), from[size+int(n):], nil
}
