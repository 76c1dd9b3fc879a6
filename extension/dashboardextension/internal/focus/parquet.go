// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package focus

import (
	"encoding/binary"
	"io"
	"iter"
	"math"
	"strconv"
	"time"
)

// This is the part of Parquet that a table of texts, numbers and times needs: one data page
// (version 1, plain encoding, uncompressed) for each column of a row group. A library would
// add 10 MB to the program, several times what all of this is. The tests read the files with
// another implementation.
// https://parquet.apache.org/docs/file-format/

// groupRows is the number of rows of a row group, which is held in memory.
const groupRows = 20_000

// Numbers of parquet.thrift.
const (
	physicalInt64, physicalDouble, physicalBytes = 2, 5, 6
	convertedUTF8, convertedTimestamp            = 0, 9 // milliseconds
	encodingPlain, encodingRLE                   = 0, 3
	repetitionOptional                           = 1
	pageData                                     = 0
)

var magic = []byte("PAR1")

// chunk is a column of a row group.
type chunk struct {
	present []bool
	values  []byte
}

func (c *chunk) add(of Type, value string) {
	c.present = append(c.present, value != "")
	if value == "" {
		return
	}
	switch of {
	case Decimal:
		number, _ := strconv.ParseFloat(value, 64)
		c.values = binary.LittleEndian.AppendUint64(c.values, math.Float64bits(number))
	case DateTime:
		at, _ := time.Parse(time.RFC3339, value)
		c.values = binary.LittleEndian.AppendUint64(c.values, uint64(at.UnixMilli()))
	default:
		c.values = binary.LittleEndian.AppendUint32(c.values, uint32(len(value)))
		c.values = append(c.values, value...)
	}
}

// levels are the definition levels: runs of ones and zeros.
func (c *chunk) levels() []byte {
	var runs []byte
	for i := 0; i < len(c.present); {
		n := i
		for n < len(c.present) && c.present[n] == c.present[i] {
			n++
		}
		runs = binary.AppendUvarint(runs, uint64(n-i)<<1)
		level := byte(0)
		if c.present[i] {
			level = 1
		}
		runs = append(runs, level)
		i = n
	}
	return append(binary.LittleEndian.AppendUint32(nil, uint32(len(runs))), runs...)
}

// group is what the footer has of a row group.
type group struct {
	rows   int
	chunks []place
}

type place struct{ offset, size int64 }

type parquetWriter struct {
	to     io.Writer
	offset int64
	groups []group
	chunks []chunk
	rows   int
}

// WriteParquet writes charges as Parquet: texts and JSON as UTF-8, decimals as doubles,
// times as milliseconds in UTC. All columns are nullable.
func WriteParquet(to io.Writer, charges iter.Seq2[Charge, error]) error {
	w := &parquetWriter{to: to, chunks: make([]chunk, len(Columns))}
	if err := w.write(magic); err != nil {
		return err
	}
	for charge, err := range charges {
		if err != nil {
			return err
		}
		for i := range Columns {
			w.chunks[i].add(Columns[i].Type, Columns[i].Value(&charge))
		}
		if w.rows++; w.rows == groupRows {
			if err := w.flush(); err != nil {
				return err
			}
		}
	}
	if err := w.flush(); err != nil {
		return err
	}
	footer := w.footer()
	return w.write(append(binary.LittleEndian.AppendUint32(footer, uint32(len(footer))), magic...))
}

func (w *parquetWriter) write(content []byte) error {
	n, err := w.to.Write(content)
	w.offset += int64(n)
	return err
}

// flush writes a row group.
func (w *parquetWriter) flush() error {
	if w.rows == 0 {
		return nil
	}
	g := group{rows: w.rows}
	for i := range w.chunks {
		c := &w.chunks[i]
		page := append(c.levels(), c.values...)
		header := pageHeader(len(page), w.rows)
		g.chunks = append(g.chunks, place{w.offset, int64(len(header) + len(page))})
		if err := w.write(append(header, page...)); err != nil {
			return err
		}
		*c = chunk{}
	}
	w.groups, w.rows = append(w.groups, g), 0
	return nil
}

func pageHeader(size, rows int) []byte {
	var t encoder
	t.int32(1, pageData)
	t.int32(2, int64(size)) // uncompressed
	t.int32(3, int64(size)) // compressed: the same
	t.structure(5, func() { // DataPageHeader
		t.int32(1, int64(rows))
		t.int32(2, encodingPlain)
		t.int32(3, encodingRLE) // definition levels
		t.int32(4, encodingRLE) // repetition levels: there are none
	})
	return t.end()
}

// physical is the physical type of a column, and what it means.
func (of Type) physical() (physical, converted int64, has bool) {
	switch of {
	case Decimal:
		return physicalDouble, 0, false
	case DateTime:
		return physicalInt64, convertedTimestamp, true
	default:
		return physicalBytes, convertedUTF8, true
	}
}

// footer is the FileMetaData.
func (w *parquetWriter) footer() []byte {
	var t encoder
	rows := int64(0)
	for _, g := range w.groups {
		rows += int64(g.rows)
	}
	t.int32(1, 1) // version
	t.list(2, len(Columns)+1, func(i int) {
		if i == 0 { // the root
			t.text(4, "focus_"+Version)
			t.int32(5, int64(len(Columns)))
			return
		}
		column := &Columns[i-1]
		physical, converted, has := column.Type.physical()
		t.int32(1, physical)
		t.int32(3, repetitionOptional)
		t.text(4, column.ID)
		if has {
			t.int32(6, converted)
		}
	})
	t.int64(3, rows)
	t.list(4, len(w.groups), func(i int) { w.rowGroup(&t, &w.groups[i]) })
	t.text(6, "otelcol-arc")
	return t.end()
}

func (w *parquetWriter) rowGroup(t *encoder, g *group) {
	size := int64(0)
	t.list(1, len(g.chunks), func(i int) {
		at := g.chunks[i]
		size += at.size
		t.int64(2, at.offset)
		t.structure(3, func() { // ColumnMetaData
			physical, _, _ := Columns[i].Type.physical()
			t.int32(1, physical)
			t.int32List(2, encodingPlain, encodingRLE)
			t.textList(3, Columns[i].ID)
			t.int32(4, 0) // uncompressed
			t.int64(5, int64(g.rows))
			t.int64(6, at.size)
			t.int64(7, at.size)
			t.int64(9, at.offset)
		})
	})
	t.int64(2, size)
	t.int64(3, int64(g.rows))
}
