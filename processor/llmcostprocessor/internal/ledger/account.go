// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package ledger

import "encoding/binary"

// Account remembers where calls of a provider, a model and dimensions were counted last, which
// is faster to compare with than to look up. It is of one ledger and one set of series.
type Account struct {
	// Key names it, as AppendKey writes it.
	Key string
	// Slot is that of its series; 0 when it has none.
	Slot int

	row *keyedRow
	// in has the row, unless the rows that are open there are others by now.
	in     *span
	opened int
}

// AppendKey appends the provider, the model and so many dimensions of a call. They are cut as
// those of rows are.
func AppendKey(to []byte, c *Call, dimensions int) []byte {
	to = AppendKeyText(to, c.Provider)
	to = AppendKeyText(to, c.Model)
	for i := range dimensions {
		to = AppendKeyText(to, c.Dimensions[i])
	}
	return to
}

// AppendKeyText appends one text of a key.
func AppendKeyText(to []byte, text string) []byte {
	text = Shorten(text)
	to = binary.AppendUvarint(to, uint64(len(text)))
	return append(to, text...)
}

// rowIn is the row of the account in a span, or nil when it is not known.
func (a *Account) rowIn(at *span) *keyedRow {
	if a == nil || a.in != at || a.opened != at.opened {
		return nil
	}
	return a.row
}

// remember notes the row of the account in a span.
func (a *Account) remember(row *keyedRow, at *span) {
	if a != nil {
		a.row, a.in, a.opened = row, at, at.opened
	}
}
