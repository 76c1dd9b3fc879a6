// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// osvReport is a made-up report about a function of a module.
func osvReport(id, module, pkg, symbol string) string {
	return fmt.Sprintf(`{"schema_version":"1.3.1","id":%q,"modified":"2026-01-01T00:00:00Z","published":"2026-01-01T00:00:00Z","summary":"Made up",
		"details":"Made up.","affected":[{"package":{"name":%q,"ecosystem":"Go"},"ranges":[{"type":"SEMVER","events":[{"introduced":"0"}]}],
		"ecosystem_specific":{"imports":[{"path":%q,"symbols":[%q]}]}}],"database_specific":{"url":"https://pkg.go.dev/vuln/%s"}}`, id, module, pkg, symbol, id)
}

const cobra = "github.com/spf13/cobra"

// newDatabase is indexed from reports as the data module holds them: one of a
// function that arctool calls, one of a function that it does not hold, and one of
// a module that it does not hold.
func newDatabase(t *testing.T) string {
	t.Helper()
	reports, db := t.TempDir(), t.TempDir()
	for id, report := range map[string]string{
		"GO-2026-9997": osvReport("GO-2026-9997", "example.com/elsewhere", "example.com/elsewhere", "F"),
		"GO-2026-9998": osvReport("GO-2026-9998", cobra, cobra+"/doc", "GenMan"),
		"GO-2026-9999": osvReport("GO-2026-9999", cobra, cobra, "Command.ExecuteC"),
	} {
		require.NoError(t, os.WriteFile(filepath.Join(reports, id+".json"), []byte(report), 0o600))
	}
	require.NoError(t, writeIndex(reports, db, time.Date(2026, 1, 2, 0, 0, 0, 0, time.UTC)))
	return db
}

func buildArctool(t *testing.T, ldflags string) string {
	t.Helper()
	program := filepath.Join(t.TempDir(), "arctool")
	build := exec.CommandContext(t.Context(), "go", "build", "-trimpath", "-ldflags", ldflags, "-o", program, "./cmd/arctool")
	build.Dir = filepath.Join("..", "..")
	output, err := build.CombinedOutput()
	require.NoError(t, err, "%s", output)
	return program
}

func TestCheck(t *testing.T) {
	program := buildArctool(t, "")
	t.Setenv("GOVULNDB", "file://"+newDatabase(t))

	document := filepath.Join(t.TempDir(), "security.md")
	require.NoError(t, os.WriteFile(document, []byte("# Security\n"), 0o600))
	var out bytes.Buffer
	require.ErrorIs(t, check(t.Context(), &out, []string{program}, document), errUnexplained)
	assert.Contains(t, out.String(), "Vulnerability data of 2026-01-02")
	assert.Contains(t, out.String(), "GO-2026-9999  UNEXPLAINED github.com/spf13/cobra@v")
	assert.NotContains(t, out.String(), "GO-2026-9997")
	assert.NotContains(t, out.String(), "GO-2026-9998  UNEXPLAINED")

	require.NoError(t, os.WriteFile(document, []byte("GO-2026-9999: harmless here, because it is made up.\n"), 0o600))
	out.Reset()
	require.NoError(t, check(t.Context(), &out, []string{program}, document))
	assert.Contains(t, out.String(), "GO-2026-9999  explained")
}

// A stripped program, as those that ship, does not show which functions it holds:
// every vulnerability of a module that it holds counts.
func TestStrippedProgram(t *testing.T) {
	db := newDatabase(t)
	found, err := scanProgram(t.Context(), "file://"+db, buildArctool(t, "-s -w"))
	require.NoError(t, err)
	var ids []string
	for _, v := range found {
		assert.True(t, v.reachable, v.id)
		ids = append(ids, v.id)
	}
	assert.Equal(t, []string{"GO-2026-9998", "GO-2026-9999"}, ids)
}

// Where there is no data nothing fails, and the output is clear about it.
func TestNoData(t *testing.T) {
	t.Setenv("GOVULNDB", "file://"+t.TempDir())
	var out bytes.Buffer
	document := filepath.Join(t.TempDir(), "security.md")
	require.NoError(t, os.WriteFile(document, nil, 0o600))
	require.NoError(t, check(t.Context(), &out, []string{"no-such-program"}, document))
	assert.Contains(t, out.String(), "NOTHING WAS CHECKED")
}

func TestDamagedReport(t *testing.T) {
	reports := t.TempDir()
	require.ErrorContains(t, writeIndex(reports, t.TempDir(), time.Time{}), "no reports")
	require.NoError(t, os.WriteFile(filepath.Join(reports, "GO-2026-9999.json"), []byte("{"), 0o600))
	require.ErrorContains(t, writeIndex(reports, t.TempDir(), time.Time{}), "GO-2026-9999.json")
}
