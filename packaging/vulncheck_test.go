// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package packaging

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A vulnerability of something that the programs call is found. The database is
// one with a made-up entry.
func TestVulncheck(t *testing.T) {
	db := t.TempDir()
	for name, content := range map[string]string{
		"index/db.json":      `{"modified":"2026-01-01T00:00:00Z"}`,
		"index/modules.json": `[{"path":"github.com/spf13/cobra","vulns":[{"id":"GO-2026-9999","modified":"2026-01-01T00:00:00Z"}]}]`,
		"index/vulns.json":   `[{"id":"GO-2026-9999","modified":"2026-01-01T00:00:00Z"}]`,
		"ID/GO-2026-9999.json": `{"schema_version":"1.3.1","id":"GO-2026-9999","modified":"2026-01-01T00:00:00Z","published":"2026-01-01T00:00:00Z","summary":"Made up",
			"details":"Made up.","affected":[{"package":{"name":"github.com/spf13/cobra","ecosystem":"Go"},"ranges":[{"type":"SEMVER","events":[{"introduced":"0"}]}],
			"ecosystem_specific":{"imports":[{"path":"github.com/spf13/cobra","symbols":["Command.ExecuteContext"]}]}}],"database_specific":{"url":"https://pkg.go.dev/vuln/GO-2026-9999"}}`,
	} {
		path := filepath.Join(db, name)
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o700))
		require.NoError(t, os.WriteFile(path, []byte(content), 0o600))
	}
	check := func(db string) (string, int) {
		cmd := exec.CommandContext(t.Context(), "./vulncheck.sh")
		cmd.Env = append(os.Environ(), "GOVULNDB=file://"+db, "PACKAGES=./cmd/...")
		output, _ := cmd.CombinedOutput()
		return string(output), cmd.ProcessState.ExitCode()
	}
	output, code := check(db)
	assert.Contains(t, output, "GO-2026-9999")
	assert.Equal(t, 3, code, output)

	output, code = check(t.TempDir())
	assert.Contains(t, output, "nothing was checked")
	assert.Zero(t, code)
}
