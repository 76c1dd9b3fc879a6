// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

// Command check measures the ratios of ratios.json again, and fails if one is above what it
// was by more than the noise of both measurements. With the argument write it writes what it
// has measured into the file.
package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"os"
	"os/exec"
	"slices"

	"github.com/otelcol-arc/otelcol-arc/internal/testkit/ratio"
)

const file = "ratios.json"

func main() {
	if err := run(context.Background()); err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context) error {
	measured, err := measure(ctx)
	if err != nil {
		return err
	}
	if slices.Equal(os.Args[1:], []string{"write"}) {
		content, err := json.MarshalIndent(measured, "", "  ")
		if err != nil {
			return err
		}
		return os.WriteFile(file, append(content, '\n'), 0o600)
	}
	content, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	var committed []ratio.Figure
	if err := json.Unmarshal(content, &committed); err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	return compare(committed, measured)
}

// measure runs the benchmarks, which print a ratio a line.
func measure(ctx context.Context) (all []ratio.Figure, err error) {
	for _, name := range []string{"./llmcost", "./endtoend"} {
		var printed bytes.Buffer
		command := exec.CommandContext(ctx, "go", "run", name, "ratios")
		command.Stdout, command.Stderr = io.MultiWriter(os.Stdout, &printed), os.Stderr
		if err := command.Run(); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		for decoder := json.NewDecoder(&printed); ; {
			var figure ratio.Figure
			if err := decoder.Decode(&figure); errors.Is(err, io.EOF) {
				break
			} else if err != nil {
				return nil, fmt.Errorf("%s: %w", name, err)
			}
			all = append(all, figure)
		}
	}
	return all, nil
}

// compare returns an error for each ratio that is above the committed one, or that only one
// of the two has.
func compare(committed, measured []ratio.Figure) error {
	var errs []error
	for _, was := range committed {
		i := slices.IndexFunc(measured, func(f ratio.Figure) bool { return f.Name == was.Name })
		if i < 0 {
			errs = append(errs, fmt.Errorf("%s: was not measured", was.Name))
			continue
		}
		errs = append(errs, was.Check(measured[i]))
	}
	for _, is := range measured {
		if !slices.ContainsFunc(committed, func(f ratio.Figure) bool { return f.Name == is.Name }) {
			errs = append(errs, fmt.Errorf("%s: is not in %s", is.Name, file))
		}
	}
	return errors.Join(errs...)
}
