// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

// Package command is the command line of otelcol-arc: the Collector's, with errors
// that name what to do, and a version that names all that was built in.
package command
