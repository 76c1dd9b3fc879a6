// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package rulecheck

import (
	"fmt"
	"strings"
)

// Problem is one thing that is wrong with a rule file.
type Problem struct {
	File         string
	Line, Column int    // from 1; 0 if unknown
	Group        string // "" outside of a group, or if the group has no name
	Rule         int    // place in the group, from 1; 0 outside of a rule
	Name         string // of the alert or recorded series; may be ""
	Err          error
}

// Error implements error: file:line:column: group, rule, name: what is wrong.
func (p *Problem) Error() string {
	position := p.File
	if p.Line > 0 {
		position += fmt.Sprintf(":%d:%d", p.Line, p.Column)
	}
	var within []string
	if p.Group != "" {
		within = append(within, fmt.Sprintf("group %q", p.Group))
	}
	if p.Rule > 0 {
		within = append(within, fmt.Sprintf("rule %d", p.Rule))
	}
	if p.Name != "" {
		within = append(within, fmt.Sprintf("%q", p.Name))
	}
	if len(within) > 0 {
		position += ": " + strings.Join(within, ", ")
	}
	return position + ": " + p.Err.Error()
}

// Unwrap returns what is wrong, without its place.
func (p *Problem) Unwrap() error { return p.Err }
