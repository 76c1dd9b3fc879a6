// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

// Vulncheck looks for known vulnerabilities in built programs and fails when one
// is reachable and not explained.
//
//	vulncheck [-explanations FILE] PROGRAM...
//
// GOVULNDB names the database, as for govulncheck. Without it the data comes from
// the Go module golang.org/x/vulndb, so that the check works where only a module
// proxy can be reached. Exit codes: 0 nothing unexplained, or no data to check
// against; 1 the check failed; 3 an unexplained vulnerability.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"time"
)

const (
	exitFailed      = 1
	exitUnexplained = 3
)

var errUnexplained = errors.New("unexplained vulnerabilities")

func main() {
	explanations := flag.String("explanations", filepath.Join("..", "docs", "security.md"), "document that names the vulnerabilities that are accepted, and why")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	switch err := check(ctx, os.Stdout, flag.Args(), *explanations); {
	case errors.Is(err, errUnexplained):
		fmt.Fprintln(os.Stderr, "vulncheck:", err)
		os.Exit(exitUnexplained) //nolint:gocritic // nothing is left to stop
	case err != nil:
		fmt.Fprintln(os.Stderr, "vulncheck:", err)
		os.Exit(exitFailed)
	}
}

func check(ctx context.Context, out io.Writer, programs []string, explanations string) error {
	if len(programs) == 0 {
		return errors.New("no program to check")
	}
	document, err := os.ReadFile(explanations)
	if err != nil {
		return fmt.Errorf("read explanations: %w", err)
	}
	db, cleanUp, err := findDatabase(ctx)
	if err != nil {
		fmt.Fprintf(out, "No vulnerability data: %v\nNOTHING WAS CHECKED\n", err)
		return nil
	}
	defer cleanUp()
	if !db.modified.IsZero() {
		fmt.Fprintf(out, "Vulnerability data of %s, %d days old (%s)\n", db.modified.Format(time.DateOnly), int(time.Since(db.modified).Hours()/24), db.source)
	}
	unexplained := 0
	for _, program := range programs {
		found, err := scanProgram(ctx, db.url, program)
		if err != nil {
			return fmt.Errorf("check %s: %w", program, err)
		}
		unexplained += report(out, program, found, string(document))
	}
	if unexplained > 0 {
		return fmt.Errorf("%w: %d; renew the module, or explain in %s why it is harmless here", errUnexplained, unexplained, filepath.Base(explanations))
	}
	return nil
}
