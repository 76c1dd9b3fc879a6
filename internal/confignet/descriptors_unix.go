// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

//go:build unix

package confignet

import "syscall"

// maxDescriptors bounds what a process with millions of them makes of half of them.
const maxDescriptors = 1 << 18

// descriptors is how many file descriptors the process may have.
func descriptors() int {
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		return maxDescriptors
	}
	return int(min(uint64(limit.Cur), maxDescriptors))
}
