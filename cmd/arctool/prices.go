// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/otelcol-arc/otelcol-arc/processor/llmcostprocessor/pricelist"
)

func newPricesCommand() *cobra.Command {
	command := &cobra.Command{
		Use:   "prices",
		Short: "Checks price files, and looks up what a model costs",
	}
	command.AddCommand(newPricesCheckCommand(), newPricesLookupCommand())
	return command
}

func newPricesCheckCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "check FILE...",
		Short: "Says everything that is wrong with price files, and where",
		Long: `Says everything that is wrong with price files: file, line and key. The files are
laid over the built-in table one after the other, as prices::files of llm_cost
does, so an alias may mean what a file before it brings.`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(command *cobra.Command, files []string) error {
			list, err := pricelist.Open(files)
			if err != nil {
				fmt.Fprintln(command.ErrOrStderr(), err)
				return errors.New("the files cannot be used")
			}
			fmt.Fprintf(command.OutOrStdout(), "%s: in order; with the built-in table %d models, version %s\n", strings.Join(files, ", "), list.Len(), list.Version())
			return nil
		},
	}
}

func newPricesLookupCommand() *cobra.Command {
	var provider, day string
	var files []string
	command := &cobra.Command{
		Use:   "lookup MODEL...",
		Short: "Says which entry a model's name means, and what it costs",
		Long: `Says which entry of the price table a name means, as telemetry writes it, and what it
costs in dollars per million tokens. A name that means none fails the look-up.`,
		Example: `  arctool prices lookup gpt-4o
  arctool prices lookup --provider aws.bedrock us.anthropic.claude-sonnet-4-5-20250929-v1:0
  arctool prices lookup --file prices.yaml --at 2024-09-01 our-model`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(command *cobra.Command, models []string) error {
			at := time.Now()
			if day != "" {
				var err error
				if at, err = time.Parse(time.DateOnly, day); err != nil {
					return fmt.Errorf("--at: %q is not a date such as 2024-10-02", day)
				}
			}
			list, err := pricelist.Open(files)
			if err != nil {
				fmt.Fprintln(command.ErrOrStderr(), err)
				return errors.New("the files cannot be used")
			}
			failed := 0
			for _, model := range models {
				if !lookUp(command.OutOrStdout(), list, provider, model, at) {
					failed++
				}
			}
			if failed > 0 {
				return fmt.Errorf("%d of %s without a price", failed, count(len(models), "model"))
			}
			return nil
		},
	}
	command.Flags().StringVar(&provider, "provider", "", "the provider, as telemetry writes it: gen_ai.provider.name")
	command.Flags().StringVar(&day, "at", "", "the day (UTC) whose price is meant, such as 2024-10-02 (default today)")
	command.Flags().StringArrayVar(&files, "file", nil, "a price file to lay over the built-in table; may be given again")
	return command
}

// lookUp says whether there is a price.
func lookUp(out io.Writer, list *pricelist.List, provider, model string, at time.Time) bool {
	entry, found := list.Lookup(provider, model, at)
	if !found {
		fmt.Fprintf(out, "%s: no entry of version %s has this name; its calls are unpriced\n", model, list.Version())
		return false
	}
	name := entry.Name
	if name == "" {
		name = "as any model"
	}
	fmt.Fprintf(out, "%s: %s of %s\n", model, name, orUnsaid(entry.Provider))
	for _, line := range entry.Prices {
		fmt.Fprintf(out, "  %s\n", line)
	}
	if len(entry.Prices) == 0 {
		fmt.Fprintf(out, "  no price was valid on %s\n", at.UTC().Format(time.DateOnly))
	}
	fmt.Fprintf(out, "  source: %s\n", entry.Source)
	return len(entry.Prices) > 0
}

func orUnsaid(provider string) string {
	if provider == "" {
		return "any provider"
	}
	return provider
}
