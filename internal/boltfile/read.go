// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

// Package boltfile reads files of bbolt, which file_storage writes, without bbolt: bbolt
// follows a damaged page wherever it points, and panics in a goroutine of its own,
// which ends the process at each start.
package boltfile

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/fnv"
	"io"
	"os"
)

// The layout of the file, which is in the byte order of the machine.
// https://github.com/etcd-io/bbolt/tree/v1.5.0/internal/common
const (
	pageHeaderSize = 16 // id 8, flags 2, count 2, overflow 4
	elementSize    = 16 // branch: pos 4, key size 4, page 8; leaf: flags 4, pos 4, key size 4, value size 4
	bucketSize     = 16 // root page 8, sequence 8
	metaSize       = 64

	flagBranch, flagLeaf, flagFreelist = 0x01, 0x02, 0x10

	leafBucket = 0x01 // the value is a bucket

	metaMagic   = 0xED0CDAED
	metaVersion = 2
	noFreelist  = 1<<64 - 1
	// maxDepth is above that of any tree: a page has at least two children.
	maxDepth = 64
)

// bucketName is the bucket that file_storage has its values in.
const bucketName = "default"

var order = binary.NativeEndian

// Is reports whether the file is one of bbolt, if possibly a damaged one.
func Is(path string) bool {
	file, err := os.Open(path)
	if err != nil {
		return false
	}
	defer func() { _ = file.Close() }() // it was only read
	// The two metadata pages, at any page size that there is: one of them may be damaged.
	for _, at := range []int64{0, 4 << 10, 8 << 10, 16 << 10, 64 << 10} {
		var head [pageHeaderSize + 8]byte
		if _, err := file.ReadAt(head[:], at); err == nil && order.Uint32(head[pageHeaderSize:]) == metaMagic && order.Uint32(head[pageHeaderSize+4:]) == metaVersion {
			return true
		}
	}
	return false
}

// Read calls add with each value that file_storage has in the file and that can be
// found. The error names what is damaged, if anything: then there may have been more, and
// bbolt must not open the file. Key and value are valid until add returns.
func Read(path string, add func(key, value []byte)) error {
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer func() { _ = file.Close() }() // it was only read
	info, err := file.Stat()
	if err != nil {
		return err
	}
	r := &reader{file: file, size: info.Size(), add: add, seen: map[uint64]bool{}}
	if err := r.readMeta(); err != nil {
		return err
	}
	r.readTree(r.root, bounds{}, "", 0)
	r.readFreelist()
	return errors.Join(r.errs...)
}

type reader struct {
	file     io.ReaderAt
	size     int64
	add      func(key, value []byte)
	pageSize int64
	root     uint64
	freelist uint64
	pages    uint64 // that there are
	seen     map[uint64]bool
	errs     []error
}

// maxErrors bounds the damages that are named of one file.
const maxErrors = 10

func (r *reader) fail(page uint64, format string, values ...any) {
	if len(r.errs) < maxErrors {
		r.errs = append(r.errs, fmt.Errorf("page %d: %s", page, fmt.Sprintf(format, values...)))
	}
}

// readMeta reads the newest of the two metadata pages that is not damaged, as bbolt does.
func (r *reader) readMeta() error {
	var newest uint64
	found := false
	for _, at := range []int64{0, 1 << 10, 2 << 10, 4 << 10, 8 << 10, 16 << 10, 32 << 10, 64 << 10} {
		var page [pageHeaderSize + metaSize]byte
		if _, err := r.file.ReadAt(page[:], at); err != nil {
			continue
		}
		meta := page[pageHeaderSize:]
		sum := fnv.New64a()
		_, _ = sum.Write(meta[:metaSize-8])
		size := int64(order.Uint32(meta[8:]))
		if order.Uint32(meta) != metaMagic || order.Uint32(meta[4:]) != metaVersion || sum.Sum64() != order.Uint64(meta[metaSize-8:]) || (at != 0 && at != size) {
			continue
		}
		if id := order.Uint64(meta[48:]); !found || id > newest {
			found, newest = true, id
			r.pageSize, r.root, r.freelist, r.pages = size, order.Uint64(meta[16:]), order.Uint64(meta[32:]), order.Uint64(meta[40:])
		}
	}
	if !found || r.pageSize < 512 {
		return errors.New("both metadata pages are damaged")
	}
	return nil
}

// page returns a page with what overflows into the next ones; nil if it is damaged.
func (r *reader) page(id uint64) []byte {
	if id < 2 || id >= r.pages {
		r.fail(id, "there are %d pages", r.pages)
		return nil
	}
	header := make([]byte, pageHeaderSize)
	if _, err := r.file.ReadAt(header, int64(id)*r.pageSize); err != nil {
		r.fail(id, "%v", err)
		return nil
	}
	last := id + uint64(order.Uint32(header[12:]))
	if own := order.Uint64(header); own != id || last >= r.pages || int64(last+1)*r.pageSize > r.size {
		r.fail(id, "its header names page %d, up to %d of %d", own, last, r.pages)
		return nil
	}
	for taken := id; taken <= last; taken++ {
		if r.seen[taken] {
			r.fail(taken, "it is used twice")
			return nil
		}
	}
	for taken := id; taken <= last; taken++ {
		r.seen[taken] = true
	}
	page := make([]byte, int64(last-id+1)*r.pageSize)
	if _, err := r.file.ReadAt(page, int64(id)*r.pageSize); err != nil {
		r.fail(id, "%v", err)
		return nil
	}
	return page
}

// bounds are those of the keys of a page: from the first, and below the second if it is not nil.
type bounds struct{ from, below []byte }

func (b bounds) hold(key []byte) bool {
	return bytes.Compare(key, b.from) >= 0 && (b.below == nil || bytes.Compare(key, b.below) < 0)
}

// readTree reads the pages of a bucket, whose name is empty for the bucket of all buckets.
func (r *reader) readTree(id uint64, in bounds, bucket string, depth int) {
	if depth > maxDepth {
		r.fail(id, "the tree is too deep")
		return
	}
	page := r.page(id)
	if page == nil {
		return
	}
	switch flags := order.Uint16(page[8:]); flags {
	case flagLeaf:
		r.readLeaf(id, page, in, bucket, depth)
	case flagBranch:
		r.readBranch(id, page, in, bucket, depth)
	default:
		r.fail(id, "its type is %#x", flags)
	}
}

func (r *reader) readBranch(id uint64, page []byte, in bounds, bucket string, depth int) {
	var keys [][]byte
	var children []uint64
	for i := range int(order.Uint16(page[10:])) {
		at := pageHeaderSize + i*elementSize
		if at+elementSize > len(page) {
			r.fail(id, "element %d is outside", i)
			return
		}
		key, ok := slice(page, at, order.Uint32(page[at:]), order.Uint32(page[at+4:]))
		if !ok || (len(keys) > 0 && bytes.Compare(key, keys[len(keys)-1]) <= 0) {
			r.fail(id, "key %d is damaged", i)
			return
		}
		keys, children = append(keys, key), append(children, order.Uint64(page[at+8:]))
	}
	if len(keys) == 0 {
		r.fail(id, "it is empty")
	}
	for i, child := range children {
		of := bounds{from: keys[i], below: in.below}
		if i == 0 {
			of.from = in.from // the first key of the root may be behind the keys below
		}
		if i+1 < len(keys) {
			of.below = keys[i+1]
		}
		r.readTree(child, of, bucket, depth+1)
	}
}

func (r *reader) readLeaf(id uint64, page []byte, in bounds, bucket string, depth int) {
	var before []byte
	for i := range int(order.Uint16(page[10:])) {
		at := pageHeaderSize + i*elementSize
		if at+elementSize > len(page) {
			r.fail(id, "element %d is outside", i)
			return
		}
		flags, pos, keySize, valueSize := order.Uint32(page[at:]), order.Uint32(page[at+4:]), order.Uint32(page[at+8:]), order.Uint32(page[at+12:])
		key, ok := slice(page, at, pos, keySize)
		value, within := slice(page, at, pos+keySize, valueSize)
		if !ok || !within || flags > leafBucket || pos+keySize < pos || !in.hold(key) || (i > 0 && bytes.Compare(key, before) <= 0) {
			r.fail(id, "element %d is damaged", i)
			before = key
			continue
		}
		before = key
		switch {
		case flags == leafBucket:
			r.readBucket(id, string(key), value, depth)
		case bucket == bucketName:
			r.add(key, value)
		}
	}
}

// readBucket reads a bucket, which is in its value as a whole if it is small.
func (r *reader) readBucket(id uint64, name string, value []byte, depth int) {
	if len(value) < bucketSize {
		r.fail(id, "bucket %q is damaged", name)
		return
	}
	if root := order.Uint64(value); root != 0 {
		r.readTree(root, bounds{}, name, depth+1)
		return
	}
	page := value[bucketSize:]
	if len(page) < pageHeaderSize || order.Uint16(page[8:]) != flagLeaf {
		r.fail(id, "bucket %q is damaged", name)
		return
	}
	r.readLeaf(id, page, bounds{}, name, depth+1)
}

// readFreelist checks the list of free pages, if there is one.
func (r *reader) readFreelist() {
	if r.freelist == noFreelist {
		return
	}
	page := r.page(r.freelist)
	if page == nil {
		return
	}
	count, at := uint64(order.Uint16(page[10:])), pageHeaderSize
	if count == 0xFFFF {
		count, at = order.Uint64(page[at:]), at+8
	}
	if flags := order.Uint16(page[8:]); flags != flagFreelist || count > uint64(len(page)-at)/8 {
		r.fail(r.freelist, "its type is %#x, and it lists %d pages", flags, count)
		return
	}
	for i := range count {
		free := order.Uint64(page[at+int(i)*8:])
		if free < 2 || free >= r.pages || r.seen[free] {
			r.fail(r.freelist, "it lists page %d, which is not free", free)
			return
		}
		r.seen[free] = true
	}
}

// slice returns what is so far behind an element.
func slice(page []byte, element int, pos, size uint32) ([]byte, bool) {
	from := uint64(element) + uint64(pos)
	if to := from + uint64(size); to <= uint64(len(page)) {
		return page[from:to:to], true
	}
	return nil, false
}
