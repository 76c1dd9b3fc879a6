// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package packaging

import (
	"context"
	"encoding/json"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/compose-spec/compose-go/v2/cli"
	"github.com/compose-spec/compose-go/v2/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"sigs.k8s.io/yaml"
)

// The image runs a valid configuration as an unprivileged user, and has a health check.
func TestDockerfile(t *testing.T) {
	file := read(t, "docker/Dockerfile")
	command := regexp.MustCompile(`(?m)^CMD (\[.*\])$`).FindStringSubmatch(file)
	require.NotNil(t, command)
	var args []string
	require.NoError(t, json.Unmarshal([]byte(command[1]), &args))
	validate(t, nil, args...)
	merged := limiter(t, nil, args...)
	assert.EqualValues(t, 0, at(t, merged, "limit_mib"), "which would come first")
	assert.EqualValues(t, 80, at(t, merged, "limit_percentage"))
	assert.EqualValues(t, 25, at(t, merged, "spike_limit_percentage"))
	assert.Regexp(t, `(?m)^USER 65532:65532$`, file)
	assert.Regexp(t, `(?m)^HEALTHCHECK .*CMD \["/usr/bin/arctool", "health"\]$`, file)
	for _, source := range regexp.MustCompile(`cp -R (.*) /image/`).FindAllStringSubmatch(file, -1) {
		for path := range strings.FieldsSeq(source[1]) {
			_, err := os.Stat("../" + path)
			assert.NoError(t, err, "what is copied is there")
		}
	}
	// Both sources of the image have what it copies: the stage that builds, and the folder of a package.
	folder, err := filepath.Glob("../build/stage/otelcol-arc_*_linux_amd64")
	require.NoError(t, err)
	copied := regexp.MustCompile(`--from=source (.*) \S+`).FindAllStringSubmatch(file, -1)
	require.NotEmpty(t, copied)
	for _, paths := range copied {
		for path := range strings.FieldsSeq(paths[1]) {
			name := strings.TrimPrefix(path, "/image/")
			assert.Regexp(t, regexp.QuoteMeta(path)+`\b|cp -R .*\b`+name+`\b.* /image/`, file)
			if len(folder) > 0 {
				_, err := os.Stat(filepath.Join(folder[0], name))
				assert.NoError(t, err)
			}
		}
	}
}

// The image is built, runs as the chart runs it, and gets healthy.
func TestImage(t *testing.T) {
	engine := ""
	for _, candidate := range []string{"docker", "podman"} {
		if exec.CommandContext(t.Context(), candidate, "info", "--format", "{{.ServerVersion}}{{.Host}}").Run() == nil ||
			exec.CommandContext(t.Context(), candidate, "ps").Run() == nil {
			engine = candidate
			break
		}
	}
	if engine == "" {
		t.Skip("no container engine runs here: the image is not built")
	}
	do := func(args ...string) string {
		output, err := exec.CommandContext(context.WithoutCancel(t.Context()), engine, args...).CombinedOutput()
		require.NoError(t, err, "%v: %s", args, output)
		return strings.TrimSpace(string(output))
	}
	args := []string{"build", "-f", "docker/Dockerfile", "-t", "otelcol-arc:test"}
	if folder, _ := filepath.Glob("../build/stage/otelcol-arc_*_linux_" + runtime.GOARCH); len(folder) > 0 {
		version := strings.Split(filepath.Base(folder[0]), "_")[1]
		args = append(args, "--build-arg", "SOURCE=packages", "--build-arg", "VERSION="+version)
	}
	do(append(args, "..")...)
	t.Cleanup(func() { do("rmi", "-f", "otelcol-arc:test") })
	container := do("run", "-d", "--read-only", "--cap-drop", "ALL", "-p", "127.0.0.1::4318", "-p", "127.0.0.1::8124", "otelcol-arc:test")
	t.Cleanup(func() { do("rm", "-f", "-v", container) })
	require.Eventually(t, func() bool {
		return exec.CommandContext(t.Context(), engine, "exec", container, "/usr/bin/arctool", "health").Run() == nil
	}, 60*time.Second, 500*time.Millisecond, "healthy")
	assert.Equal(t, http.StatusOK, postCall(t, do("port", container, "4318/tcp"), 1))
	require.Eventually(t, func() bool {
		_, body := get("http://" + do("port", container, "8124/tcp") + "/api/usage/models?hours=24")
		return strings.Contains(body, "gpt-4o")
	}, 60*time.Second, 500*time.Millisecond)
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
	mebibytes, err := strconv.Atoi(strings.TrimSuffix(*collector.Environment["GOMEMLIMIT"], "MiB"))
	require.NoError(t, err)
	assert.InDelta(t, 0.8, float64(mebibytes<<20)/float64(collector.MemLimit), 0.01, "the share that was measured, docs/operations.md")
	var variables []string
	for name, value := range collector.Environment {
		if value != nil {
			variables = append(variables, name+"="+*value)
		}
	}
	validate(t, variables, collector.Command...)

	// Prometheus scrapes ports that the image has, and has the rules that it names.
	var prometheus struct {
		RuleFiles     []string `json:"rule_files"`
		ScrapeConfigs []struct {
			StaticConfigs []struct {
				Targets []string `json:"targets"`
			} `json:"static_configs"`
		} `json:"scrape_configs"`
	}
	require.NoError(t, yaml.Unmarshal([]byte(read(t, mounted(t, project, "prometheus", "/etc/prometheus/prometheus.yml"))), &prometheus))
	require.NotEmpty(t, prometheus.RuleFiles)
	for _, file := range prometheus.RuleFiles {
		assert.FileExists(t, mounted(t, project, "prometheus", "/etc/prometheus/"+file))
	}
	exposed := strings.Fields(regexp.MustCompile(`(?m)^EXPOSE (.*)$`).FindStringSubmatch(read(t, "docker/Dockerfile"))[1])
	for _, scrape := range prometheus.ScrapeConfigs {
		host, port, err := net.SplitHostPort(scrape.StaticConfigs[0].Targets[0])
		require.NoError(t, err)
		assert.Equal(t, "collector", host)
		assert.Contains(t, exposed, port)
	}

	// Grafana has each dashboard, and the data sources, which are services.
	var provider struct {
		Providers []struct {
			Options struct {
				Path string `json:"path"`
			} `json:"options"`
		} `json:"providers"`
	}
	require.NoError(t, yaml.Unmarshal([]byte(read(t, mounted(t, project, "grafana", "/etc/grafana/provisioning/dashboards/arc.yaml"))), &provider))
	dashboards, err := filepath.Glob("../config/grafana/*.json")
	require.NoError(t, err)
	require.NotEmpty(t, dashboards)
	for _, dashboard := range dashboards {
		assert.Equal(t, read(t, dashboard), read(t, mounted(t, project, "grafana", provider.Providers[0].Options.Path+"/"+filepath.Base(dashboard))))
	}
	var sources struct {
		Datasources []struct {
			Type, UID, URL string
			JSONData       struct {
				ExemplarTraceIDDestinations []struct {
					DatasourceUID string `json:"datasourceUid"`
				} `json:"exemplarTraceIdDestinations"`
			} `json:"jsonData"`
		} `json:"datasources"`
	}
	require.NoError(t, yaml.Unmarshal([]byte(read(t, mounted(t, project, "grafana", "/etc/grafana/provisioning/datasources/datasources.yaml"))), &sources))
	uids := map[string]string{}
	for _, source := range sources.Datasources {
		uids[source.UID] = source.Type
		address, err := url.Parse(source.URL)
		require.NoError(t, err)
		assert.Contains(t, project.Services, address.Hostname())
		published := false
		for _, port := range project.Services[address.Hostname()].Ports {
			published = published || strconv.Itoa(int(port.Target)) == address.Port()
		}
		assert.True(t, published, source.URL)
	}
	assert.Equal(t, map[string]string{"prometheus": "prometheus", "jaeger": "jaeger"}, uids)
	assert.Contains(t, uids, sources.Datasources[0].JSONData.ExemplarTraceIDDestinations[0].DatasourceUID)
}

// mounted is the file of the repository that a service has at a path.
func mounted(t *testing.T, project *types.Project, service, path string) string {
	t.Helper()
	for _, volume := range project.Services[service].Volumes {
		if rest, ok := strings.CutPrefix(path, volume.Target); ok && volume.Type == "bind" && (rest == "" || rest[0] == '/') {
			return volume.Source + rest
		}
	}
	require.Fail(t, "not mounted", "%s in %s", path, service)
	return ""
}
