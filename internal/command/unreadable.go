// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package command

import (
	"fmt"
	"regexp"
	"strings"
	"sync"

	"go.opentelemetry.io/collector/confmap"
)

var notAConf = regexp.MustCompile(`(?s)retrieved value \(type=(.+?)\) cannot be used as a Conf(?:: assuming string type since contents are not valid YAML: yaml: (.*))?$`)

// lastRead is the address of the file that was read last. The Collector reads one after
// the other, and its error about the contents of a file does not name it.
type lastRead struct {
	mu  sync.Mutex
	uri string
}

func (l *lastRead) observe(uri string, _ confmap.WatcherFunc) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.uri = uri
}

// explain names the file that an error is about, and what is wrong with it.
func (l *lastRead) explain(message string) []string {
	match := notAConf.FindStringSubmatch(message)
	if match == nil {
		return nil
	}
	l.mu.Lock()
	file := strings.TrimPrefix(l.uri, "file:")
	l.mu.Unlock()
	if match[2] != "" {
		return []string{fmt.Sprintf("%s is not valid YAML: %s", file, match[2])}
	}
	return []string{file + " has no sections, such as receivers and service"}
}
