// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

// Command generate makes ../models.tsv, the built-in table, of what genai-prices and
// litellm publish, and differences.tsv: where they differ, what was decided and
// why, and which entries were refused. models.dev is asked where the two differ.
//
//	make prices
//
// fetches the three at their newest and runs it. With --check it writes nothing, and
// compares the built-in table with the lists instead (make prices-check). All three are under the MIT
// license, and what is taken are facts: names, prices, days. merge.go has the rules.
package main

import (
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/otelcol-arc/otelcol-arc/processor/llmcostprocessor/internal/price"
	"github.com/otelcol-arc/otelcol-arc/processor/llmcostprocessor/internal/price/source"
)

func main() {
	genai := flag.String("genai", "", "the data.json of genai-prices")
	litellm := flag.String("litellm", "", "the model_prices_and_context_window.json of litellm")
	modelsDev := flag.String("models-dev", "", "the api.json of models.dev")
	data := flag.String("data", "", "the versions of the data, for the head of the table")
	day := flag.String("day", time.Now().UTC().Format(time.DateOnly), "the day on which the data was fetched")
	out := flag.String("out", ".", "the folder of the price package")
	compare := flag.Bool("check", false, "compare the built-in table with the lists")
	flag.Parse()
	work := run
	if *compare {
		work = runCheck
	}
	if err := work(*genai, *litellm, *modelsDev, *data, *day, *out); err != nil {
		fmt.Fprintln(os.Stderr, "generate:", err)
		os.Exit(1)
	}
}

func run(genaiFile, litellmFile, modelsDevFile, data, day, out string) error {
	at, err := time.Parse(time.DateOnly, day)
	if err != nil {
		return fmt.Errorf("--day: %w", err)
	}
	merger, err := readLists(at, genaiFile, litellmFile, modelsDevFile)
	if err != nil {
		return err
	}
	repairs, err := os.ReadFile(filepath.Join(out, "prices.yaml"))
	if err != nil {
		return err
	}
	if err := merger.readRepairs(repairs); err != nil {
		return err
	}
	models := merger.merge()
	if err := os.WriteFile(filepath.Join(out, "models.tsv"), compact(models, day, data), 0o600); err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(out, "generate", "differences.tsv"), merger.differences(), 0o600); err != nil {
		return err
	}
	fmt.Printf("%d models of %d sellers, %d differences, %d entries refused\n", len(models), sellers(models), len(merger.listed), len(merger.refused))
	return nil
}

func readLists(day time.Time, genaiFile, litellmFile, modelsDevFile string) (*merger, error) {
	// Prices of today are those at noon: the day itself may be the first of a price.
	merger := newMerger(day.Add(12 * time.Hour))
	for _, list := range []struct {
		file string
		read func(io.Reader) ([]source.Model, []source.Refusal, error)
		to   *[]source.Model
	}{
		{genaiFile, source.Genai, &merger.genai},
		{litellmFile, source.Litellm, &merger.litellm},
		{modelsDevFile, source.ModelsDev, &merger.third},
	} {
		file, err := os.Open(list.file)
		if err != nil {
			return nil, err
		}
		models, refused, err := list.read(file)
		_ = file.Close()
		if err != nil {
			return nil, err
		}
		*list.to = models
		for _, each := range refused {
			merger.refuse(each.Seller, each.Name, each.Reason)
		}
	}
	return merger, nil
}

// runCheck fails when a price differs that differences.tsv does not list, or when the
// table responds with another seller's.
func runCheck(genaiFile, litellmFile, modelsDevFile, _, day, out string) error {
	at, err := time.Parse(time.DateOnly, day)
	if err != nil {
		return fmt.Errorf("--day: %w", err)
	}
	lists, err := readLists(at, genaiFile, litellmFile, modelsDevFile)
	if err != nil {
		return err
	}
	table, err := price.Embedded()
	if err != nil {
		return err
	}
	reasons, err := readReasons(filepath.Join(out, "generate", "differences.tsv"), table)
	if err != nil {
		return err
	}
	var decided comparison
	for _, list := range []struct {
		name   string
		models []source.Model
	}{{"genai-prices", perCloud(lists.genai)}, {"litellm", lists.litellm}} {
		decided.add(check(os.Stdout, table, list.name, list.models, reasons, lists.now))
	}
	// The third is older: it may lack what is new, but each difference has a reason.
	third := check(os.Stdout, table, "models.dev", lists.third, reasons, lists.now)
	decided.different += third.different
	decided.another += third.another
	if decided.different > 0 || decided.another > 0 {
		return fmt.Errorf("%d differences are not listed, %d prices are another seller's: run make prices", decided.different, decided.another)
	}
	return nil
}

// readRepairs notes which entries prices.yaml goes before.
func (m *merger) readRepairs(content []byte) error {
	var file struct {
		Models []struct {
			Name, Provider string
			Aliases        []string
		}
		Aliases []struct{ Name, Provider string }
	}
	if err := yaml.Unmarshal(content, &file); err != nil {
		return fmt.Errorf("prices.yaml: %w", err)
	}
	for _, model := range file.Models {
		for _, name := range append(model.Aliases, model.Name) {
			m.repaired[[2]string{model.Provider, name}] = true
		}
	}
	for _, alias := range file.Aliases {
		m.repaired[[2]string{alias.Provider, alias.Name}] = true
	}
	return nil
}

func sellers(models []*source.Model) int {
	seen := map[string]bool{}
	for _, m := range models {
		seen[m.Seller] = true
	}
	return len(seen)
}
