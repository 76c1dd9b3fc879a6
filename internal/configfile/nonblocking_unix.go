// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

//go:build unix

package configfile

import "syscall"

// nonblocking has a named pipe opened without waiting for one that writes.
const nonblocking = syscall.O_NONBLOCK
