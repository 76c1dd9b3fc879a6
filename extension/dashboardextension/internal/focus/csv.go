// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package focus

import (
	"encoding/csv"
	"io"
	"iter"
)

// WriteCSV writes charges as CSV, with the column IDs first. Texts are as telemetry has them:
// the specification forbids to alter them, also those that a spreadsheet program would read as a
// formula.
func WriteCSV(to io.Writer, charges iter.Seq2[Charge, error]) error {
	w := csv.NewWriter(to)
	w.UseCRLF = true
	line := make([]string, len(Columns))
	for i := range Columns {
		line[i] = Columns[i].ID
	}
	if err := w.Write(line); err != nil {
		return err
	}
	for charge, err := range charges {
		if err != nil {
			return err
		}
		for i := range Columns {
			line[i] = Columns[i].Value(&charge)
		}
		if err := w.Write(line); err != nil {
			return err
		}
	}
	w.Flush()
	return w.Error()
}
