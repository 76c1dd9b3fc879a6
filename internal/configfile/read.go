// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

// Package configfile reads files that a configuration names: rules, prices,
// templates. What such a name leads to can be changed by others while the process runs,
// so that reading it is bounded: only regular files are read, of a limited size, and a
// file system that does not respond is not waited for.
package configfile

import (
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"time"
)

// MaxSize is the size in bytes of the largest file that is read.
const MaxSize = 64 << 20

// timeout is how long a file system may take for one call; a variable for tests.
var timeout = 5 * time.Second

// ReadFile reads a regular file of at most limit bytes. Its errors name the file.
func ReadFile(path string, limit int64) ([]byte, error) {
	return within("read "+path, path, func() ([]byte, error) { return readRegular(path, limit) })
}

// Glob is filepath.Glob.
func Glob(pattern string) ([]string, error) {
	return within("list "+pattern, pattern, func() ([]string, error) { return filepath.Glob(pattern) })
}

// Stat is os.Stat.
func Stat(path string) (fs.FileInfo, error) {
	return within("stat "+path, path, func() (fs.FileInfo, error) { return os.Stat(path) })
}

func readRegular(path string, limit int64) ([]byte, error) {
	// Before it is opened: opening a device can do something.
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if err = check(path, info, limit); err != nil {
		return nil, err
	}
	file, err := os.OpenFile(path, os.O_RDONLY|nonblocking, 0)
	if err != nil {
		return nil, err
	}
	defer func() { _ = file.Close() }()
	if info, err = file.Stat(); err != nil { // it can be another one by now
		return nil, err
	}
	if err = check(path, info, limit); err != nil {
		return nil, err
	}
	content, err := io.ReadAll(io.LimitReader(file, limit+1))
	if err == nil && int64(len(content)) > limit {
		err = tooLarge(path, int64(len(content)), limit)
	}
	if err != nil {
		return nil, err
	}
	return content, nil
}

func check(path string, info fs.FileInfo, limit int64) error {
	if kind := kindOf(info.Mode()); kind != "" {
		return &fs.PathError{Op: "read", Path: path, Err: fmt.Errorf("is %s, not a regular file", kind)}
	}
	if info.Size() > limit {
		return tooLarge(path, info.Size(), limit)
	}
	return nil
}

func tooLarge(path string, size, limit int64) error {
	return &fs.PathError{Op: "read", Path: path, Err: fmt.Errorf("has %d bytes, %d are the most", size, limit)}
}

// kindOf names what is not a regular file.
func kindOf(mode fs.FileMode) string {
	switch {
	case mode.IsRegular():
		return ""
	case mode.IsDir():
		return "a directory"
	case mode&fs.ModeNamedPipe != 0:
		return "a named pipe"
	case mode&fs.ModeSocket != 0:
		return "a socket"
	case mode&fs.ModeDevice != 0:
		return "a device"
	default:
		return "of another type"
	}
}

// stuck are the calls that took longer than the timeout and have not returned. They
// are not made again meanwhile, so that they do not gather goroutines and threads.
var stuck sync.Map

// within returns the result of a call, or an error when it takes too long.
func within[T any](key, path string, call func() (T, error)) (T, error) {
	var none T
	late := &fs.PathError{Op: "read", Path: path, Err: fmt.Errorf("the file system does not respond within %s", timeout)}
	if _, is := stuck.Load(key); is {
		return none, late
	}
	type result struct {
		value T
		err   error
	}
	done := make(chan result, 1)
	go func() {
		value, err := call()
		done <- result{value, err}
		stuck.Delete(key)
	}()
	timer := time.NewTimer(timeout)
	defer timer.Stop()
	select {
	case r := <-done:
		return r.value, r.err
	case <-timer.C:
	}
	stuck.Store(key, true)
	select {
	case r := <-done: // between the two
		stuck.Delete(key)
		return r.value, r.err
	default:
		return none, late
	}
}
