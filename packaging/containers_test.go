// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package packaging

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/compose-spec/compose-go/v2/cli"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// validate has the collector check a configuration.
func validate(t *testing.T, variables []string, args ...string) {
	t.Helper()
	program, err := filepath.Abs("../bin/otelcol-arc")
	require.NoError(t, err)
	require.FileExists(t, program, "make build comes first")
	cmd := exec.CommandContext(t.Context(), program, append([]string{"validate"}, args...)...)
	cmd.Dir = ".."
	cmd.Env = append(os.Environ(), append(variables, "OTELCOL_ARC_STATE="+t.TempDir())...)
	output, err := cmd.CombinedOutput()
	require.NoError(t, err, "%s %s", strings.Join(args, " "), output)
}

// The image runs a valid configuration as an unprivileged user, and has a health check.
func TestDockerfile(t *testing.T) {
	file := read(t, "docker/Dockerfile")
	command := regexp.MustCompile(`(?m)^CMD (\[.*\])$`).FindStringSubmatch(file)
	require.NotNil(t, command)
	var args []string
	require.NoError(t, json.Unmarshal([]byte(command[1]), &args))
	validate(t, nil, args...)
	assert.Regexp(t, `(?m)^USER 65532:65532$`, file)
	assert.Regexp(t, `(?m)^HEALTHCHECK .*CMD \["/usr/bin/arctool", "health"\]$`, file)
	for _, source := range regexp.MustCompile(`/src/(\S+)`).FindAllStringSubmatch(file, -1) {
		if !strings.HasPrefix(source[1], "bin/") {
			_, err := os.Stat("../" + source[1])
			assert.NoError(t, err, "what is copied is there")
		}
	}
}

// What compose starts is valid: the file by the specification's own schema, what
// it mounts is there, nothing is published to other machines, and the
// collector's configuration is one.
func TestCompose(t *testing.T) {
	options, err := cli.NewProjectOptions([]string{"docker/compose.yaml"}, cli.WithOsEnv, cli.WithDefaultProfiles())
	require.NoError(t, err)
	project, err := options.LoadProject(t.Context())
	require.NoError(t, err)
	for name, service := range project.Services {
		for _, volume := range service.Volumes {
			if volume.Type == "bind" {
				_, err := os.Stat(volume.Source)
				assert.NoError(t, err, name)
			}
		}
		for _, port := range service.Ports {
			assert.Equal(t, "127.0.0.1", port.HostIP, "%s %s", name, port.Published)
		}
	}
	collector := project.Services["collector"]
	assert.True(t, collector.ReadOnly)
	var variables []string
	for name, value := range collector.Environment {
		if value != nil {
			variables = append(variables, name+"="+*value)
		}
	}
	validate(t, variables, collector.Command...)
}
