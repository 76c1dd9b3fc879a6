// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package identity

import (
	"fmt"
	"math/bits"

	"github.com/cespare/xxhash/v2"
)

// A version is made of these, the highest first:
//
//	6 bits   how often a duplicate turned out to be a call after all
//	1 bit    it is not a call: who knows has seen another record of the call
//	40 bits  how good the record that represents the call is, in the order of rank
//	4 bits   records of the call
//	3 bits   known spans around it
//	4 bits   values of the attribution that are known
//	1 bit    the model is known
//	4 bits   a hash of the rest, so that of two versions one is the higher everywhere
const (
	releasedShift = 57
	notACallBit   = 1 << 56
	rankShift     = 16
	sizeShift     = 12
	linksShift    = 9
	valuesShift   = 5
	namedBit      = 1 << 4
	hashBits      = 4

	maxReleased = 1<<6 - 1
	maxSize     = 1<<4 - 1
	maxLinks    = 1<<3 - 1
	maxValues   = 1<<4 - 1
)

// maxRankedTokens bounds the tokens by which records are ranked.
const maxRankedTokens = 1<<23 - 1

// rankBits are the comparisons of rank down to those that are made to have any order, as a number.
func rankBits(r *Record, nonzero uint32) (sum uint64) {
	add := func(width int, n uint64) { sum = sum<<width | n }
	flag := func(f Flags) {
		n := uint64(0)
		if r.Flags.Has(f) {
			n = 1
		}
		add(1, n)
	}
	flag(HasUsage)
	flag(Priced)
	add(5, uint64(min(bits.OnesCount32(r.Stated&nonzero), 31)))
	flag(Above)
	sum ^= 1
	flag(Proven)
	flag(KnownScope)
	add(23, uint64(min(max(r.Prompt+r.Completion, 0), maxRankedTokens)))
	flag(HasTier)
	add(5, uint64(min(bits.OnesCount32(r.NonZero), 31)))
	flag(IsSpan)
	return sum
}

func versionOf(r *Record, nonzero uint32, counted *Counted, size int, released uint8) uint64 {
	version := uint64(released)<<releasedShift | rankBits(r, nonzero)<<rankShift | uint64(min(size, maxSize))<<sizeShift
	known := uint64(0)
	hash := xxhash.New()
	_, _ = hash.WriteString(counted.Current())
	for i, value := range counted.Values() {
		if value != "" {
			known++
		}
		_, _ = fmt.Fprint(hash, i, value)
	}
	version |= min(known, maxValues) << valuesShift
	if !counted.Unnamed || counted.Amended != "" || counted.Named() != "" {
		version |= namedBit
	}
	return version | hash.Sum64()>>(64-hashBits)
}
