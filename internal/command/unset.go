// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package command

import (
	"os"
	"slices"
	"strings"
	"sync"

	"go.opentelemetry.io/collector/confmap"
)

// unsetVariables are the variables that a configuration names without a default, and
// that the environment does not have. What they cause is an error elsewhere, such as
// an exporter without its address.
type unsetVariables struct {
	mu    sync.Mutex
	names []string
}

// observe notes a variable that is not set.
func (u *unsetVariables) observe(uri string, _ confmap.WatcherFunc) {
	name, ok := strings.CutPrefix(uri, "env:")
	if !ok || strings.Contains(name, ":-") {
		return
	}
	if _, set := os.LookupEnv(name); set {
		return
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	if !slices.Contains(u.names, name) {
		u.names = append(u.names, name)
	}
}

func (u *unsetVariables) list() []string {
	u.mu.Lock()
	defer u.mu.Unlock()
	return slices.Clone(u.names)
}
