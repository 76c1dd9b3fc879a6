// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"time"

	"golang.org/x/mod/module"
)

const (
	dataModule = "golang.org/x/vulndb"
	// fetchTimeout bounds the download of the data: some 20 MB.
	fetchTimeout = 3 * time.Minute
)

type database struct {
	url, source string
	modified    time.Time // zero: unknown
}

// findDatabase returns the database that GOVULNDB names, or one made from the
// newest version of the data module.
func findDatabase(ctx context.Context) (database, func(), error) {
	if named := os.Getenv("GOVULNDB"); named != "" {
		db := database{url: named, source: named}
		if u, err := url.Parse(named); err == nil && u.Scheme == "file" {
			modified, err := readModified(u.Path)
			if err != nil {
				return database{}, nil, err
			}
			db.modified = modified
		}
		return db, func() {}, nil
	}
	version, data, err := fetchData(ctx)
	if err != nil {
		return database{}, nil, err
	}
	modified, err := module.PseudoVersionTime(version)
	if err != nil {
		return database{}, nil, err
	}
	directory, err := os.MkdirTemp("", "vulndb")
	if err != nil {
		return database{}, nil, err
	}
	cleanUp := func() { _ = os.RemoveAll(directory) }
	if err := writeIndex(filepath.Join(data, "data", "osv"), directory, modified); err != nil {
		cleanUp()
		return database{}, nil, err
	}
	return database{url: "file://" + directory, source: dataModule + " " + version, modified: modified}, cleanUp, nil
}

// fetchData downloads the newest version of the data module into the module
// cache, and returns its version and folder.
func fetchData(ctx context.Context) (version, folder string, err error) {
	ctx, cancel := context.WithTimeout(ctx, fetchTimeout)
	defer cancel()
	cmd := exec.CommandContext(ctx, "go", "mod", "download", "-json", dataModule+"@latest")
	cmd.Dir = os.TempDir() // outside every module: the data is no dependency
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	output, runErr := cmd.Output()
	var response struct{ Version, Dir, Error string }
	if err := json.Unmarshal(output, &response); err != nil {
		return "", "", fmt.Errorf("download %s: %w: %s", dataModule, cmp.Or(runErr, err), bytes.TrimSpace(stderr.Bytes()))
	}
	if response.Error != "" {
		return "", "", errors.New(response.Error)
	}
	return response.Version, response.Dir, runErr
}

func readModified(folder string) (time.Time, error) {
	raw, err := os.ReadFile(filepath.Join(folder, "index", "db.json")) //nolint:gosec // GOVULNDB is set by who runs the check
	if err != nil {
		return time.Time{}, err
	}
	var db struct{ Modified time.Time }
	if err := json.Unmarshal(raw, &db); err != nil {
		return time.Time{}, fmt.Errorf("index/db.json: %w", err)
	}
	return db.Modified, nil
}

// osvEntry is what the index needs of a report in OSV format.
type osvEntry struct {
	ID       string    `json:"id"`
	Modified time.Time `json:"modified"`
	Affected []struct {
		Package struct {
			Name string `json:"name"`
		} `json:"package"`
	} `json:"affected"`
}

type indexEntry struct {
	ID       string    `json:"id"`
	Modified time.Time `json:"modified"`
}

type indexModule struct {
	Path  string       `json:"path"`
	Vulns []indexEntry `json:"vulns"`
}

// writeIndex makes a database of the reports in from, in the layout of
// https://go.dev/doc/security/vuln/database#api. Withdrawn reports stay:
// govulncheck knows them by their own field.
func writeIndex(from, to string, modified time.Time) error {
	files, err := filepath.Glob(filepath.Join(from, "*.json"))
	if err != nil {
		return err
	}
	if len(files) == 0 {
		return fmt.Errorf("no reports in %s", from)
	}
	for _, folder := range []string{"ID", "index"} {
		if err := os.MkdirAll(filepath.Join(to, folder), 0o700); err != nil {
			return err
		}
	}
	byModule := map[string][]indexEntry{}
	var all []indexEntry
	for _, file := range files {
		raw, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		var report osvEntry
		if err := json.Unmarshal(raw, &report); err != nil {
			return fmt.Errorf("%s: %w", filepath.Base(file), err)
		}
		entry := indexEntry{report.ID, report.Modified}
		all = append(all, entry)
		for _, affected := range report.Affected {
			if name := affected.Package.Name; !slices.Contains(byModule[name], entry) {
				byModule[name] = append(byModule[name], entry)
			}
		}
		if err := os.WriteFile(filepath.Join(to, "ID", filepath.Base(file)), raw, 0o600); err != nil { //nolint:gosec // a file of the folder that was listed
			return err
		}
	}
	modules := make([]indexModule, 0, len(byModule))
	for path, entries := range byModule {
		modules = append(modules, indexModule{path, entries})
	}
	slices.SortFunc(modules, func(a, b indexModule) int { return cmp.Compare(a.Path, b.Path) })
	for name, content := range map[string]any{
		"db":      map[string]time.Time{"modified": modified},
		"modules": modules,
		"vulns":   all,
	} {
		raw, err := json.Marshal(content)
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(to, "index", name+".json"), raw, 0o600); err != nil {
			return err
		}
	}
	return nil
}
