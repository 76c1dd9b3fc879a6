// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package dashboardextension

import (
	"github.com/otelcol-arc/otelcol-arc/extension/dashboardextension/internal/text"
	"github.com/otelcol-arc/otelcol-arc/internal/dashboard"
)

// notesOf report what there is not, of the chosen period or of the ledger.
func notesOf(extent *dashboard.Extent, c selection) (notes []string) {
	const at = "Jan 2, 2006 15:04"
	before := c.period.Before()
	switch {
	case extent.Since.IsZero():
	case c.period.From.Before(extent.Since):
		notes = append(notes, "Counted since "+extent.Since.In(c.now.Location()).Format(at)+": there is nothing before.")
	case before.From.Before(extent.Since):
		notes = append(notes, "Counted since "+extent.Since.In(c.now.Location()).Format(at)+": there is no whole period before to compare with.")
	}
	if c.period.From.Before(extent.HoursSince) && extent.Since.Before(extent.HoursSince) {
		notes = append(notes, "Until "+extent.HoursSince.In(c.now.Location()).Format(at)+" there are whole days of "+extent.Zone.String()+", no hours.")
	}
	if extent.FoldedDays > 0 {
		notes = append(notes, text.Count(int64(extent.FoldedDays))+" days have lost the values of dimensions, as there were more than "+
			text.Count(int64(extent.DayRowsLimit))+" rows (max_day_rows). Their costs are complete.")
	}
	return notes
}

// overflowNote reports the calls that have no row of their own.
func overflowNote(usage dashboard.Usage, extent *dashboard.Extent, c selection) (string, error) {
	if extent.Overflow == "" || extent.Rows < extent.RowsLimit/10 {
		return "", nil // a limit was not reached, nor that of an hour
	}
	rows, err := usage.Usage(queryOf(c.until(), nil, nil, map[string]string{dashboard.Model: extent.Overflow}))
	if err != nil || len(rows) == 0 || rows[0].Usage.Calls == 0 {
		return "", err
	}
	return text.Count(rows[0].Usage.Calls) + " calls that cost " + text.Dollars(rows[0].Usage.Dollars) + " are counted together as " + extent.Overflow +
		", as the ledger has as many rows as it may have (max_rows is " + text.Count(int64(extent.RowsLimit)) + ").", nil
}
