// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package focus

import "encoding/binary"

// encoder writes structures in Thrift's compact protocol.
// https://github.com/apache/thrift/blob/master/doc/specs/thrift-compact-protocol.md
type encoder struct {
	out []byte
	id  int16 // of the field before, in the innermost structure
}

// Types of the compact protocol.
const (
	compactInt32, compactInt64, compactBinary, compactList, compactStruct = 5, 6, 8, 9, 12
)

func (t *encoder) field(id int16, kind byte) {
	if delta := id - t.id; delta > 0 && delta <= 15 {
		t.out = append(t.out, byte(delta)<<4|kind)
	} else {
		t.out = append(t.out, kind)
		t.out = binary.AppendVarint(t.out, int64(id))
	}
	t.id = id
}

func (t *encoder) int32(id int16, value int64) {
	t.field(id, compactInt32)
	t.out = binary.AppendVarint(t.out, value) // zigzag
}

func (t *encoder) int64(id int16, value int64) {
	t.field(id, compactInt64)
	t.out = binary.AppendVarint(t.out, value)
}

func (t *encoder) text(id int16, value string) {
	t.field(id, compactBinary)
	t.bytes(value)
}

func (t *encoder) bytes(value string) {
	t.out = append(binary.AppendUvarint(t.out, uint64(len(value))), value...)
}

// structure writes a field that is a structure.
func (t *encoder) structure(id int16, write func()) {
	t.field(id, compactStruct)
	t.nested(write)
}

func (t *encoder) nested(write func()) {
	outer := t.id
	t.id = 0
	write()
	t.out = append(t.out, 0)
	t.id = outer
}

func (t *encoder) head(id int16, size int, kind byte) {
	t.field(id, compactList)
	if size < 15 {
		t.out = append(t.out, byte(size)<<4|kind)
		return
	}
	t.out = binary.AppendUvarint(append(t.out, 0xf0|kind), uint64(size))
}

// list writes a field that is a list of structures.
func (t *encoder) list(id int16, size int, write func(i int)) {
	t.head(id, size, compactStruct)
	for i := range size {
		t.nested(func() { write(i) })
	}
}

func (t *encoder) int32List(id int16, values ...int64) {
	t.head(id, len(values), compactInt32)
	for _, value := range values {
		t.out = binary.AppendVarint(t.out, value)
	}
}

func (t *encoder) textList(id int16, values ...string) {
	t.head(id, len(values), compactBinary)
	for _, value := range values {
		t.bytes(value)
	}
}

// end ends the outermost structure.
func (t *encoder) end() []byte { return append(t.out, 0) }
