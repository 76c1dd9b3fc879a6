// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

// Command report runs the benchmarks and writes their output to docs/benchmarks.md,
// between <!-- NAME --> and <!-- /NAME -->, so that the document has what the commands
// printed. Arguments name sections; without any, all but soak.
package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// section is a part of the document, and the command that prints it. Folders are
// relative to the repository's root.
type section struct {
	name, folder string
	command      []string
}

var (
	root     = filepath.Join("..", "..")
	page     = filepath.Join(root, "docs", "benchmarks.md")
	bench    = filepath.Join("test", "bench")
	sections = []section{
		{"spans", bench, []string{"go", "run", "./endtoend", "spans"}},
		{"upstream", bench, []string{"go", "run", "./endtoend", "upstream"}},
		{"events", bench, []string{"go", "run", "./endtoend", "events"}},
		{"start", bench, []string{"go", "run", "./endtoend", "start"}},
		{"memory", bench, []string{"go", "run", "./endtoend", "memory"}},
		{"containers", bench, []string{"go", "run", "./endtoend", "containers"}},
		{"disk", bench, []string{"go", "run", "./endtoend", "disk"}},
		{"recovery", bench, []string{"go", "run", "./endtoend", "recovery"}},
		{"scale", ".", []string{"go", "test", "-run", "^$", "-bench", "Sizing", "-benchtime", "1x", "-timeout", "60m", "./test/e2e"}},
		{"load", ".", []string{"go", "test", "-run", "^$", "-bench", "Load", "-count", "7", "./processor/llmcostprocessor/internal/price"}},
		{"llmcost", bench, []string{"go", "run", "./llmcost"}},
		{"arc", bench, []string{"go", "run", "./arc"}},
		{"decode", ".", []string{"go", "test", "-run", "^$", "-cpu", "1", "-benchtime", "5s", "-bench", "Decode|Lines", "./receiver/arcreceiver/internal/event", "./receiver/arcreceiver/internal/mapping"}},
		{"alert", bench, []string{"go", "run", "./alert"}},
		{"evaluate", ".", []string{"go", "test", "-run", "^$", "-bench", "Evaluate", "-benchtime", "200x", "./processor/alertprocessor/internal/evaluate"}},
		{"storage", bench, []string{"go", "run", "./storage"}},
		{"growth", bench, []string{"go", "run", "./growth", "models", "sets", "rules", "hours"}},
		{"year", bench, []string{"go", "run", "./growth", "rows", "aims"}},
		{soak, bench, []string{"go", "run", "./endtoend", "soak"}},
		{"storm", bench, []string{"go", "run", "./growth", "storm"}},
		{"active", bench, []string{"go", "run", "./growth", "active"}},
	}
)

// soak is the section that is made only if it is named: it takes an hour.
const soak = "soak"

func main() {
	if err := run(context.Background(), os.Args[1:]); err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context, only []string) error {
	for _, name := range only {
		if !slices.ContainsFunc(sections, func(s section) bool { return s.name == name }) {
			return fmt.Errorf("no section %q", name)
		}
	}
	var failed []error
	for _, s := range sections {
		if len(only) > 0 && !slices.Contains(only, s.name) || len(only) == 0 && s.name == soak {
			continue
		}
		if err := s.renew(ctx); err != nil { // the others are worth having
			failed = append(failed, fmt.Errorf("%s: %w", s.name, err))
		}
	}
	return errors.Join(failed...)
}

// renew runs the section's command, and writes its output into the document.
func (s section) renew(ctx context.Context) error {
	var printed bytes.Buffer
	command := exec.CommandContext(ctx, s.command[0], s.command[1:]...)
	command.Dir, command.Stderr = filepath.Join(root, s.folder), os.Stderr
	command.Stdout = io.MultiWriter(os.Stdout, &printed)
	if err := command.Run(); err != nil {
		return err
	}
	content := printed.String()
	if s.command[1] == "test" {
		content = resultsOf(content)
	}
	before, err := os.ReadFile(page)
	if err != nil {
		return err
	}
	after, err := replace(string(before), s.name, content)
	if err != nil {
		return err
	}
	return os.WriteFile(page, []byte(after), 0o600)
}

// resultsOf are the tables that `go test -bench` printed, or else its results.
func resultsOf(output string) string {
	if _, tables, ok := strings.Cut(output, "\n### "); ok {
		var b strings.Builder
		for line := range strings.Lines("### " + tables) {
			if line == "\n" || strings.HasPrefix(line, "|") || strings.HasPrefix(line, "### ") {
				b.WriteString(line)
			}
		}
		return b.String()
	}
	return fenced(output)
}

// fenced are the lines of `go test -bench` that state a result.
func fenced(output string) string {
	var b strings.Builder
	b.WriteString("```text\n")
	for line := range strings.Lines(output) {
		if strings.HasPrefix(line, "Benchmark") {
			b.WriteString(line)
		}
	}
	return b.String() + "```\n"
}

// replace puts content between the marks of a section.
func replace(text, name, content string) (string, error) {
	begin, end := "<!-- "+name+" -->\n", "<!-- /"+name+" -->"
	before, rest, ok := strings.Cut(text, begin)
	if !ok {
		return "", fmt.Errorf("no %s in the document", strings.TrimSpace(begin))
	}
	_, after, ok := strings.Cut(rest, end)
	if !ok {
		return "", fmt.Errorf("no %s in the document", end)
	}
	return before + begin + "\n" + strings.TrimSpace(content) + "\n\n" + end + after, nil
}
