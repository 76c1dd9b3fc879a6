// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// operations has the table. It is named from the repository's root.
const operations = "docs/operations.md"

// ofExporterhelper matches the metrics that notifiers have under the names of the
// Collector's exporters. The document lists them with the Collector's.
var ofExporterhelper = regexp.MustCompile(`^exporter_(queue_|enqueue_failed_|send_failed_|sent_)`)

// metric is a row of the table, in Markdown.
type metric struct {
	name, labels, description, advice string
}

// metadata is what the table needs of a metadata.yaml.
type metadata struct {
	Attributes map[string]struct {
		NameOverride string `yaml:"name_override"`
	}
	Telemetry struct {
		Metrics map[string]source
	}
}

// source is a metric as a metadata.yaml declares it.
type source struct {
	Description string
	Advice      string `yaml:"extended_documentation"`
	Unit        string
	Attributes  []string
	Sum         struct{ Monotonic bool }
}

// readMetrics lists the metrics of all components, by folder and name.
func readMetrics(root string) ([]metric, error) {
	files, err := filepath.Glob(filepath.Join(root, "*", "*", "metadata.yaml"))
	if err != nil {
		return nil, err
	}
	var all []metric
	var errs []error
	for _, file := range files {
		content, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		component, err := filepath.Rel(root, filepath.Dir(file))
		if err != nil {
			return nil, err
		}
		metrics, err := componentMetrics(content, component)
		if err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", file, err))
		}
		all = append(all, metrics...)
	}
	return all, errors.Join(errs...)
}

// componentMetrics lists the metrics of one metadata.yaml. The links in it are
// relative to the folder of the component.
func componentMetrics(content []byte, component string) ([]metric, error) {
	var m metadata
	if err := yaml.Unmarshal(content, &m); err != nil {
		return nil, err
	}
	var rows []metric
	var errs []error
	for _, name := range slices.Sorted(maps.Keys(m.Telemetry.Metrics)) {
		if ofExporterhelper.MatchString(name) {
			continue
		}
		declared := m.Telemetry.Metrics[name]
		if declared.Advice == "" {
			errs = append(errs, fmt.Errorf("%s has no extended_documentation, which describes what to do", name))
		}
		var labels []string
		for _, attribute := range declared.Attributes {
			if override := m.Attributes[attribute].NameOverride; override != "" {
				attribute = override
			}
			labels = append(labels, "`"+attribute+"`")
		}
		rows = append(rows, metric{
			name: prometheusName(name, declared), labels: strings.Join(labels, ", "),
			description: declared.Description, advice: moveLinks(declared.Advice, component),
		})
	}
	return rows, errors.Join(errs...)
}

// prometheusName is the name that Prometheus shows: with the prefix of the
// Collector, the unit, and _total if it only rises.
func prometheusName(name string, declared source) string {
	name = "otelcol_" + name + map[string]string{"s": "_seconds", "By": "_bytes"}[declared.Unit]
	if declared.Sum.Monotonic {
		name += "_total"
	}
	return name
}

var link = regexp.MustCompile(`\]\(([^)#:]+)(#[^)]*)?\)`)

// moveLinks makes links relative to the document that were relative to the component.
func moveLinks(text, component string) string {
	return link.ReplaceAllStringFunc(text, func(found string) string {
		parts := link.FindStringSubmatch(found)
		target := filepath.Join(component, parts[1])
		if target == operations {
			return "](" + parts[2] + ")"
		}
		relative, err := filepath.Rel(filepath.Dir(operations), target)
		if err != nil {
			return found // an absolute path, which TestLinks reports
		}
		return "](" + filepath.ToSlash(relative) + parts[2] + ")"
	})
}
