// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

// Licenses writes the licenses and notices of every module that a built program
// holds, and of Go itself, to standard output:
//
//	licenses MAIN_MODULE PROGRAM > THIRD-PARTY-LICENSES.txt
//
// MAIN_MODULE is the folder of the module that the program was built from. It fails
// when a module has no license.
package main

import (
	"bufio"
	"bytes"
	"context"
	"debug/buildinfo"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
)

func main() {
	out := bufio.NewWriter(os.Stdout)
	err := write(context.Background(), out, os.Args[1:])
	if err = errors.Join(err, out.Flush()); err != nil {
		fmt.Fprintln(os.Stderr, "licenses:", err)
		os.Exit(1)
	}
}

func write(ctx context.Context, out io.Writer, args []string) error {
	if len(args) != 2 {
		return fmt.Errorf("usage: licenses MAIN_MODULE PROGRAM, not %d arguments", len(args))
	}
	info, err := buildinfo.ReadFile(args[1])
	if err != nil {
		return err
	}
	goroot, err := exec.CommandContext(ctx, "go", "env", "GOROOT").Output()
	if err != nil {
		return fmt.Errorf("go env GOROOT: %w", err)
	}
	fmt.Fprintf(out, "%s holds the software below, under the licenses that follow each name.\n", info.Main.Path)
	if err := writeModule(out, "Go, "+info.GoVersion, strings.TrimSpace(string(goroot))); err != nil {
		return err
	}
	var modules []string
	for _, module := range info.Deps {
		modules = append(modules, module.Path+"@"+module.Version)
	}
	folders, err := foldersOf(ctx, args[0], modules)
	if err != nil {
		return err
	}
	var problems []error
	for _, module := range modules {
		if err := writeModule(out, module, folders[module]); err != nil {
			problems = append(problems, fmt.Errorf("%s: %w", module, err))
		}
	}
	return errors.Join(problems...)
}

// foldersOf are where the module cache keeps modules, by path@version. It is asked
// from the main module's folder, whose go.sum verifies them.
func foldersOf(ctx context.Context, mainModule string, modules []string) (map[string]string, error) {
	cmd := exec.CommandContext(ctx, "go", append([]string{"mod", "download", "-json"}, modules...)...) //nolint:gosec // modules of a program that was built here
	cmd.Dir = mainModule
	output, runErr := cmd.Output()
	folders := map[string]string{}
	problems := []error{runErr}
	for decoder := json.NewDecoder(bytes.NewReader(output)); decoder.More(); {
		var response struct{ Path, Version, Dir, Error string }
		if err := decoder.Decode(&response); err != nil {
			return nil, errors.Join(runErr, err)
		}
		if response.Error != "" {
			problems = append(problems, errors.New(response.Error))
		}
		folders[response.Path+"@"+response.Version] = response.Dir
	}
	return folders, errors.Join(problems...)
}

var licenseFile = regexp.MustCompile(`(?i)^(un)?licen[cs]e|^copying|^copyright|^notice|^patents`)

// writeModule writes the license files at the root of a module.
func writeModule(out io.Writer, name, folder string) error {
	entries, err := os.ReadDir(folder)
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "\n%s\n%s\n", strings.Repeat("=", 80), name)
	found := false
	for _, entry := range entries {
		if entry.IsDir() || !licenseFile.MatchString(entry.Name()) || strings.HasSuffix(entry.Name(), ".go") {
			continue
		}
		text, err := os.ReadFile(filepath.Join(folder, entry.Name()))
		if err != nil {
			return err
		}
		found = true
		fmt.Fprintf(out, "\n-- %s\n\n%s\n", entry.Name(), bytes.TrimSpace(text))
	}
	if !found {
		return errors.New("no license file")
	}
	return nil
}
