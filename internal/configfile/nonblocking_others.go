// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

//go:build !unix

package configfile

const nonblocking = 0
