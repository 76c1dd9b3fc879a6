// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package sdks

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
)

// Result is what a pair came to.
type Result struct {
	// Skipped is why the pair could not be run.
	Skipped  string            `json:"skipped,omitempty"`
	Versions map[string]string `json:"versions,omitempty"`
	Cells    map[string]Cell   `json:"cells,omitempty"`
}

func (r Result) String() string {
	var b strings.Builder
	for _, column := range Columns {
		if cell := r.Cells[column.Key]; cell.State != None {
			fmt.Fprintf(&b, "%s: %s (%s); ", column.Key, cell.State, cell.Text)
		}
	}
	return strings.TrimSuffix(b.String(), "; ")
}

// Results are those that were committed, by the pair's name.
func Results() (map[string]Result, error) {
	content, err := os.ReadFile(resultsPath())
	if err != nil {
		return nil, err
	}
	results := map[string]Result{}
	return results, json.Unmarshal(content, &results)
}

// Problems are what keeps a change back: cells that are wrong and unexplained,
// and those that have become worse. In a run that accepts new results the latter
// are accepted.
func Problems(pair *Pair, before, now Result, accept bool) []string {
	var problems []string
	if now.Skipped != "" {
		if len(now.Versions) > 0 && len(before.Cells) > 0 && !accept {
			problems = append(problems, now.Skipped) // it is installed, and ran before
		}
		return problems
	}
	for _, column := range Columns {
		cell := now.Cells[column.Key]
		switch was := before.Cells[column.Key]; {
		case cell.State == Wrong && pair.Because[column.Key] == "":
			problems = append(problems, fmt.Sprintf("%s is wrong: %s", column.Key, cell.Text))
		case !accept && was.State == Right && cell.State != Right:
			problems = append(problems, fmt.Sprintf("%s was right, and is %s now: %s", column.Key, cell.State, cell.Text))
		}
	}
	return problems
}

// Changes are what differs between two results, versions first.
func Changes(before, now Result) []string {
	var changes []string
	for _, name := range slices.Sorted(maps.Keys(now.Versions)) {
		if was, is := before.Versions[name], now.Versions[name]; was != is {
			changes = append(changes, fmt.Sprintf("changed: %s %s, was %s", name, is, orNone(was)))
		}
	}
	for _, column := range Columns {
		was, is := before.Cells[column.Key], now.Cells[column.Key]
		if was != is && (was.State != "" || is.State != None) {
			changes = append(changes, fmt.Sprintf("changed: %s %s (%s), was %s (%s)", column.Key, is.State, is.Text, orNone(string(was.State)), was.Text))
		}
	}
	return changes
}

func orNone(text string) string {
	if text == "" {
		return "none"
	}
	return text
}

func root() string {
	_, file, _, _ := runtime.Caller(0)
	return filepath.Join(filepath.Dir(file), "..", "..")
}

func resultsPath() string { return filepath.Join(root(), "test", "sdks", "results.json") }

// Document is where the table is.
func Document() string { return filepath.Join(root(), "docs", "compatibility.md") }

// WriteResults writes results.json, the table and what the dashboard has of it: what was
// measured, and for pairs that were not run or not available, what is known.
func WriteResults(pairs []Pair, committed, measured map[string]Result) error {
	results := map[string]Result{}
	for i := range pairs {
		name := pairs[i].Name
		was, had := committed[name]
		is, ran := measured[name]
		switch {
		case ran && (is.Skipped == "" || !had || was.Skipped != ""):
			results[name] = is
		case had:
			results[name] = was
		}
	}
	content, err := json.MarshalIndent(results, "", " ")
	if err != nil {
		return err
	}
	if err := os.WriteFile(resultsPath(), append(content, '\n'), 0o600); err != nil {
		return err
	}
	table, err := measuredTable(pairs, results)
	if err != nil {
		return err
	}
	if err := os.WriteFile(measuredPath(), table, 0o600); err != nil {
		return err
	}
	return os.WriteFile(Document(), []byte(Table(pairs, results)), 0o600)
}

const introduction = `# Compatibility

<!-- Written by the test with the build tag sdks: edit test/sdks, and run make e2e-sdks SDKS=-write. -->

This table shows what the ledger makes of the telemetry of released SDKs and instrumentations. Each row is a client with its
instrumentations. The client makes calls to a stand-in for the vendors' APIs: with and without streaming, with a loop of tool
calls, failing and retried, and, if the vendor has them, with cached tokens, reasoning
and cache writes of five minutes and an hour. The stand-in records what the calls really used. The built binary receives the telemetry
with [the default configuration](../config/default.yaml). ` + "`" + `make e2e-sdks` + "`" + ` repeats the measurement.

| cell | meaning |
| --- | --- |
| n | The figure is right for all n calls that have it. |
| k of n | The figure is right for k of n calls. The telemetry of the others does not have it. |
| **wrong** | The telemetry has the figure, but the ledger does not. A note below the table gives the reason. |
| empty | The calls have no such figure. |

*Calls* are those that succeeded, each counted once. *Failed calls* are those that the client reported as failed. *Input* counts
all input tokens, cached or not. *Agent*, *User* and *Session* (the dimension ` + "`" + `session.id` + "`" + ` or ` + "`" + `gen_ai.conversation.id` + "`" + `) are checked for the calls for which the
framework was given them. A figure that is not sent can often be switched on; where we know how, a note describes it.

`

// Table is docs/compatibility.md.
func Table(pairs []Pair, results map[string]Result) string {
	var b strings.Builder
	b.WriteString(introduction)
	b.WriteString("| Instrumentation | Versions |")
	for _, column := range Columns {
		b.WriteString(" " + column.Title + " |")
	}
	b.WriteString("\n| --- | --- |" + strings.Repeat(" --- |", len(Columns)) + "\n")
	var notes, absent, skipped []string
	for i := range pairs {
		pair := &pairs[i]
		result, ok := results[pair.Name]
		if !ok {
			continue
		}
		if result.Skipped != "" {
			skipped = append(skipped, fmt.Sprintf("- %s: %s.", pair.Title, result.Skipped))
			continue
		}
		fmt.Fprintf(&b, "| %s | %s |", pair.Title, versionList(pair, result.Versions))
		var missing []string
		for _, column := range Columns {
			cell := result.Cells[column.Key]
			fmt.Fprintf(&b, " %s |", show(cell))
			if reason := pair.Because[column.Key]; reason != "" && cell.State != Right && cell.State != None {
				notes = append(notes, fmt.Sprintf("- %s, %s: %s", pair.Title, strings.ToLower(column.Title), reason))
			}
			if cell.State == NotSent {
				missing = append(missing, strings.ToLower(column.Title)+" ("+cell.Text+")")
			}
		}
		b.WriteString("\n")
		if len(missing) > 0 {
			absent = append(absent, fmt.Sprintf("- %s: %s.", pair.Title, strings.Join(missing, ", ")))
		}
	}
	section(&b, "Notes", notes)
	section(&b, "What is not sent", absent)
	section(&b, "Not measured", skipped)
	section(&b, "Runs of agents without calls", []string{agentRuns})
	return b.String()
}

// agentRuns is why a span that reports what an agent's run used is not counted.
const agentRuns = `The Claude Agent SDK with OpenInference alone reports spans of agents, with the sum of what a run used and cost, but
no spans of calls. ` + "`" + `llm_cost` + "`" + ` does not count such a span, because nothing in it shows whether the calls are reported elsewhere:

- The SDK runs Claude Code as a process of its own. Its events report each call, but under another resource, without the trace
  of the span and without a common ID. A gateway between them reports its calls in the same way.
- If both were counted, each call would count twice, and the sum of several calls equals none of them, so they could not be merged.
- A sum cannot be priced as calls are, because long-context prices depend on the length of each call.

To count each call, as in the row of Claude Code, set ` + "`" + `CLAUDE_CODE_ENABLE_TELEMETRY=1` + "`" + `, ` + "`" + `OTEL_LOGS_EXPORTER=otlp` + "`" + ` and the endpoint in the environment of the
application.`

func section(b *strings.Builder, title string, lines []string) {
	if len(lines) > 0 {
		b.WriteString("\n## " + title + "\n\n" + strings.Join(lines, "\n") + "\n")
	}
}

func versionList(pair *Pair, versions map[string]string) string {
	list := make([]string, len(pair.Packages))
	for i, name := range pair.Packages {
		list[i] = name + " " + versions[name]
	}
	return strings.Join(list, ", ")
}

func show(cell Cell) string {
	switch cell.State {
	case None:
		return ""
	case Wrong:
		return "**wrong**: " + cell.Text
	}
	return cell.Text
}
