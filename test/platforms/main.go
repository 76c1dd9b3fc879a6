// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

// Platforms checks the types of every package and test of the module for each
// platform that it is given (GOOS/GOARCH). It reads the dependencies' sources and
// compiles nothing, so six platforms take minutes where six builds take an hour;
// `make platforms` compiles and vets.
package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"strings"
	"time"

	"golang.org/x/tools/go/packages"
)

func main() {
	tags := flag.String("tags", "", "build tags, as of go build")
	flag.Parse()
	failed := false
	for _, platform := range flag.Args() {
		start := time.Now()
		problems, err := check(platform, *tags)
		if err != nil {
			problems = []string{err.Error()}
		}
		for _, problem := range problems {
			fmt.Fprintf(os.Stderr, "%s: %s\n", platform, problem)
		}
		failed = failed || len(problems) > 0
		fmt.Printf("%s: %d problems (%.0f s)\n", platform, len(problems), time.Since(start).Seconds())
	}
	if failed {
		os.Exit(1)
	}
}

// check returns what does not compile on a platform.
func check(platform, tags string) (problems []string, err error) {
	system, architecture, ok := strings.Cut(platform, "/")
	if !ok {
		return nil, errors.New("not GOOS/GOARCH")
	}
	// With NeedDeps and without NeedExportFile, dependencies are type-checked from
	// their source, without the bodies of their functions.
	loaded, err := packages.Load(&packages.Config{
		Mode: packages.NeedName | packages.NeedFiles | packages.NeedCompiledGoFiles | packages.NeedImports |
			packages.NeedDeps | packages.NeedTypes | packages.NeedSyntax | packages.NeedTypesInfo | packages.NeedTypesSizes | packages.NeedModule,
		Env:        append(os.Environ(), "GOOS="+system, "GOARCH="+architecture, "CGO_ENABLED=0"),
		BuildFlags: []string{"-tags=" + tags},
		Tests:      true,
	}, "./...")
	if err != nil {
		return nil, err
	}
	if len(loaded) == 0 {
		return nil, errors.New("no packages")
	}
	for _, p := range loaded {
		for _, e := range p.Errors {
			problems = append(problems, e.Error())
		}
	}
	return problems, nil
}
