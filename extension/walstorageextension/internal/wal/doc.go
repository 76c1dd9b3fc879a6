// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

// Package wal stores the values of many clients in one write-ahead log. The log is
// the only copy: there is no other file that could disagree with it.
//
// A log is a directory of segments, which are only appended to. A batch is a run of
// entries in one segment; each entry has a checksum of its header and name, and one
// of its value. The index of the newest value of each name is in memory and is made
// by reading the segments when the log is opened. The oldest segment is compacted
// while new ones are written: what is still needed of it is appended again.
//
// One flipped bit loses the value that it is in. In a header, whose loss would take
// along what follows, it is repaired: the header is tried with each of its bits
// flipped until its checksum fits.
package wal
