// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package dashboardextension

// pager links the pages of a table.
type pager struct {
	First, Last, Rows int64 // from 1 on
	Previous, Next    string
}

func newPager(rows, page, size int, url func(page int) string) pager {
	first := min((page-1)*size, rows)
	p := pager{First: int64(first + 1), Last: int64(min(first+size, rows)), Rows: int64(rows)}
	if p.First > p.Last {
		p.First = p.Last
	}
	if page > 1 && rows > 0 {
		p.Previous = url(min(page-1, (rows+size-1)/size))
	}
	if first+size < rows {
		p.Next = url(page + 1)
	}
	return p
}

// pageOf is a page, from 1 on, of limit rows; all of them for limit 0.
func pageOf[T any](rows []T, limit, page int) []T {
	if limit == 0 {
		return rows
	}
	first := min((page-1)*limit, len(rows))
	return rows[first:min(first+limit, len(rows))]
}
