// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package money

// AppendSum appends s as a varint of up to 128 bits, small sums in few bytes.
func AppendSum(to []byte, s Sum) []byte {
	hi, lo := uint64(s.hi)<<1|s.lo>>63, s.lo<<1 // the sign goes last
	if s.hi < 0 {
		hi, lo = ^hi, ^lo
	}
	for hi != 0 || lo >= 0x80 {
		to = append(to, byte(lo)|0x80)
		lo = lo>>7 | hi<<57
		hi >>= 7
	}
	return append(to, byte(lo))
}

// ReadSum reads what AppendSum has written, and returns its size; 0 when it is not a sum.
func ReadSum(from string) (s Sum, size int) {
	var hi, lo uint64
	for i := 0; i < len(from) && i < 19; i++ {
		b := uint64(from[i] & 0x7f)
		if shift := uint(7 * i); shift < 64 {
			lo |= b << shift
			if shift > 57 {
				hi |= b >> (64 - shift)
			}
		} else {
			if shift == 126 && b > 3 {
				return Sum{}, 0
			}
			hi |= b << (shift - 64)
		}
		if from[i] < 0x80 {
			negative := lo&1 != 0
			lo = lo>>1 | hi<<63
			hi >>= 1
			if negative {
				hi, lo = ^hi, ^lo
			}
			return Sum{hi: int64(hi), lo: lo}, i + 1
		}
	}
	return Sum{}, 0
}
