// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package spend

import (
	"cmp"
	"math/rand/v2"
	"slices"

	"github.com/otelcol-arc/otelcol-arc/internal/dashboard"
)

// Page finds the rows of one page of many, in the order of Sort, without having all in memory.
type Page struct {
	keys       []Key
	skip, last int // it begins after skip rows and ends with the row of this number
	found      []Found
	figures    []float64 // of rows to come
	worst      Found     // of the first last rows so far, once there are as many
	full       bool
}

// Found is a row that was found.
type Found struct {
	Step    int // number of its start, in order
	Group   []string
	Row     *dashboard.Row // nil unless the whole row was added
	figures []float64      // of the keys that are columns
}

// NewPage finds a page of limit rows that comes after skip others.
func NewPage(skip, limit int, keys []Key) *Page {
	return &Page{keys: keys, skip: skip, last: skip + limit}
}

// Figures are those that rows need to have.
func (p *Page) Figures() (figures dashboard.Figures) {
	for _, key := range p.keys {
		if key.Column != nil {
			figures |= key.Column.Figures
		}
	}
	return max(figures, dashboard.CallFigures) // none would be all
}

// Add adds a row. Of the row, only the group is kept, and what it is sorted by, or else a copy.
func (p *Page) Add(step int, row *dashboard.Row, whole bool) {
	if len(p.figures) < len(p.keys) {
		p.figures = make([]float64, 256*len(p.keys))
	}
	one := Found{Step: step, Group: row.Group, figures: p.figures[:0:len(p.keys)]}
	for _, key := range p.keys {
		if key.Column != nil {
			one.figures = append(one.figures, key.Column.Of(&row.Usage))
		}
	}
	if p.full && p.compare(&p.worst, &one) < 0 {
		return
	}
	p.figures = p.figures[len(p.keys):]
	if whole {
		own := *row
		one.Row = &own
	}
	if p.found = append(p.found, one); len(p.found) >= 2*p.last+256 {
		p.cut()
	}
}

// cut leaves out what comes later.
func (p *Page) cut() {
	if len(p.found) <= p.last {
		return
	}
	p.choose(p.last - 1)
	clear(p.found[p.last:])
	p.found = p.found[:p.last]
	p.worst, p.full = p.found[p.last-1], true
}

// Rows are those that belong to it, in order.
func (p *Page) Rows() []Found {
	p.cut()
	if len(p.found) <= p.skip {
		return nil
	}
	p.choose(p.skip)
	slices.SortFunc(p.found[p.skip:], func(a, b Found) int { return p.compare(&a, &b) })
	return p.found[p.skip:]
}

// choose puts the row of a number, counted from 0, where it belongs, those that come before it before
// it, and the others behind it.
func (p *Page) choose(number int) {
	for all := p.found; len(all) > 1; {
		pivot := all[rand.IntN(len(all))] //nolint:gosec // no secret
		before, after := 0, len(all)
		for i := 0; i < after; {
			switch order := p.compare(&all[i], &pivot); {
			case order < 0:
				all[i], all[before] = all[before], all[i]
				before, i = before+1, i+1
			case order > 0:
				after--
				all[i], all[after] = all[after], all[i]
			default:
				i++
			}
		}
		switch {
		case number < before:
			all = all[:before]
		case number >= after:
			all, number = all[after:], number-after
		default:
			return
		}
	}
}

func (p *Page) compare(a, b *Found) int {
	figure := 0
	for _, key := range p.keys {
		var order int
		if key.Column != nil {
			order = key.compareFigures(a.figures[figure], b.figures[figure])
			figure++
		} else {
			order = key.compareNames(cmp.Compare(a.Step, b.Step), a.Group, b.Group)
		}
		if order != 0 {
			return order
		}
	}
	return cmp.Or(cmp.Compare(a.Step, b.Step), slices.Compare(a.Group, b.Group))
}
