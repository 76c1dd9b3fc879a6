// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

// Command alert measures the alert processor beside Prometheus: its OTLP
// endpoint and storage, from the same module, in the same process.
package main

import (
	"fmt"
	"log"
	"os"
	"runtime"
)

func main() {
	if err := run(); err != nil {
		log.Fatal(err)
	}
}

func run() error {
	runtime.GOMAXPROCS(1) // figures are for one core
	for _, table := range []func(*os.File) error{appendTable, evaluationTable, memoryTable} {
		if err := table(os.Stdout); err != nil {
			return err
		}
	}
	return nil
}

func perSecond(v float64) string { return fmt.Sprintf("%.0f/s", v) }
func nanos(v float64) string     { return fmt.Sprintf("%.0f ns", v) }
func millis(v float64) string    { return fmt.Sprintf("%.1f ms", v) }
func mebibytes(v float64) string { return fmt.Sprintf("%.1f MiB", v) }
