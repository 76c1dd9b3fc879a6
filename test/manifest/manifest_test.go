// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

// Package manifest holds the distribution's manifest, the generated program
// and the module's requirements against each other.
package manifest

import (
	"go/parser"
	"go/token"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"
	"golang.org/x/mod/modfile"
	"golang.org/x/mod/module"
)

const (
	root    = "../.."
	ourself = "github.com/otelcol-arc/otelcol-arc"
)

type manifest struct {
	Dist struct {
		Version string
	}
	Receivers, Processors, Exporters, Connectors, Extensions, Providers, Converters []component
}

type component struct {
	GoMod  string
	Import string
}

func (c component) module() string { return strings.Fields(c.GoMod)[0] }

func (c component) version() string { return strings.Fields(c.GoMod)[1] }

func (c component) importPath() string {
	if c.Import != "" {
		return c.Import
	}
	return c.module()
}

func readManifest(t *testing.T) manifest {
	t.Helper()
	return readManifestFrom(t, "builder-config.yaml")
}

func readManifestFrom(t *testing.T, name string) manifest {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(root, name))
	require.NoError(t, err)
	var m manifest
	require.NoError(t, yaml.Unmarshal(content, &m))
	return m
}

func (m manifest) components() []component {
	var all []component
	for _, kind := range [][]component{m.Receivers, m.Processors, m.Exporters, m.Connectors, m.Extensions, m.Providers, m.Converters} {
		all = append(all, kind...)
	}
	return all
}

func TestVersionsAreThoseOfTheModule(t *testing.T) {
	content, err := os.ReadFile(filepath.Join(root, "go.mod"))
	require.NoError(t, err)
	mod, err := modfile.Parse("go.mod", content, nil)
	require.NoError(t, err)
	required := map[string]string{}
	for _, r := range mod.Require {
		required[r.Mod.Path] = r.Mod.Version
	}
	for _, c := range readManifest(t).components() {
		if c.module() == ourself {
			continue
		}
		assert.Equal(t, required[c.module()], c.version(), c.module())
	}
	// go.mod has to name the modules that are built, but for one, see its doc.go.
	require.Len(t, mod.Replace, 1)
	assert.Equal(t, "go.opentelemetry.io/collector/config/confignet", mod.Replace[0].Old.Path)
	assert.Equal(t, "./internal/confignet", mod.Replace[0].New.Path)
}

// What memory and start-up are compared with is of the same versions.
func TestUpstreamsDistributionHasOurVersions(t *testing.T) {
	ours := map[string]string{}
	for _, c := range readManifest(t).components() {
		ours[c.module()] = c.version()
	}
	shared := 0
	for _, c := range readManifestFrom(t, "test/bench/endtoend/peer/otelcol.yaml").components() {
		if version, ok := ours[c.module()]; ok {
			assert.Equal(t, version, c.version(), c.module())
			shared++
		}
	}
	assert.Greater(t, shared, 20)
}

func TestProgramHoldsTheManifest(t *testing.T) {
	imported := map[string]bool{}
	for _, file := range []string{"components.go", "main.go"} {
		parsed, err := parser.ParseFile(token.NewFileSet(), filepath.Join(root, "dist", file), nil, parser.ImportsOnly)
		require.NoError(t, err)
		for _, spec := range parsed.Imports {
			importPath, err := strconv.Unquote(spec.Path.Value)
			require.NoError(t, err)
			imported[importPath] = true
		}
	}
	for _, c := range readManifest(t).components() {
		assert.True(t, imported[c.importPath()], "dist does not import %s: run 'make generate'", c.importPath())
		delete(imported, c.importPath())
	}
	for importPath := range imported {
		if strings.HasPrefix(path.Base(importPath), "otel") || strings.Contains(importPath, "/service") {
			continue // the program itself, not a component
		}
		component := strings.HasPrefix(importPath, ourself) || strings.Contains(importPath, "opentelemetry-collector-contrib")
		assert.False(t, component, "%s is in dist, but not in the manifest", importPath)
	}
}

func TestEveryComponentOfOursIsInTheManifest(t *testing.T) {
	named := map[string]bool{}
	for _, c := range readManifest(t).components() {
		named[c.importPath()] = true
	}
	for _, kind := range []string{"receiver", "processor", "exporter", "connector", "extension"} {
		folders, err := filepath.Glob(filepath.Join(root, kind, "*", "factory.go"))
		require.NoError(t, err)
		for _, factory := range folders {
			folder := path.Base(filepath.Dir(factory))
			assert.True(t, named[path.Join(ourself, kind, folder)], "%s/%s is not in builder-config.yaml", kind, folder)
		}
	}
}

// `make run` keeps what was counted, in a directory that it names; in memory is a choice.
func TestMakeRunPersists(t *testing.T) {
	command := func(args ...string) string {
		cmd := exec.CommandContext(t.Context(), "make", append([]string{"--dry-run", "run"}, args...)...)
		cmd.Dir = root
		cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + os.Getenv("HOME")}
		output, err := cmd.CombinedOutput()
		require.NoError(t, err, "%s", output)
		return string(output)
	}
	persistent := command()
	assert.Contains(t, persistent, "OTELCOL_ARC_STATE=data bin/otelcol-arc")
	assert.Contains(t, persistent, "--config config/default.yaml --config config/policies/state.yaml")
	assert.Contains(t, command("STATE=elsewhere"), "OTELCOL_ARC_STATE=elsewhere")
	assert.NotContains(t, command("STATE="), "state.yaml")
	assert.NotContains(t, command("CONFIG=config/production.yaml"), "state.yaml", "which persists by itself")
}

// The Makefile names the Go toolchain; what cannot read it there agrees with it.
func TestToolchainIsOne(t *testing.T) {
	read := func(path string) string {
		content, err := os.ReadFile(filepath.Join(root, path))
		require.NoError(t, err)
		return string(content)
	}
	named := regexp.MustCompile(`(?m)^export GOTOOLCHAIN = go(\d+\.\d+)(\.\d+)$`).FindStringSubmatch(read("Makefile"))
	require.NotNil(t, named)
	version := named[1] + named[2]
	assert.Contains(t, read("packaging/docker/Dockerfile"), "ARG GO_VERSION="+version+"\n")
	for _, path := range []string{"README.md", "CONTRIBUTING.md", "CHANGELOG.md"} {
		assert.Contains(t, read(path), "export GOTOOLCHAIN=go"+version, path)
	}
	for _, path := range []string{"go.mod", "packaging/go.mod", "test/bench/go.mod", "internal/tools/go.mod"} {
		assert.Regexp(t, `(?m)^go `+regexp.QuoteMeta(named[1])+`(\.\d+)?$`, read(path), path)
	}
	workflows, err := filepath.Glob(filepath.Join(root, ".github", "workflows", "*.yml"))
	require.NoError(t, err)
	require.NotEmpty(t, workflows)
	for _, path := range workflows {
		content, err := os.ReadFile(path)
		require.NoError(t, err)
		assert.NotRegexp(t, `\bgo (build|test|vet|run)\b|go-version: ["']?\d`, string(content), "%s: run make, which names the toolchain", path)
	}
}

// These are served at older versions only, or go with one that is.
func TestOneVersionOfTheCollector(t *testing.T) {
	older := map[string]string{
		"github.com/open-telemetry/opentelemetry-collector-contrib/connector/countconnector":           "v0.158.0",
		"github.com/open-telemetry/opentelemetry-collector-contrib/connector/routingconnector":         "v0.157.0",
		"github.com/open-telemetry/opentelemetry-collector-contrib/connector/signaltometricsconnector": "v0.158.0",
		"github.com/open-telemetry/opentelemetry-collector-contrib/exporter/awscloudwatchlogsexporter": "v0.156.0",
		"github.com/open-telemetry/opentelemetry-collector-contrib/exporter/fileexporter":              "v0.161.0",
		"github.com/open-telemetry/opentelemetry-collector-contrib/exporter/loadbalancingexporter":     "v0.161.0",
		"github.com/open-telemetry/opentelemetry-collector-contrib/exporter/syslogexporter":            "v0.158.0",
		"github.com/open-telemetry/opentelemetry-collector-contrib/extension/basicauthextension":       "v0.158.0",
		"github.com/open-telemetry/opentelemetry-collector-contrib/extension/headerssetterextension":   "v0.158.0",
		"github.com/open-telemetry/opentelemetry-collector-contrib/processor/attributesprocessor":      "v0.158.0",
		"github.com/open-telemetry/opentelemetry-collector-contrib/processor/filterprocessor":          "v0.158.0",
		"github.com/open-telemetry/opentelemetry-collector-contrib/processor/tailsamplingprocessor":    "v0.158.0",
		"github.com/open-telemetry/opentelemetry-collector-contrib/processor/transformprocessor":       "v0.158.0",
		"github.com/open-telemetry/opentelemetry-collector-contrib/receiver/hostmetricsreceiver":       "v0.158.0",
	}
	for _, c := range readManifest(t).components() {
		if c.module() == ourself {
			continue
		}
		want, ok := older[c.module()]
		if !ok {
			want = "v0.165.0"
			if strings.Contains(c.module(), "collector-contrib") {
				want = "v0.165.1"
			}
			if _, major, _ := module.SplitPathVersion(c.module()); major == "" && strings.HasPrefix(c.version(), "v1.") {
				want = "v1.71.0"
			}
		}
		assert.Equal(t, want, c.version(), c.module())
	}
}
