// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package command

import (
	"fmt"
	"regexp"
)

var (
	addressInUse = regexp.MustCompile(`listen \w+ (\S+): bind: (?:address already in use|Only one usage of each socket address)`)
	lockedState  = regexp.MustCompile(`lock (\S+), which another process may have open`)
)

// explainInUse explains errors of a second collector on the addresses or the state of
// the first.
func explainInUse(message string) []string {
	var hints []string
	for _, match := range addressInUse.FindAllStringSubmatch(message, -1) {
		hints = append(hints, fmt.Sprintf("another process uses %s, perhaps a collector that runs already; stop it, or change the endpoint", match[1]))
	}
	for _, match := range lockedState.FindAllStringSubmatch(message, -1) {
		hints = append(hints, fmt.Sprintf("another collector uses the state in %s; stop it, or give this one a directory of its own", match[1]))
	}
	return hints
}
