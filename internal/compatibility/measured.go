// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package compatibility

import (
	_ "embed"
	"encoding/json"
	"strings"
	"sync"
)

// Measured is what was measured of an instrumentation on its own.
type Measured struct {
	// Scope is the name of its instrumentation scope, or what is before a dot of it.
	Scope string `json:"scope"`
	// Title and Versions are those of docs/compatibility.md.
	Title    string `json:"title"`
	Versions string `json:"versions"`
	// Version is that of the instrumentation.
	Version string `json:"version"`
	// Problems are what is not right. None: all figures are.
	Problems []string `json:"problems,omitempty"`
}

// table is written with docs/compatibility.md, by test/sdks.
//
//go:embed measured.json
var table []byte

var measured = sync.OnceValues(func() (all []Measured, err error) {
	err = json.Unmarshal(table, &all)
	return all, err
})

// Of are the measurements of an instrumentation scope, in the order of the document.
func Of(scope string) []Measured {
	all, err := measured()
	if err != nil {
		return nil // a test has seen to it
	}
	longest := ""
	for i := range all {
		if name := all[i].Scope; len(name) > len(longest) && (scope == name || strings.HasPrefix(scope, name+".")) {
			longest = name
		}
	}
	var of []Measured
	for i := range all {
		if longest != "" && all[i].Scope == longest {
			of = append(of, all[i])
		}
	}
	return of
}
