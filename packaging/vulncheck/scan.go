// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"golang.org/x/vuln/scan"
)

// vulnerability is one that a program holds.
type vulnerability struct {
	id, summary     string
	module, version string
	fixed           string // empty: no version fixes it
	reachable       bool   // a vulnerable function is in the program, or may be
	called          string // one of those functions
}

// scanProgram runs govulncheck on a built program. The linker leaves out what is
// never called, so a vulnerable function that is in the program counts as reachable.
// In a stripped program, as those that ship, the functions cannot be seen: each
// vulnerability of a module that it holds counts.
func scanProgram(ctx context.Context, db, program string) ([]vulnerability, error) {
	var output, stderr bytes.Buffer
	cmd := scan.Command(ctx, "-mode", "binary", "-format", "json", "-db", db, program)
	cmd.Stdout, cmd.Stderr = &output, &stderr
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	if err := cmd.Wait(); err != nil {
		return nil, fmt.Errorf("%w: %s", err, bytes.TrimSpace(stderr.Bytes()))
	}
	return readFindings(&output)
}

// readFindings reads the stream of messages that govulncheck writes.
func readFindings(r io.Reader) ([]vulnerability, error) {
	summaries := map[string]string{}
	found := map[string]vulnerability{}
	for decoder := json.NewDecoder(r); ; {
		var message struct {
			OSV *struct {
				ID      string `json:"id"`
				Summary string `json:"summary"`
			} `json:"osv"`
			Finding *struct {
				OSV          string `json:"osv"`
				FixedVersion string `json:"fixed_version"`
				Trace        []struct{ Module, Version, Package, Function, Receiver string }
			} `json:"finding"`
		}
		if err := decoder.Decode(&message); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			return nil, err
		}
		if message.OSV != nil {
			summaries[message.OSV.ID] = message.OSV.Summary
		}
		finding := message.Finding
		if finding == nil || len(finding.Trace) == 0 {
			continue
		}
		at := finding.Trace[0]
		v := found[finding.OSV]
		v.id, v.module, v.version, v.fixed = finding.OSV, at.Module, at.Version, finding.FixedVersion
		if at.Function != "" {
			v.reachable = true
			v.called = cmp.Or(v.called, strings.TrimPrefix(at.Package+"."+at.Receiver+"."+at.Function, "."))
		}
		found[finding.OSV] = v
	}
	all := make([]vulnerability, 0, len(found))
	for id, v := range found {
		v.summary = summaries[id]
		all = append(all, v)
	}
	slices.SortFunc(all, func(a, b vulnerability) int { return cmp.Compare(a.id, b.id) })
	return all, nil
}

// report writes what was found in a program, and returns how many reachable
// vulnerabilities the document does not name.
func report(out io.Writer, program string, found []vulnerability, document string) int {
	unexplained, explained, unreachable := 0, 0, 0
	for _, v := range found {
		state := "UNEXPLAINED"
		switch {
		case !v.reachable:
			unreachable++
			state = "not reachable"
		case strings.Contains(document, v.id):
			explained++
			state = "explained"
		default:
			unexplained++
		}
		fmt.Fprintf(out, "  %s  %s %s@%s, fixed in %s: %s %s\n", v.id, state, v.module, v.version, cmp.Or(v.fixed, "no version"), v.summary, v.called)
	}
	fmt.Fprintf(out, "%s: %d reachable and unexplained, %d explained, %d in unreachable code of a module it holds\n", program, unexplained, explained, unreachable)
	return unexplained
}
