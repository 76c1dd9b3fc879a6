// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/prometheus/common/model"
	"github.com/spf13/cobra"

	"github.com/otelcol-arc/otelcol-arc/cmd/arctool/internal/ruletest"
	"github.com/otelcol-arc/otelcol-arc/internal/rulecheck"
)

// defaultRetention is what the alert processor keeps samples for by default.
const defaultRetention = 26 * time.Hour

func newRulesCommand() *cobra.Command {
	command := &cobra.Command{
		Use:   "rules",
		Short: "Checks and tests files of Prometheus rules",
	}
	command.AddCommand(newRulesCheckCommand(), newRulesTestCommand())
	return command
}

func newRulesCheckCommand() *cobra.Command {
	retention := model.Duration(defaultRetention)
	command := &cobra.Command{
		Use:   "check FILE...",
		Short: "Checks rule files, and reports every mistake with its place",
		Long: `Checks rule files, and reports every mistake with file, line, column, group and
		rule. The check fails for a file that Prometheus would not load, and for rules of
		one file that write the same series. There is a warning for rules that look further
		back than the alert processor keeps samples.`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(command *cobra.Command, files []string) error {
			return checkRules(command.OutOrStdout(), command.ErrOrStderr(), files, time.Duration(retention))
		},
	}
	command.Flags().Var(&retention, "retention", "the alert processor's storage::retention")
	return command
}

func newRulesTestCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "test FILE...",
		Short: "Runs unit tests of rules, in the format of promtool test rules",
		Args:  cobra.MinimumNArgs(1),
		RunE: func(command *cobra.Command, files []string) error {
			failed := 0
			for _, file := range files {
				result := ruletest.Run(command.Context(), file)
				if reportTests(command.OutOrStdout(), command.ErrOrStderr(), file, result) {
					failed++
				}
			}
			return failure(failed, len(files))
		},
	}
}

// checkRules checks each file: valid files are reported on out, problems on bad.
func checkRules(out, bad io.Writer, files []string, retention time.Duration) error {
	failed := 0
	for _, name := range files {
		file := rulecheck.ReadFile(name)
		problems := slices.Concat(file.Problems, file.Duplicates)
		for _, problem := range problems {
			fmt.Fprintln(bad, problem)
		}
		for _, warning := range file.BeyondRetention(retention) {
			fmt.Fprintf(bad, "warning: %v\n", warning)
		}
		if len(problems) > 0 {
			failed++
			continue
		}
		fmt.Fprintf(out, "%s: %s\n", name, count(file.Rules(), "rule"))
	}
	return failure(failed, len(files))
}

// reportTests writes the result of a file, and returns whether it failed.
func reportTests(out, bad io.Writer, file string, result ruletest.Result) bool {
	for _, warning := range result.Warnings {
		fmt.Fprintf(bad, "warning: %s: %s\n", file, warning)
	}
	for _, err := range result.Failures {
		fmt.Fprintf(bad, "%s: %v\n", file, err)
	}
	if len(result.Failures) > 0 {
		return true
	}
	fmt.Fprintf(out, "%s: %s passed\n", file, count(result.Tests, "test"))
	return false
}

// failure is the command's error; the problems of each file were reported before.
func failure(failed, files int) error {
	if failed == 0 {
		return nil
	}
	return fmt.Errorf("%d of %s failed", failed, count(files, "file"))
}

func count[N int | int64](n N, what string) string {
	if n != 1 {
		what += "s"
	}
	return fmt.Sprintf("%d %s", n, what)
}
