// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package dashboardextension

import (
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// params reads the parameters of a query. Errors are collected, and returned by err;
// each names its parameter.
type params struct {
	values url.Values
	read   map[string]bool
	errs   []error
}

func newParams(values url.Values) *params {
	return &params{values: values, read: map[string]bool{}}
}

// all are the values of a parameter that may come several times.
func (p *params) all(name string) []string {
	p.read[name] = true
	return p.values[name]
}

// text is the value of a parameter that may come once; "" when it does not.
func (p *params) text(name string) string {
	values := p.all(name)
	if len(values) > 1 {
		p.fail(name, fmt.Errorf("must be given once, is given %d times", len(values)))
	}
	if len(values) == 0 {
		return ""
	}
	return values[0]
}

// number is a whole number from 1 to most, or byDefault when there is none.
func (p *params) number(name string, byDefault, most int) int {
	return p.numberFrom(name, byDefault, 1, most)
}

func (p *params) numberFrom(name string, byDefault, least, most int) int {
	value := p.text(name)
	if value == "" {
		return byDefault
	}
	n, err := strconv.Atoi(value)
	if err != nil || n < least || n > most {
		p.fail(name, fmt.Errorf("must be a whole number from %d to %d, is %q", least, most, value))
		return byDefault
	}
	return n
}

// oneOf is one of several words, the first by default.
func (p *params) oneOf(name string, words ...string) string {
	value := p.text(name)
	if value == "" {
		return words[0]
	}
	if !slices.Contains(words, value) {
		p.fail(name, fmt.Errorf("must be one of %s, is %q", strings.Join(words, ", "), value))
		return words[0]
	}
	return value
}

// by are dimensions to group by; byDefault when none is named.
func (p *params) by(known []string, byDefault ...string) []string {
	named := p.all("by")
	if len(named) == 0 {
		return byDefault
	}
	for i, dimension := range named {
		switch {
		case !slices.Contains(known, dimension):
			p.fail("by", fmt.Errorf("must be one of %s, is %q", strings.Join(known, ", "), dimension))
		case slices.Contains(named[:i], dimension):
			p.fail("by", fmt.Errorf("names %q twice", dimension))
		}
	}
	return named
}

// where are conditions of the form DIMENSION=VALUE.
func (p *params) where(known []string) map[string]string {
	chosen := map[string]string{}
	for _, condition := range p.all("where") {
		dimension, value, ok := strings.Cut(condition, "=")
		switch _, twice := chosen[dimension]; {
		case !ok:
			p.fail("where", fmt.Errorf("must be DIMENSION=VALUE, is %q", condition))
		case !slices.Contains(known, dimension):
			p.fail("where", fmt.Errorf("must name one of %s, names %q", strings.Join(known, ", "), dimension))
		case twice:
			p.fail("where", fmt.Errorf("names %q twice", dimension))
		}
		chosen[dimension] = value
	}
	return chosen
}

func (p *params) fail(name string, err error) {
	p.errs = append(p.errs, fmt.Errorf("parameter %s: %w", name, err))
}

// err joins all errors, also for unknown parameters.
func (p *params) err() error {
	var unknown []string
	for name := range p.values {
		if !p.read[name] {
			unknown = append(unknown, name)
		}
	}
	slices.Sort(unknown)
	errs := p.errs
	for _, name := range unknown {
		errs = append(errs, fmt.Errorf("parameter %s: is not known", name))
	}
	if len(errs) == 0 {
		return nil
	}
	return &failure{kind: badData, err: errors.Join(errs...)}
}
