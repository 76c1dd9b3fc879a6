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

	"github.com/otelcol-arc/otelcol-arc/internal/spelling"
	"github.com/otelcol-arc/otelcol-arc/processor/llmcostprocessor/pricelist"
)

func newPricesCommand() *cobra.Command {
	command := &cobra.Command{
		Use:   "prices",
		Short: "Checks, imports and compares price files, and looks up what a model costs",
	}
	command.AddCommand(newPricesCheckCommand(), newPricesLookupCommand(), newPricesImportCommand(), newPricesDiffCommand())
	return command
}

func newPricesCheckCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "check FILE...",
		Short: "Checks price files, and reports every mistake with its place",
		Long: `Checks price files, and reports every mistake with file, line and key. The files are
		added to the built-in table one after the other, as prices::files of llm_cost
		does, so an alias can refer to an entry of an earlier file.`,
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
	var q pricelist.Query
	var day string
	var files []string
	command := &cobra.Command{
		Use:   "lookup MODEL...",
		Short: "Shows the entry of a model's name, how it was found, and the prices",
		Long: `Shows the entry of the price table for a model name as telemetry has it, how it was
		found, and the prices: tokens in dollars per million, fees in dollars each. Fails when
		there is no entry.`,
		Example: `  arctool prices lookup gpt-4o
  arctool prices lookup --provider aws.bedrock us.anthropic.claude-sonnet-4-5-20250929-v1:0
  arctool prices lookup --provider openai --server openrouter.ai anthropic/claude-sonnet-4.5
  arctool prices lookup --file prices.yaml --at 2024-09-01 our-model`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(command *cobra.Command, models []string) error {
			at, err := timeOf(day)
			if err != nil {
				return err
			}
			list, err := openPrices(command, files)
			if err != nil {
				return err
			}
			failed := 0
			for _, model := range models {
				q.Model = model
				if !printPrice(command.OutOrStdout(), list, q, at) {
					failed++
				}
			}
			if failed > 0 {
				return fmt.Errorf("%d of %s without a price", failed, count(len(models), "model"))
			}
			return nil
		},
	}
	command.Flags().StringVar(&q.Provider, "provider", "", "the provider, as telemetry writes it: gen_ai.provider.name")
	command.Flags().StringVar(&q.RequestModel, "request-model", "", "the requested model, if another one responded: gen_ai.request.model")
	command.Flags().StringVar(&q.Server, "server", "", "the address that was called: server.address")
	command.Flags().StringVar(&q.Region, "region", "", "where the model ran: cloud.region")
	command.Flags().StringVar(&day, "at", "", "the day or time (UTC) of the price, such as 2024-10-02 or 2024-10-02T16:30 (default now)")
	command.Flags().StringArrayVar(&files, "file", nil, "a price file that overrides the built-in table; can be repeated")
	return command
}

// timeOf reads a day or a time in UTC; empty is now.
func timeOf(text string) (time.Time, error) {
	if text == "" {
		return time.Now(), nil
	}
	for _, layout := range [...]string{time.DateOnly, "2006-01-02T15:04", time.RFC3339} {
		if at, err := time.Parse(layout, text); err == nil {
			return at, nil
		}
	}
	return time.Time{}, fmt.Errorf("--at: %q is not a date such as 2024-10-02", text)
}

func openPrices(command *cobra.Command, files []string) (*pricelist.List, error) {
	list, err := pricelist.Open(files)
	if err != nil {
		fmt.Fprintln(command.ErrOrStderr(), err)
		return nil, errors.New("the files cannot be used")
	}
	return list, nil
}

// printPrice prints the price of a model, and reports whether there is one.
func printPrice(out io.Writer, list *pricelist.List, q pricelist.Query, at time.Time) bool {
	entry, how, found := list.Resolve(q, at)
	if how.Provisioned {
		fmt.Fprintf(out, "%s: provisioned capacity of %s; its calls cost nothing each\n", q.Model, how.Seller)
		return true
	}
	if !found {
		fmt.Fprintf(out, "%s: no entry of version %s has this name%s; its calls are unpriced%s\n", q.Model, list.Version(), atSeller(how), spelling.Suggestion(q.Model, list.Names()))
		return false
	}
	name := entry.Name
	if name == "" {
		name = "as any model"
	}
	fmt.Fprintf(out, "%s: %s of %s\n", q.Model, name, orAny(entry.Provider))
	if how.By != "" {
		fmt.Fprintf(out, "  resolved: seller from the %s, entry %s%s\n", how.By, how.Name, inRegion(how))
	}
	if how.Doubt != "" {
		fmt.Fprintf(out, "  estimated: %s\n", how.Doubt)
	}
	for _, line := range entry.Prices {
		fmt.Fprintf(out, "  %s\n", line)
	}
	if len(entry.Prices) == 0 {
		fmt.Fprintf(out, "  no price was valid on %s\n", at.UTC().Format(time.DateOnly))
	}
	fmt.Fprintf(out, "  source: %s\n", entry.Source)
	if entry.List != "" {
		fmt.Fprintf(out, "  list: %s\n", entry.List)
	}
	fmt.Fprintf(out, "  checked: %s\n", ageOf(entry.Checked, at))
	return len(entry.Prices) > 0
}

// ageOf writes when a price was compared with its source, and how old it is at a time.
func ageOf(checked, at time.Time) string {
	switch {
	case checked.IsZero():
		return "unknown"
	case at.Before(checked):
		return checked.Format(time.DateOnly)
	}
	return checked.Format(time.DateOnly) + ", " + count(int(at.Sub(checked)/(24*time.Hour)), "day") + " old"
}

func atSeller(how pricelist.Resolution) string {
	if how.Seller == "" {
		return ""
	}
	return fmt.Sprintf(" at %s (from the %s)", how.Seller, how.By)
}

func inRegion(how pricelist.Resolution) string {
	if how.Region == "" {
		return ""
	}
	return ", with the surcharge of " + how.Region
}

func orAny(provider string) string {
	if provider == "" {
		return "any provider"
	}
	return provider
}
