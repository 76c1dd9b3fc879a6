// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package packaging

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// maxExposure is what systemd-analyze may make of the unit, from 0 to 10. What it
// counts is the network, which a collector is there for.
const maxExposure = 2.0

// The unit is one that systemd understands, and gives the service little.
func TestUnit(t *testing.T) {
	if _, err := exec.LookPath("systemd-analyze"); err != nil {
		t.Skip("systemd-analyze is not there")
	}
	content, err := os.ReadFile("systemd/otelcol-arc.service")
	require.NoError(t, err)
	// The program has to be there for verify.
	unit := filepath.Join(t.TempDir(), "otelcol-arc.service")
	require.NoError(t, os.WriteFile(unit, []byte(strings.ReplaceAll(string(content), "/usr/bin/otelcol-arc", "/bin/true")), 0o600))
	output, err := exec.CommandContext(t.Context(), "systemd-analyze", "verify", "--man=no", unit).CombinedOutput()
	require.NoError(t, err, "%s", output)
	assert.NotContains(t, string(output), "otelcol-arc.service:", "warnings")

	output, err = exec.CommandContext(t.Context(), "systemd-analyze", "security", "--offline=true", "--no-pager", unit).CombinedOutput()
	require.NoError(t, err, "%s", output)
	found := regexp.MustCompile(`Overall exposure level for \S+: ([0-9.]+)`).FindSubmatch(output)
	require.NotNil(t, found, "%s", output)
	exposure, err := strconv.ParseFloat(string(found[1]), 64)
	require.NoError(t, err)
	assert.LessOrEqual(t, exposure, maxExposure, "%s", output)
}

// A reload of an invalid configuration fails in its validation, so that systemctl reports it.
func TestReloadValidates(t *testing.T) {
	content, err := os.ReadFile("systemd/otelcol-arc.service")
	require.NoError(t, err)
	commands := regexp.MustCompile(`(?m)^Exec(?:Start|Reload)=(.*)$`).FindAllStringSubmatch(string(content), -1)
	require.Len(t, commands, 3)
	program, options, found := strings.Cut(commands[0][1], " ")
	require.True(t, found)
	assert.Equal(t, program+" validate "+options, commands[1][1], "what runs is what is validated")
	assert.Contains(t, commands[2][1], "-HUP $MAINPID")

	validate := exec.CommandContext(t.Context(), "../bin/otelcol-arc", "validate", "--config=yaml:receivers: {nothing: {}}")
	require.Error(t, validate.Run(), "systemd stops at the exit status")
}
