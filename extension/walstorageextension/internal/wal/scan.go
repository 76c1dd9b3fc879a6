// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package wal

import (
	"bytes"
	"encoding/binary"
)

// found is an entry that was found in a segment.
type found struct {
	header
	offset   int64 // of the entry
	repaired bool  // a bit of the header was flipped
	damaged  bool  // the value is not what was written
}

// gap is a part of a segment that no entry could be found in.
type gap struct {
	offset, size int64
	incomplete   bool // it is the beginning of what was not written completely
}

// scan finds the entries of a segment, in order. A batch of which entries are missing at
// the end of the segment was not written completely, and is left out.
func scan(content []byte, seed uint32) (entries []found, gaps []gap) {
	at := 0
	for at < len(content) {
		h, ok := parseHeader(content[at:], seed)
		e := found{header: h, offset: int64(at)}
		if !ok {
			e.header, ok = repairHeader(content[at:], seed)
			e.repaired = ok
		}
		if ok && at+e.size() > len(content) {
			ok = false // the value was not written completely
		}
		if !ok {
			next := nextEntry(content, at+1, seed)
			gaps = append(gaps, gap{offset: int64(at), size: int64(next - at), incomplete: next == len(content) && isBeginning(content[at:], seed)})
			at = next
			continue
		}
		value := content[at+e.size()-e.valueSize : at+e.size()]
		e.damaged = checksum(value) != e.valueSum
		entries = append(entries, e)
		at += e.size()
	}
	return completeBatches(entries, int64(len(content)), gaps)
}

// isBeginning reports whether the end of a segment looks like what a write that was not completed
// leaves: the beginning of an entry, or a file that has become longer and has no content
// there yet.
func isBeginning(end []byte, seed uint32) bool {
	if len(bytes.Trim(end, "\x00")) == 0 {
		return true
	}
	if _, ok := parseHeader(end, seed); ok {
		return true
	}
	if !bytes.HasPrefix(end, magic[:min(len(end), len(magic))]) {
		return false
	}
	return len(end) < headerSize || len(end) < headerSize+int(binary.LittleEndian.Uint16(end[atNameSize:]))
}

// nextEntry finds the next entry, or else the end.
func nextEntry(content []byte, from int, seed uint32) int {
	for from < len(content) {
		i := bytes.Index(content[from:], magic)
		if i < 0 {
			break
		}
		from += i
		if h, ok := parseHeader(content[from:], seed); ok && from+h.size() <= len(content) {
			return from
		}
		from++
	}
	return len(content)
}

// completeBatches leaves the batch at the end out if it has no end. A batch in the middle of
// a segment was written completely, or nothing would have been written after it.
func completeBatches(entries []found, size int64, gaps []gap) ([]found, []gap) {
	n := len(entries)
	if n == 0 || entries[n-1].index+1 == entries[n-1].count {
		return entries, gaps
	}
	for n > 0 && entries[n-1].index > 0 && n > 1 && entries[n-2].index+1 == entries[n-1].index {
		n--
	}
	n--
	first := entries[n].offset
	if last := len(gaps) - 1; last >= 0 && gaps[last].offset > first {
		gaps = gaps[:last]
	}
	return entries[:n], append(gaps, gap{offset: first, size: size - first, incomplete: true})
}
