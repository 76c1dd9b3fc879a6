// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

// Package lifecycle is what the program does with signals beyond the Collector.
//
// At SIGHUP the Collector stops what runs, reads the configuration, and ends if it is
// wrong. Here the configuration is validated first, and what runs goes on if it is
// wrong. At SIGTERM the Collector waits for its components without a limit; here
// its exporters stop side by side, and the process ends after [StopTimeout] at the
// latest, as init systems would end it.
package lifecycle
