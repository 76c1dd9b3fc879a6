// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

//go:build unix

package configfile

import (
	"os"
	"path/filepath"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestReadFile(t *testing.T) {
	directory := t.TempDir()
	path := func(name string) string { return filepath.Join(directory, name) }
	require.NoError(t, os.WriteFile(path("file"), []byte("rules"), 0o600))
	require.NoError(t, os.WriteFile(path("empty"), nil, 0o600))
	require.NoError(t, os.Symlink("file", path("link")))
	require.NoError(t, os.Symlink("/dev/zero", path("device")))
	require.NoError(t, os.Symlink("loop", path("loop")))
	require.NoError(t, os.Mkdir(path("directory"), 0o700))
	require.NoError(t, syscall.Mkfifo(path("pipe"), 0o600))
	require.NoError(t, os.WriteFile(path("large"), nil, 0o600))
	require.NoError(t, os.Truncate(path("large"), 2<<30))
	for name, want := range map[string]string{"file": "rules", "empty": "", "link": "rules"} {
		content, err := ReadFile(path(name), 1<<20)
		require.NoError(t, err)
		assert.Equal(t, want, string(content))
	}
	for name, want := range map[string]string{
		"device":    "is a device, not a regular file",
		"directory": "is a directory, not a regular file",
		"pipe":      "is a named pipe, not a regular file",
		"large":     "has 2147483648 bytes, 1048576 are the most",
		"loop":      "too many levels of symbolic links",
		"missing":   "no such file or directory",
	} {
		_, err := ReadFile(path(name), 1<<20)
		require.ErrorContains(t, err, want)
		require.ErrorContains(t, err, path(name))
	}
	_, err := ReadFile("/dev/stdin", 1<<20)
	require.Error(t, err)
	// A file of the kernel has no size, and can have any content.
	_, err = ReadFile("/proc/self/environ", 1)
	if _, missing := os.Stat("/proc/self/environ"); missing == nil {
		require.Error(t, err)
	}
}

// A call that hangs is waited for once, and tried again when it has returned.
func TestHangingFileSystem(t *testing.T) {
	defer func(before time.Duration) { timeout = before }(timeout)
	timeout = 10 * time.Millisecond
	hang := make(chan struct{})
	var calls atomic.Int32
	call := func() (int, error) {
		calls.Add(1)
		<-hang
		return 7, nil
	}
	for range 3 {
		_, err := within("key", "/mnt/rules.yml", call)
		require.ErrorContains(t, err, "/mnt/rules.yml: the file system does not respond within 10ms")
	}
	assert.EqualValues(t, 1, calls.Load())
	close(hang)
	require.Eventually(t, func() bool {
		value, err := within("key", "/mnt/rules.yml", call)
		return err == nil && value == 7
	}, 10*time.Second, time.Millisecond)
}
