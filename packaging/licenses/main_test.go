// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"debug/buildinfo"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// The test itself is a program that holds modules.
func TestWrite(t *testing.T) {
	program, err := os.Executable()
	require.NoError(t, err)
	info, err := buildinfo.ReadFile(program)
	require.NoError(t, err)
	require.NotEmpty(t, info.Deps)
	var out bytes.Buffer
	require.NoError(t, write(t.Context(), &out, []string{"..", program}))
	assert.Contains(t, out.String(), "The Go Authors")
	for _, module := range info.Deps {
		assert.Contains(t, out.String(), "\n"+module.Path+"@"+module.Version+"\n\n-- ")
	}
}

func TestModuleWithoutLicense(t *testing.T) {
	folder := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(folder, "license.go"), []byte("package license"), 0o600))
	require.ErrorContains(t, writeModule(&bytes.Buffer{}, "a module", folder), "no license file")
	require.NoError(t, os.WriteFile(filepath.Join(folder, "LICENCE.md"), []byte("Do as you like.\n"), 0o600))
	var out bytes.Buffer
	require.NoError(t, writeModule(&out, "a module", folder))
	assert.Contains(t, out.String(), "Do as you like.")
}
