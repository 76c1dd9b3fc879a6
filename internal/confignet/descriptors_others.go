// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

//go:build !unix

package confignet

// descriptors is how many connections a process may have, twice: there is no limit
// to ask for.
func descriptors() int { return 1 << 15 }
