// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

// Package falseclock runs tests on a clock that advances when all goroutines wait.
package falseclock

import (
	"runtime"
	"testing"
	"testing/synctest"
)

// Test runs f in a bubble of testing/synctest. Under the race detector it does
// so on one processor: Go 1.26 keeps one race context for all timers of a
// bubble, and two threads that fire timers at once corrupt it, which ends the
// process with a CHECK or a fault inside ThreadSanitizer
// (https://github.com/golang/go/issues/78156). The detector follows what
// happens before what, so it still sees races there.
func Test(t *testing.T, f func(*testing.T)) {
	t.Helper()
	if raceDetector {
		defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	}
	synctest.Test(t, f)
}

// Long skips a test of many simulated hours or many thousand alerts under the race detector,
// with which it takes minutes. `make test` has both runs.
func Long(t *testing.T) {
	t.Helper()
	if raceDetector {
		t.Skip("make test runs it without the race detector")
	}
}
