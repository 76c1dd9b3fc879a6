// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package wal

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
)

// Layout of an entry, little endian. The name and the value follow the header.
const (
	atMagic     = 0  // 4 bytes
	atHeaderSum = 4  // CRC-32C of what follows it, and of the name
	atKind      = 8  // 1 byte
	atNameSize  = 10 // 2 bytes; byte 9 is 0
	atValueSize = 12
	atValueSum  = 16 // CRC-32C of the value
	atIndex     = 20 // of the entry in its batch
	atCount     = 24 // of the entries of the batch
	headerSize  = 28

	maxNameSize  = 1<<16 - 1
	maxValueSize = 1<<31 - 1
)

var magic = []byte{0xA7, 'W', 'A', 'L'}

type kind byte

const (
	kindSet kind = iota + 1
	kindDelete
	// kindEnd is written when the log is closed: what is before it was written
	// completely, and if it is not readable it was damaged.
	kindEnd
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

func checksum(value []byte) uint32 { return crc32.Checksum(value, castagnoli) }

// header is what is known of an entry without its value.
type header struct {
	kind         kind
	name         string
	valueSize    int
	valueSum     uint32
	index, count uint32
}

func (h *header) size() int { return headerSize + len(h.name) + h.valueSize }

// appendEntry appends an entry. The seed of the segment is part of the checksum of its
// headers, so that no value that a stranger sends can contain what is taken for an
// entry of the log.
func appendEntry(to []byte, seed uint32, h header, value []byte) []byte {
	start := len(to)
	to = append(to, magic...)
	to = append(to, 0, 0, 0, 0, byte(h.kind), 0)
	to = binary.LittleEndian.AppendUint16(to, uint16(len(h.name)))
	to = binary.LittleEndian.AppendUint32(to, uint32(len(value)))
	to = binary.LittleEndian.AppendUint32(to, checksum(value))
	to = binary.LittleEndian.AppendUint32(to, h.index)
	to = binary.LittleEndian.AppendUint32(to, h.count)
	to = append(to, h.name...)
	binary.LittleEndian.PutUint32(to[start+atHeaderSum:], crc32.Update(seed, castagnoli, to[start+atKind:]))
	return append(to, value...)
}

// parseHeader parses the header at the beginning of content.
func parseHeader(content []byte, seed uint32) (h header, ok bool) {
	if len(content) < headerSize || !bytes.HasPrefix(content, magic) {
		return header{}, false
	}
	end := headerSize + int(binary.LittleEndian.Uint16(content[atNameSize:]))
	if end > len(content) || crc32.Update(seed, castagnoli, content[atKind:end]) != binary.LittleEndian.Uint32(content[atHeaderSum:]) {
		return header{}, false
	}
	return header{
		kind:      kind(content[atKind]),
		name:      string(content[headerSize:end]),
		valueSize: int(binary.LittleEndian.Uint32(content[atValueSize:])),
		valueSum:  binary.LittleEndian.Uint32(content[atValueSum:]),
		index:     binary.LittleEndian.Uint32(content[atIndex:]),
		count:     binary.LittleEndian.Uint32(content[atCount:]),
	}, true
}

// repairHeader finds the one flipped bit with which the header at the beginning of
// content is valid, and flips it back.
func repairHeader(content []byte, seed uint32) (h header, ok bool) {
	if len(content) < headerSize {
		return header{}, false
	}
	end := min(len(content), headerSize+int(binary.LittleEndian.Uint16(content[atNameSize:])))
	for at := range end {
		for bit := range 8 {
			content[at] ^= 1 << bit
			if h, ok = parseHeader(content, seed); ok {
				return h, true
			}
			content[at] ^= 1 << bit
		}
	}
	return header{}, false
}
