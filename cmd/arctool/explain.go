// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"io"
	"os"
	"time"

	"github.com/spf13/cobra"

	"github.com/otelcol-arc/otelcol-arc/processor/llmcostprocessor"
)

func newExplainCommand() *cobra.Command {
	var files []string
	command := &cobra.Command{
		Use:   "explain FILE|-",
		Short: "Shows what llm_cost makes of telemetry, record by record",
		Long: `Shows for each span and log record of OTLP JSON whether it is a call and by which
convention, what it used and by which evidence that was decided, the entry of the price
table, and what each kind of usage costs. Attach its output, and the file, to a report of
a figure that is wrong. The file is what the file exporter writes; - is standard input.
Calls are counted as llm_cost does with its default configuration: each record shows as
which call it counts, the records that report the same call, and the rule that merged
them. The records of a file count as if they arrived within dedup::window.`,
		Example: `  arctool explain telemetry.json
  arctool explain --file prices.yaml - < telemetry.json`,
		Args: cobra.ExactArgs(1),
		RunE: func(command *cobra.Command, args []string) error {
			in := command.InOrStdin()
			if args[0] != "-" {
				file, err := os.Open(args[0])
				if err != nil {
					return err
				}
				defer func() { _ = file.Close() }()
				in = file
			}
			return explainTo(command.OutOrStdout(), in, files)
		},
	}
	command.Flags().StringArrayVar(&files, "file", nil, "price `file` that goes before the built-in table; several, the last first")
	return command
}

func explainTo(out io.Writer, in io.Reader, files []string) error {
	found, err := llmcostprocessor.Explain(out, in, files, time.Now())
	fmt.Fprintf(out, "%s, %s of calls, %s\n", count(found.Records, "record"), count(found.Reports, "report"), count(found.Calls, "call"))
	return err
}
