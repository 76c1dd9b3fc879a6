// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

// Command alert measures the alert processor beside Prometheus: its OTLP
// endpoint and storage, from the same module, in the same process. Arguments
// name the tables to make: append, memory; without any, both.
package main

import (
	"fmt"
	"log"
	"os"
	"runtime"
	"slices"
)

func main() {
	if err := run(); err != nil {
		log.Fatal(err)
	}
}

func run() error {
	runtime.GOMAXPROCS(1) // figures are for one core
	tables := []struct {
		name  string
		write func(*os.File) error
	}{{"append", appendTable}, {"memory", memoryTable}}
	for _, table := range tables {
		if only := os.Args[1:]; len(only) > 0 && !slices.Contains(only, table.name) {
			continue
		}
		if err := table.write(os.Stdout); err != nil {
			return fmt.Errorf("%s: %w", table.name, err)
		}
	}
	return nil
}

func perSecond(v float64) string { return fmt.Sprintf("%.0f/s", v) }
func nanos(v float64) string     { return fmt.Sprintf("%.0f ns", v) }
func mebibytes(v float64) string { return fmt.Sprintf("%.1f MiB", v) }
