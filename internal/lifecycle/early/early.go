// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

// Package early receives SIGHUP from the initialization of the program on. It imports
// nothing else, so that it is initialized before the packages of the Collector, which
// take a while: SIGHUP would end the process meanwhile.
package early

import (
	"os"
	"os/signal"
	"syscall"
)

// Signals receives SIGHUP.
var Signals = make(chan os.Signal, 1)

func init() { signal.Notify(Signals, syscall.SIGHUP) } //nolint:gochecknoinits // see the comment of the package
