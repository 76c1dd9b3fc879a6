// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package boltfile

import (
	"bytes"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.etcd.io/bbolt"
)

// write makes a file as file_storage does, or with its list of free pages; it has been
// written to several times.
func write(t *testing.T, path string, values, size int, freelist bool) map[string]string {
	t.Helper()
	db, err := bbolt.Open(path, 0o600, &bbolt.Options{NoFreelistSync: !freelist, FreelistType: bbolt.FreelistMapType, NoSync: true})
	require.NoError(t, err)
	r := rand.New(rand.NewPCG(uint64(values), uint64(size)))
	want := map[string]string{}
	for range 3 {
		require.NoError(t, db.Update(func(tx *bbolt.Tx) error {
			bucket, err := tx.CreateBucketIfNotExists([]byte(bucketName))
			require.NoError(t, err)
			for i := range values {
				value := make([]byte, r.IntN(size+1))
				for at := range value {
					value[at] = byte(r.Uint32())
				}
				want["key/"+strconv.Itoa(i)] = string(value)
				require.NoError(t, bucket.Put([]byte("key/"+strconv.Itoa(i)), value))
			}
			return nil
		}))
	}
	require.NoError(t, db.Update(func(tx *bbolt.Tx) error {
		for i := range values / 2 {
			delete(want, "key/"+strconv.Itoa(i))
			require.NoError(t, tx.Bucket([]byte(bucketName)).Delete([]byte("key/"+strconv.Itoa(i))))
		}
		return nil
	}))
	require.NoError(t, db.Close())
	return want
}

func read(path string) (map[string]string, error) {
	found := map[string]string{}
	err := Read(path, func(key, value []byte) { found[string(key)] = string(value) })
	return found, err
}

func TestReadsWhatBboltWrites(t *testing.T) {
	for _, freelist := range []bool{false, true} {
		for _, shape := range [][2]int{{0, 0}, {2, 10}, {30, 100}, {1000, 300}, {100, 20000}} {
			path := filepath.Join(t.TempDir(), "file")
			want := write(t, path, shape[0], shape[1], freelist)
			assert.True(t, Is(path))
			found, err := read(path)
			require.NoError(t, err, "%v", shape)
			assert.Equal(t, want, found)
		}
	}
}

func TestOtherFiles(t *testing.T) {
	for name, content := range map[string]string{"empty": "", "short": "x", "text": string(make([]byte, 1<<17))} {
		path := filepath.Join(t.TempDir(), name)
		require.NoError(t, os.WriteFile(path, []byte(content), 0o600))
		assert.False(t, Is(path))
		_, err := read(path)
		assert.Error(t, err)
	}
	assert.False(t, Is(t.TempDir()))
	_, err := read(filepath.Join(t.TempDir(), "missing"))
	assert.Error(t, err)
}

const childFile = "ARC_BOLTFILE_OPEN"

// TestOpenInAnotherProcess is that process: bbolt panics where nobody can recover.
func TestOpenInAnotherProcess(t *testing.T) {
	path := os.Getenv(childFile)
	if path == "" {
		t.Skip("is run by TestBboltOpensWhatIsNotDamaged")
	}
	db, err := bbolt.Open(path, 0o600, &bbolt.Options{NoFreelistSync: true, FreelistType: bbolt.FreelistMapType})
	require.NoError(t, err)
	require.NoError(t, db.Update(func(tx *bbolt.Tx) error {
		bucket := tx.Bucket([]byte(bucketName))
		for i := range 100 {
			require.NoError(t, bucket.Put(fmt.Appendf(nil, "new/%d", i), []byte("value")))
		}
		return bucket.ForEach(func(_, _ []byte) error { return nil })
	}))
	require.NoError(t, db.Close())
}

// Of a file with a flipped bit all values are found but for those that share a page with the bit, and what is not reported can be used by bbolt.
func TestBboltOpensWhatIsNotDamaged(t *testing.T) {
	directory := t.TempDir()
	for _, freelist := range []bool{false, true} {
		path := filepath.Join(directory, fmt.Sprint("good", freelist))
		want := write(t, path, 300, 200, freelist)
		whole, err := os.ReadFile(path)
		require.NoError(t, err)
		r := rand.New(rand.NewPCG(5, 6))
		structure := pagesOf(whole)
		reported := 0
		for i := range 40 {
			flipped := bytes.Clone(whole)
			// Half of them in what a page begins with, which points elsewhere.
			at := r.IntN(len(flipped))
			if i%2 == 0 {
				at = structure[r.IntN(len(structure))] + r.IntN(64)
			}
			flipped[at] ^= 1 << r.IntN(8)
			damaged := filepath.Join(directory, "damaged")
			require.NoError(t, os.WriteFile(damaged, flipped, 0o600))
			require.True(t, Is(damaged))
			found, err := read(damaged)
			if err != nil {
				reported++
				continue
			}
			// Without checksums the content of a value, or a letter of a key, can be another.
			require.InDelta(t, len(want), len(found), 0, "byte %d", at)
			changed := maps.Clone(want)
			maps.DeleteFunc(changed, func(key, value string) bool { return found[key] == value })
			require.LessOrEqual(t, len(changed), 1, "byte %d", at)
			child := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestOpenInAnotherProcess$")
			child.Env = append(os.Environ(), childFile+"="+damaged)
			output, err := child.CombinedOutput()
			require.NoError(t, err, "byte %d: %s", at, output)
		}
		assert.Positive(t, reported)
	}
}

func pagesOf(content []byte) []int {
	var pages []int
	for at := 2 * os.Getpagesize(); at < len(content); at += os.Getpagesize() {
		pages = append(pages, at)
	}
	return pages
}

func FuzzRead(f *testing.F) {
	f.Add([]byte("text"), 0, byte(0))
	f.Fuzz(func(t *testing.T, over []byte, at int, _ byte) {
		path := filepath.Join(t.TempDir(), "file")
		db, err := bbolt.Open(path, 0o600, &bbolt.Options{NoSync: true})
		require.NoError(t, err)
		require.NoError(t, db.Update(func(tx *bbolt.Tx) error {
			bucket, err := tx.CreateBucketIfNotExists([]byte(bucketName))
			if err != nil {
				return err
			}
			return bucket.Put([]byte("key"), make([]byte, 9000))
		}))
		require.NoError(t, db.Close())
		content, err := os.ReadFile(path)
		require.NoError(t, err)
		if at >= 0 && at < len(content) {
			copy(content[at:], over)
		}
		require.NoError(t, os.WriteFile(path, content, 0o600))
		_, _ = read(path)
	})
}
