// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package sdks

import (
	"bytes"
	_ "embed"
	"errors"
	"fmt"
	"strings"

	"go.yaml.in/yaml/v3"
)

//go:embed pairs.yaml
var pairsFile []byte

// Pair is a client with the instrumentations that look at its calls.
type Pair struct {
	Name string `yaml:"name"`
	// Title is what the table calls it.
	Title string `yaml:"title"`
	// Core pairs are a part of every CI run.
	Core bool `yaml:"core"`
	// Driver is a file of drivers/python or drivers/node.
	Driver string `yaml:"driver"`
	// Group is the environment that has the packages.
	Group string `yaml:"group"`
	// Instrument is what the driver switches on, in this order.
	Instrument []string `yaml:"instrument"`
	// Packages are those whose versions the table shows.
	Packages []string          `yaml:"packages"`
	Env      map[string]string `yaml:"env"`
	// Scope is the name of the instrumentation scope where that of the package does not give it.
	Scope string `yaml:"scope"`
	// Because explains cells that are wrong, by column: why the telemetry cannot
	// decide them, or why we decide otherwise.
	Because map[string]string `yaml:"because"`
}

// Node reports whether the driver is run by Node.
func (p *Pair) Node() bool { return strings.HasSuffix(p.Driver, ".mjs") }

// Pairs are those of pairs.yaml, in its order.
func Pairs() ([]Pair, error) { return parsePairs(pairsFile) }

func parsePairs(content []byte) ([]Pair, error) {
	var file struct {
		Pairs []Pair `yaml:"pairs"`
	}
	decoder := yaml.NewDecoder(bytes.NewReader(content))
	decoder.KnownFields(true)
	if err := decoder.Decode(&file); err != nil {
		return nil, err
	}
	var errs []error
	names := map[string]bool{}
	for i := range file.Pairs {
		p := &file.Pairs[i]
		if p.Name == "" || p.Title == "" || p.Driver == "" || p.Group == "" || len(p.Packages) == 0 {
			errs = append(errs, fmt.Errorf("pair %d (%s): name, title, driver, group and packages must be set", i+1, p.Name))
		}
		if names[p.Name] {
			errs = append(errs, fmt.Errorf("pair %s: listed twice", p.Name))
		}
		names[p.Name] = true
		for column := range p.Because {
			if !isColumn(column) {
				errs = append(errs, fmt.Errorf("pair %s: because: %q is not a column", p.Name, column))
			}
		}
	}
	return file.Pairs, errors.Join(errs...)
}
