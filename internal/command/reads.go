// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package command

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync"

	"go.opentelemetry.io/collector/confmap"
	"go.opentelemetry.io/collector/confmap/provider/fileprovider"

	"github.com/otelcol-arc/otelcol-arc/internal/rawconf"
)

var (
	notAConf   = regexp.MustCompile(`(?s)retrieved value \(type=(.+?)\) cannot be used as a Conf(?:: assuming string type since contents are not valid YAML: yaml: (.*))?$`)
	invalidURI = regexp.MustCompile(`uri:? "([^"]+)"`)
)

// reads are the parts of the configuration that were read. The Collector reads one after
// the other, and its error about one does not name it.
type reads struct {
	mu    sync.Mutex
	last  string   // its address
	files []string // the addresses of all files
}

func (r *reads) observe(uri string, _ confmap.WatcherFunc) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.last = uri
	if strings.HasPrefix(uri, "file:") && !slices.Contains(r.files, uri) {
		r.files = append(r.files, uri)
	}
}

// explainContents names the file that an error is about, and what is wrong with it.
func (r *reads) explainContents(message string) []string {
	match := notAConf.FindStringSubmatch(message)
	if match == nil {
		return nil
	}
	r.mu.Lock()
	file := strings.TrimPrefix(r.last, "file:")
	r.mu.Unlock()
	if match[2] != "" {
		return []string{fmt.Sprintf("%s is not valid YAML: %s", file, match[2])}
	}
	return []string{file + " has no sections, such as receivers and service"}
}

// explainReference names the keys with what an error is about, such as ${file:/path}.
func (r *reads) explainReference(message string) []string {
	_, problem, ok := strings.Cut(message, "cannot resolve the configuration: ")
	if !ok {
		return nil
	}
	r.mu.Lock()
	uri, files := r.last, slices.Clone(r.files)
	r.mu.Unlock()
	if match := invalidURI.FindStringSubmatch(problem); match != nil {
		uri = match[1] // no provider has read it
	}
	name := regexp.QuoteMeta(strings.TrimPrefix(uri, "env:")) // ${NAME} is of the environment, too
	reference := regexp.MustCompile(`(?:^|[^$])(\$\{(?:` + regexp.QuoteMeta(uri) + `|` + name + `)\})`)
	var hints []string
	for _, file := range files {
		for key, text := range rawconf.Texts(readFile(file)) {
			if match := reference.FindStringSubmatch(text); match != nil {
				hints = append(hints, fmt.Sprintf("%s: %s, in %s, cannot be resolved", key, match[1], strings.TrimPrefix(file, "file:")))
			}
		}
	}
	return hints
}

// readFile returns nothing where a file is not a configuration: it may be the value of a key.
func readFile(uri string) map[string]any {
	retrieved, err := fileprovider.NewFactory().Create(confmap.ProviderSettings{}).Retrieve(context.Background(), uri, nil)
	if err != nil {
		return nil
	}
	conf, err := retrieved.AsConf()
	if err != nil {
		return nil
	}
	return conf.ToStringMap()
}
