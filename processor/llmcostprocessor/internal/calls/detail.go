// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package calls

import (
	"encoding/binary"
	"errors"
	"time"

	"github.com/otelcol-arc/otelcol-arc/processor/llmcostprocessor/internal/ledger"
)

// Detail is what the ledger does not count of a call. None of it is a prompt or a
// response; each text is bounded.
type Detail struct {
	ResponseID string
	// User, Session and Agent are as the record reports them, unless a dimension has
	// them.
	User, Session, Agent string
	Operation            string
	RequestModel         string // where it is another than the model
	ErrorType            string
	ServiceTier          string // as written
	Scope                string // of the instrumentation
	// Entry is the entry of the price table, EntryProvider whose price it is, and List the
	// list that has it; "" where there is none.
	Entry, EntryProvider, List string
	// Region is the region whose price counts, if any.
	Region string
	// Size and Quality are those of images or video.
	Size, Quality string
	// Parent is the span around the call; zero for none.
	Parent [8]byte
	// Stated has a bit for each kind of usage that the record reports.
	Stated uint32
	// Tier is the number of the tier that the call was priced at.
	Tier uint8
	// FirstToken is the time to the first token or chunk; 0 when unknown.
	FirstToken time.Duration
}

const detailVersion = 1

var errDetail = errors.New("not the detail of a call")

func (d *Detail) texts() [15]*string {
	return [...]*string{
		&d.ResponseID, &d.User, &d.Session, &d.Agent, &d.Operation, &d.RequestModel, &d.ErrorType, &d.ServiceTier, &d.Scope,
		&d.Entry, &d.EntryProvider, &d.List, &d.Region, &d.Size, &d.Quality,
	}
}

// AppendDetail appends a detail.
func AppendDetail(to []byte, d *Detail) []byte {
	to = append(to, detailVersion, d.Tier)
	to = append(to, d.Parent[:]...)
	to = binary.AppendUvarint(to, uint64(d.Stated))
	to = binary.AppendUvarint(to, uint64(max(d.FirstToken, 0)))
	for _, text := range d.texts() {
		to = ledger.AppendText(to, ledger.Shorten(*text))
	}
	return to
}

// ParseDetail reads what AppendDetail has written. Calls of versions before have none.
func ParseDetail(from []byte) (d Detail, err error) {
	if len(from) == 0 {
		return d, nil
	}
	if len(from) < 2+len(d.Parent) || from[0] != detailVersion {
		return d, errDetail
	}
	d.Tier = from[1]
	rest := from[2:]
	rest = rest[copy(d.Parent[:], rest):]
	stated, size := binary.Uvarint(rest)
	if size <= 0 || stated > 1<<32-1 {
		return Detail{}, errDetail
	}
	rest = rest[size:]
	first, size := binary.Uvarint(rest)
	if size <= 0 || first > 1<<62 {
		return Detail{}, errDetail
	}
	rest = rest[size:]
	d.Stated, d.FirstToken = uint32(stated), time.Duration(first)
	for _, text := range d.texts() {
		if *text, rest, err = ledger.ParseText(rest); err != nil {
			return Detail{}, err
		}
	}
	return d, nil
}
