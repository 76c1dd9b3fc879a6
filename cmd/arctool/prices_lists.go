// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/otelcol-arc/otelcol-arc/processor/llmcostprocessor/pricelist"
)

func newPricesImportCommand() *cobra.Command {
	var from, version, output string
	command := &cobra.Command{
		Use:   "import --from LIST FILE",
		Short: "Makes a price file of a public price list",
		Long: `Makes a price file of a public price list: the data.json of genai-prices, the
model_prices_and_context_window.json of litellm, or the api.json of models.dev. FILE may
be - for the standard input. Entries that the built-in table repairs are left out, so
that the repairs stay. Entries that are not understood are listed, and left out.`,
		Example: `  curl -sL https://models.dev/api.json | arctool prices import --from models.dev --output prices.yaml -
  arctool prices import --from litellm --output prices.yaml model_prices_and_context_window.json`,
		Args: cobra.ExactArgs(1),
		RunE: func(command *cobra.Command, args []string) error {
			if version == "" {
				version = from + " of " + time.Now().UTC().Format(time.DateOnly)
			}
			in := command.InOrStdin()
			if args[0] != "-" {
				file, err := os.Open(args[0])
				if err != nil {
					return err
				}
				defer func() { _ = file.Close() }()
				in = file
			}
			var written strings.Builder
			report, err := pricelist.Import(from, version, in, &written)
			if err != nil {
				return err
			}
			for _, refused := range report.Refused {
				fmt.Fprintln(command.ErrOrStderr(), "left out:", refused)
			}
			fmt.Fprintf(command.ErrOrStderr(), "%s; %d left to the built-in repairs, %d not understood\n", count(report.Models, "model"), len(report.Kept), len(report.Refused))
			if output == "" {
				_, err = io.WriteString(command.OutOrStdout(), written.String())
				return err
			}
			return os.WriteFile(output, []byte(written.String()), 0o600)
		},
	}
	command.Flags().StringVar(&from, "from", "", "the list: "+strings.Join(pricelist.Formats(), ", "))
	command.Flags().StringVar(&version, "version", "", "the version to write into the file (default: the list and today)")
	command.Flags().StringVar(&output, "output", "", "the file to write (default: the standard output)")
	cobra.CheckErr(command.MarkFlagRequired("from"))
	return command
}

// builtin names the built-in table where a file is expected.
const builtin = "built-in"

func newPricesDiffCommand() *cobra.Command {
	var day string
	command := &cobra.Command{
		Use:   "diff A B",
		Short: "Compares the prices of two price files",
		Long: `Compares the prices of two price files, by provider and model: lines with - are those of
A alone, lines with + those of B alone. Either may be "built-in", the built-in table. It
fails when the two differ.`,
		Example: `  arctool prices diff old.yaml new.yaml
  arctool prices diff built-in prices.yaml`,
		Args: cobra.ExactArgs(2),
		RunE: func(command *cobra.Command, args []string) error {
			at, err := timeOf(day)
			if err != nil {
				return err
			}
			var lists [2]*pricelist.List
			for i, name := range args {
				open, files := pricelist.OpenAlone, []string{name}
				if name == builtin {
					open, files = pricelist.Open, nil
				}
				if lists[i], err = open(files); err != nil {
					fmt.Fprintln(command.ErrOrStderr(), err)
					return errors.New("the files cannot be used")
				}
			}
			differences := pricelist.Diff(lists[0], lists[1], at)
			for _, d := range differences {
				fmt.Fprintf(command.OutOrStdout(), "%s of %s\n  %s\n", d.Name, orAny(d.Provider), strings.Join(d.Lines, "\n  "))
			}
			if len(differences) > 0 {
				return fmt.Errorf("%s differ", count(len(differences), "model"))
			}
			return nil
		},
	}
	command.Flags().StringVar(&day, "at", "", "the day (UTC) whose prices are compared, such as 2024-10-02 (default now)")
	return command
}
