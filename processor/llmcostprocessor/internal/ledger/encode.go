// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package ledger

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"math/bits"
	"time"

	"github.com/otelcol-arc/otelcol-arc/internal/usage"
	"github.com/otelcol-arc/otelcol-arc/processor/llmcostprocessor/internal/money"
)

// A call is written as numbers in varints, and texts behind their lengths. The kinds
// of usage are numbers of the list of names that is written once before the calls.

const (
	flagListed = 1 << iota
	flagUnpriced
	flagHasReported
	flagTimed
	flagMany
	flagNoPrice
	flagAdjusted // adjustments follow the usage
	flagComputed // what was computed follows
)

// In the byte of the status.
const (
	costReported = 0x80
	// countedDimensions: the number of the dimensions is before them. Without it, they
	// are firstDimensions.
	countedDimensions = 0x40
	inStatus          = costReported | countedDimensions
)

// firstDimensions is how many dimensions there were when their number was not written.
const firstDimensions = 6

var errTruncated = errors.New("ends within a call")

// Kinds are the kinds of usage by the numbers that calls are written with.
type Kinds []usage.Kind

// AppendKinds appends the names of the kinds, in the order of their numbers.
func AppendKinds(to []byte) []byte {
	to = binary.AppendUvarint(to, uint64(usage.Count))
	for kind := range usage.Count {
		to = AppendText(to, usage.Kind(kind).String())
	}
	return to
}

// ParseKinds reads what AppendKinds has written, and returns what is behind it.
func ParseKinds(from []byte) (kinds Kinds, rest []byte, err error) {
	n, size := binary.Uvarint(from)
	if size <= 0 || n > uint64(len(from)) {
		return nil, nil, errTruncated
	}
	rest = from[size:]
	for range n {
		var name string
		if name, rest, err = ParseText(rest); err != nil {
			return nil, nil, err
		}
		kind, known := usage.Named(name)
		if !known {
			kind = usage.None
		}
		kinds = append(kinds, kind)
	}
	return kinds, rest, nil
}

// AppendCall appends a call.
func AppendCall(to []byte, c *Call) []byte {
	var flags byte
	for i, set := range [...]bool{c.Listed, c.Unpriced, c.HasReported, c.Timed, c.Many, c.NoPrice, len(c.Adjustments) > 0, c.HasComputed} {
		if set {
			flags |= 1 << i
		}
	}
	status := byte(c.Status) | countedDimensions
	if c.CostReported {
		status |= costReported
	}
	to = append(to, flags, status)
	for _, text := range [...]string{c.Model, c.Provider, c.Convention, c.Reading, c.Estimated} {
		to = AppendText(to, text)
	}
	dimensions := c.Dimensions.known()
	to = binary.AppendUvarint(to, uint64(len(dimensions)))
	for _, value := range dimensions {
		to = AppendText(to, value)
	}
	to = append(to, c.Trace[:]...)
	to = append(to, c.Span[:]...)
	for _, n := range [...]int64{c.Hour, int64(c.Cost), int64(c.Saved), int64(c.Reported), int64(c.Duration), c.Count, c.End} {
		to = binary.AppendVarint(to, n)
	}
	to = appendUsage(to, &c.Usage)
	if len(c.Adjustments) > 0 {
		to = appendAdjustments(to, c.Adjustments)
	}
	if c.HasComputed {
		to = binary.AppendVarint(to, int64(c.Computed))
	}
	return to
}

// AppendText appends a text with its length before it.
func AppendText(to []byte, text string) []byte {
	to = binary.AppendUvarint(to, uint64(len(text)))
	return append(to, text...)
}

// ParseCall reads what AppendCall has written, and returns what is behind it. Kinds
// are those written before; nil for those of this build.
func ParseCall(from []byte, kinds Kinds) (c Call, rest []byte, err error) {
	if rest, err = c.parseHead(from); err != nil {
		return Call{}, nil, err
	}
	for _, text := range [...]*string{&c.Model, &c.Provider, &c.Convention, &c.Reading, &c.Estimated} {
		if *text, rest, err = ParseText(rest); err != nil {
			return Call{}, nil, err
		}
	}
	if rest, err = c.parseDimensions(rest, from[1]&countedDimensions != 0); err != nil {
		return Call{}, nil, err
	}
	if len(rest) < len(c.Trace)+len(c.Span) {
		return Call{}, nil, errTruncated
	}
	rest = rest[copy(c.Trace[:], rest):]
	rest = rest[copy(c.Span[:], rest):]
	var numbers [7]int64
	if rest, err = parseNumbers(rest, numbers[:]); err != nil {
		return Call{}, nil, err
	}
	c.Hour, c.Cost, c.Saved, c.Reported = numbers[0], money.Pico(numbers[1]), money.Pico(numbers[2]), money.Pico(numbers[3])
	c.Duration, c.Count, c.End = time.Duration(numbers[4]), numbers[5], numbers[6]
	if rest, err = c.parseUsage(rest, kinds); err == nil && from[0]&flagAdjusted != 0 {
		c.Adjustments, rest, err = parseAdjustments(rest)
	}
	if err == nil && c.HasComputed {
		var computed [1]int64
		rest, err = parseNumbers(rest, computed[:])
		c.Computed = money.Pico(computed[0])
	}
	c.IsEstimate = c.Estimated != "" && !c.Unpriced
	return c, rest, err
}

func (c *Call) parseHead(from []byte) (rest []byte, err error) {
	if len(from) < 2 || from[1]&^inStatus >= byte(statuses) {
		return nil, errTruncated
	}
	flags := from[0]
	c.Listed, c.Unpriced = flags&flagListed != 0, flags&flagUnpriced != 0
	c.HasReported, c.Timed, c.Many = flags&flagHasReported != 0, flags&flagTimed != 0, flags&flagMany != 0
	c.NoPrice = flags&flagNoPrice != 0
	c.HasComputed, c.CostReported = flags&flagComputed != 0, from[1]&costReported != 0
	c.Status = Status(from[1] &^ inStatus)
	return from[2:], nil
}

func (c *Call) parseDimensions(from []byte, counted bool) (rest []byte, err error) {
	n := uint64(firstDimensions)
	if rest = from; counted {
		count, size := binary.Uvarint(from)
		if size <= 0 || count > MaxDimensions {
			return nil, errTruncated
		}
		n, rest = count, from[size:]
	}
	for i := range n {
		if c.Dimensions[i], rest, err = ParseText(rest); err != nil {
			return nil, err
		}
	}
	return rest, nil
}

func (c *Call) parseUsage(from []byte, kinds Kinds) (rest []byte, err error) {
	n, size := binary.Uvarint(from)
	if size <= 0 || n > uint64(len(from)) {
		return nil, errTruncated
	}
	rest = from[size:]
	for range n {
		number, size := binary.Uvarint(rest)
		if size <= 0 {
			return nil, errTruncated
		}
		var amount [1]int64
		if rest, err = parseNumbers(rest[size:], amount[:]); err != nil {
			return nil, err
		}
		kind := usage.Kind(0)
		switch {
		case kinds == nil && number < uint64(usage.Count):
			kind = usage.Kind(number)
		case number < uint64(len(kinds)):
			kind = kinds[number]
		}
		if kind == usage.None {
			return nil, fmt.Errorf("usage of an unknown kind, number %d", number)
		}
		c.Usage[kind] += amount[0]
	}
	return rest, nil
}

func parseNumbers(from []byte, numbers []int64) (rest []byte, err error) {
	for i := range numbers {
		n, size := binary.Varint(from)
		if size <= 0 {
			return nil, errTruncated
		}
		numbers[i], from = n, from[size:]
	}
	return from, nil
}

// ParseText reads what AppendText has written, and returns what is behind it.
func ParseText(from []byte) (text string, rest []byte, err error) {
	n, size := binary.Uvarint(from)
	if size <= 0 || n > math.MaxInt32 || int(n) > len(from)-size {
		return "", nil, errTruncated
	}
	return string(from[size : size+int(n)]), from[size+int(n):], nil
}

// appendUsage appends the kinds that there are of.
func appendUsage(to []byte, u *Usage) []byte {
	used := u.Amounts().Stated()
	to = binary.AppendUvarint(to, uint64(bits.OnesCount64(uint64(used))))
	for kind := range used.Kinds {
		to = binary.AppendVarint(binary.AppendUvarint(to, uint64(kind)), u[kind])
	}
	return to
}
