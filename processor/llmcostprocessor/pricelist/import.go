// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package pricelist

import (
	"bytes"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/otelcol-arc/otelcol-arc/processor/llmcostprocessor/internal/price"
	"github.com/otelcol-arc/otelcol-arc/processor/llmcostprocessor/internal/price/source"
)

// formats are the lists that can be imported.
var formats = map[string]func(io.Reader) ([]source.Model, []source.Refusal, error){
	"genai-prices": source.Genai,
	"litellm":      source.Litellm,
	"models.dev":   source.ModelsDev,
}

// Formats are the names of the lists that can be imported.
func Formats() []string { return slices.Sorted(maps.Keys(formats)) }

// Report is what became of the entries of a list.
type Report struct {
	Models int
	// Kept are entries that the built-in table has better, and that were left out.
	Kept []string
	// Refused are entries that were not understood, with the reason.
	Refused []string
}

// Import reads a list as others publish it, and writes it as a price file. Entries
// that the built-in table repairs are left out, so that the repairs stay.
func Import(format, version string, in io.Reader, out io.Writer) (Report, error) {
	read, known := formats[format]
	if !known {
		return Report{}, fmt.Errorf("%q is none of %s", format, strings.Join(Formats(), ", "))
	}
	models, refused, err := read(in)
	if err != nil {
		return Report{}, err
	}
	repaired, err := price.Repaired()
	if err != nil {
		return Report{}, err
	}
	var report Report
	for _, each := range refused {
		report.Refused = append(report.Refused, each.Seller+" "+each.Name+": "+each.Reason)
	}
	taken := map[[2]string]bool{}
	var written []source.Model
	for _, m := range models {
		if m.Unknown() {
			continue
		}
		if repaired[[2]string{m.Seller, m.Name()}] {
			report.Kept = append(report.Kept, m.Seller+" "+m.Name())
			continue
		}
		// A name means one entry of a seller: the first that has it.
		m.Names = slices.DeleteFunc(slices.Clone(m.Names), func(name string) bool {
			id := identify(m.Seller, name)
			double := taken[id] || repaired[id]
			taken[id] = true
			return double
		})
		if len(m.Names) == 0 {
			continue
		}
		// What one entry has that price files do not allow loses no other.
		if err := check(m); err != nil {
			report.Refused = append(report.Refused, m.Seller+" "+m.Name()+": "+err.Error())
			continue
		}
		written = append(written, m)
	}
	report.Models = len(written)
	return report, source.Write(out, version, written)
}

// identify is what a name is at a seller, however the list writes both.
func identify(seller, name string) [2]string {
	id, _ := price.SellerOf(strings.TrimSpace(seller))
	return [2]string{id, strings.ToLower(strings.TrimSpace(name))}
}

// check reports what makes an entry invalid in a price file.
func check(m source.Model) error {
	var file bytes.Buffer
	if err := source.Write(&file, "", []source.Model{m}); err != nil {
		return err
	}
	_, err := price.LoadLayersAlone([]price.Layer{{Name: "entry", Content: file.Bytes()}})
	return err
}
