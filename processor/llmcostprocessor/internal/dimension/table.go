// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package dimension

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/otelcol-arc/otelcol-arc/processor/llmcostprocessor/internal/ledger"
)

const (
	// MaxFileSize is the size of the largest table in bytes: 100,000 rows of long names.
	MaxFileSize = 16 << 20
	// maxRows bounds a table in memory.
	maxRows = 100_000
	// maxErrors is how many errors of one file are reported.
	maxErrors = 10
)

// Table maps values: those of the first column of a CSV file to those of another.
type Table struct{ values map[string]string }

// ParseTable parses a CSV file, whose first line names the columns. File is its name in
// errors, which have the line, too.
func ParseTable(file string, content []byte, column string) (*Table, error) {
	p := tableParser{file: file, values: map[string]string{}, lines: map[string]int{}}
	p.reader = csv.NewReader(bytes.NewReader(bytes.TrimPrefix(content, []byte("\ufeff"))))
	p.reader.FieldsPerRecord = -1 // its error would not say how many there should be
	p.reader.Comment = '#'
	p.reader.TrimLeadingSpace = true
	if p.parseHeader(column) {
		for p.parseRow() {
		}
	}
	if err := errors.Join(p.errs...); err != nil {
		return nil, err
	}
	return &Table{p.values}, nil
}

// Len is how many values are mapped.
func (t *Table) Len() int { return len(t.values) }

// Lookup returns what a value is mapped to.
func (t *Table) Lookup(value string) (mapped string, ok bool) {
	mapped, ok = t.values[strings.TrimSpace(value)]
	return mapped, ok
}

type tableParser struct {
	file   string
	reader *csv.Reader
	header []string
	column int
	values map[string]string
	lines  map[string]int // where a value was mapped
	errs   []error
}

// failf notes an error, and reports whether there may be more.
func (p *tableParser) failf(line int, format string, args ...any) bool {
	if len(p.errs) == maxErrors {
		p.errs = append(p.errs, fmt.Errorf("%s: more errors follow", p.file))
		return false
	}
	p.errs = append(p.errs, fmt.Errorf("%s:%d: %s", p.file, line, fmt.Sprintf(format, args...)))
	return true
}

// read reads a record. Done is at the end of the file, or if the file is unusable.
func (p *tableParser) read() (record []string, line int, done bool) {
	record, err := p.reader.Read()
	if errors.Is(err, io.EOF) {
		return nil, 0, true
	}
	if invalid, ok := errors.AsType[*csv.ParseError](err); ok {
		return nil, 0, !p.failf(invalid.Line, "%v", invalid.Err)
	}
	if err != nil {
		p.errs = append(p.errs, fmt.Errorf("%s: %w", p.file, err))
		return nil, 0, true
	}
	line, _ = p.reader.FieldPos(0)
	for i := range record {
		record[i] = strings.TrimSpace(record[i])
	}
	return record, line, false
}

func (p *tableParser) parseHeader(column string) bool {
	header, line, done := p.read()
	switch {
	case header == nil && len(p.errs) == 0 && done:
		return p.failf(1, "is empty; its first line names the columns") && false
	case header == nil:
		return false
	}
	p.header = header
	if p.column = slices.Index(header, column); p.column < 1 {
		return p.failf(line, "has no column %q after the first, by which values are looked up; its columns are %s", column, strings.Join(header, ", ")) && false
	}
	if slices.Contains(header[p.column+1:], column) {
		return p.failf(line, "has the column %q twice", column) && false
	}
	return true
}

// parseRow reports whether there may be another row.
func (p *tableParser) parseRow() bool {
	record, line, done := p.read()
	if record == nil {
		return !done
	}
	if len(record) != len(p.header) {
		return p.failf(line, "has %d columns, the first line has %d", len(record), len(p.header))
	}
	from, to := record[0], record[p.column]
	first, known := p.lines[from]
	switch {
	case from == "":
		return p.failf(line, "the first column is empty")
	case !utf8.ValidString(from) || !utf8.ValidString(to):
		return p.failf(line, "is not UTF-8")
	case len(to) > ledger.MaxValueBytes:
		return p.failf(line, "%s has more than %d bytes", p.header[p.column], ledger.MaxValueBytes)
	case known && p.values[from] != to:
		return p.failf(line, "%q is on line %d already, with another %s", from, first, p.header[p.column])
	case len(p.values) == maxRows && !known:
		return p.failf(line, "there are more than %d rows", maxRows) && false
	case !known:
		p.values[from], p.lines[from] = to, line
	}
	return true
}
