// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package wal

import (
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// segment is one file of the log.
type segment struct {
	file    *os.File
	path    string
	seed    uint32
	size    int64
	full    bool // it is not appended to
	suspect bool // a sync failed, and what was written since the one before may not be there
}

func createSegment(directory string, number uint64, sync func(*os.File) error) (*segment, error) {
	var random [4]byte
	_, _ = rand.Read(random[:]) // never fails
	seed := binary.LittleEndian.Uint32(random[:])
	path := filepath.Join(directory, segmentName(number, seed))
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return nil, err
	}
	if err := syncDirectory(directory, sync); err != nil {
		return nil, errors.Join(err, file.Close(), os.Remove(path))
	}
	return &segment{file: file, path: path, seed: seed}, nil
}

// segmentName has the seed, which thereby needs no checksum of its own.
func segmentName(number uint64, seed uint32) string {
	return fmt.Sprintf("%016x-%08x.wal", number, seed)
}

func parseSegmentName(name string) (number uint64, seed uint32, ok bool) {
	if !strings.HasSuffix(name, ".wal") {
		return 0, 0, false
	}
	if n, err := fmt.Sscanf(name, "%016x-%08x.wal", &number, &seed); n != 2 || err != nil {
		return 0, 0, false
	}
	return number, seed, segmentName(number, seed) == name
}
