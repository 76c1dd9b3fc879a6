// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package packaging

import (
	"archive/tar"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/blakesmith/ar"
	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
	"github.com/sassoftware/go-rpmutils"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"helm.sh/helm/v3/pkg/chart/loader"
	"sigs.k8s.io/yaml"
)

// packaged is a file of a package.
type packaged struct {
	mode   fs.FileMode
	config bool // what is changed is kept when the package is upgraded
}

// The packages have the programs, the unit, and each configuration as a file that an
// administrator may change.
func TestPackagesHaveTheFiles(t *testing.T) {
	for pattern, contents := range map[string]func(*testing.T, string) map[string]packaged{
		"otelcol-arc_*_amd64.deb": debContents, "otelcol-arc-*.x86_64.rpm": rpmContents,
	} {
		t.Run(filepath.Ext(pattern), func(t *testing.T) {
			found := contents(t, onePackage(t, pattern))
			want := map[string]packaged{
				"/usr/bin/otelcol-arc":                                        {mode: 0o755},
				"/usr/bin/arctool":                                            {mode: 0o755},
				"/usr/lib/systemd/system/otelcol-arc.service":                 {mode: 0o644},
				"/usr/share/doc/otelcol-arc/copyright":                        {mode: 0o644},
				"/usr/share/doc/otelcol-arc/THIRD-PARTY-LICENSES.txt":         {mode: 0o644},
				"/usr/share/doc/otelcol-arc/sbom.cdx.json":                    {mode: 0o644},
				"/usr/share/doc/otelcol-arc/README.md":                        {mode: 0o644},
				"/etc/otelcol-arc/otelcol-arc.env":                            {mode: 0o640, config: true}, // it has secrets
				"/etc/otelcol-arc/config/default.yaml":                        {mode: 0o644, config: true},
				"/etc/otelcol-arc/config/scale/gateway.yaml":                  {mode: 0o644, config: true},
				"/usr/share/doc/otelcol-arc/docs/installing.md":               {mode: 0o644},
				"/usr/share/doc/otelcol-arc/docs/migrating-from-the-guide.md": {mode: 0o644},
			}
			require.NoError(t, fs.WalkDir(os.DirFS("../config"), ".", func(path string, entry fs.DirEntry, err error) error {
				if err == nil && !entry.IsDir() {
					want["/etc/otelcol-arc/config/"+path] = packaged{mode: 0o644, config: true}
				}
				return err
			}))
			for path, file := range want {
				assert.Equal(t, file, found[path], path)
			}
			for path := range found {
				_, wanted := want[path]
				assert.True(t, wanted || strings.HasPrefix(path, "/usr/share/doc/otelcol-arc/docs/"), "%s is not expected", path)
			}
		})
	}
}

func onePackage(t *testing.T, pattern string) string {
	t.Helper()
	paths, err := filepath.Glob("../build/packages/" + pattern)
	require.NoError(t, err)
	if len(paths) == 0 {
		t.Skip("make package PLATFORMS=linux/amd64 comes first")
	}
	return paths[0]
}

func open(t *testing.T, path string) *os.File {
	t.Helper()
	file, err := os.Open(path)
	require.NoError(t, err)
	t.Cleanup(func() { _ = file.Close() })
	return file
}

func debContents(t *testing.T, path string) map[string]packaged {
	t.Helper()
	archive := ar.NewReader(open(t, path))
	found, kept := map[string]packaged{}, ""
	for {
		member, err := archive.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		require.NoError(t, err)
		var content io.Reader
		switch filepath.Ext(strings.TrimSuffix(member.Name, "/")) {
		case ".zst":
			decoder, err := zstd.NewReader(archive)
			require.NoError(t, err)
			t.Cleanup(decoder.Close)
			content = decoder
		case ".gz":
			content, err = gzip.NewReader(archive)
			require.NoError(t, err)
		default:
			continue
		}
		files := tar.NewReader(content)
		for {
			header, err := files.Next()
			if errors.Is(err, io.EOF) {
				break
			}
			require.NoError(t, err)
			name := strings.TrimPrefix(header.Name, ".")
			if strings.HasPrefix(member.Name, "control.") {
				if strings.HasSuffix(name, "conffiles") {
					lines, err := io.ReadAll(files)
					require.NoError(t, err)
					kept = string(lines)
				}
			} else if header.Typeflag == tar.TypeReg {
				found[name] = packaged{mode: header.FileInfo().Mode().Perm()}
			}
		}
	}
	for line := range strings.Lines(kept) {
		name := strings.TrimSpace(line)
		file, ok := found[name]
		require.True(t, ok, name)
		file.config = true
		found[name] = file
	}
	return found
}

func rpmContents(t *testing.T, path string) map[string]packaged {
	t.Helper()
	header, err := rpmutils.ReadHeader(open(t, path))
	require.NoError(t, err)
	files, err := header.GetFiles()
	require.NoError(t, err)
	const config, noReplace, regular = 1 << 0, 1 << 4, 0o100000
	found := map[string]packaged{}
	for _, file := range files {
		if file.Mode()&regular != 0 {
			found[file.Name()] = packaged{mode: fs.FileMode(file.Mode() & 0o777), config: file.Flags()&(config|noReplace) == config|noReplace}
		}
	}
	return found
}

// The chart of a release is the chart, with the version of the release.
func TestPackagedChart(t *testing.T) {
	path := onePackage(t, "otelcol-arc-chart-*.tgz")
	released, err := loader.Load(path)
	require.NoError(t, err)
	version := regexp.MustCompile(`(?m)^  version: (\S+)$`).FindStringSubmatch(read(t, "../builder-config.yaml"))
	require.NotNil(t, version)
	assert.Equal(t, version[1], released.Metadata.Version)
	assert.Equal(t, version[1], released.Metadata.AppVersion, "the tag of the image")
	chart, err := loader.Load(chartDir)
	require.NoError(t, err)
	assert.Equal(t, chart.Templates, released.Templates)
	assert.Equal(t, chart.Values, released.Values)
	assert.Equal(t, chart.Files, released.Files)
	assert.Equal(t, chart.Schema, released.Schema)
}

// The release workflow pushes the image that the chart has, from commits of actions that do not move.
func TestReleaseWorkflow(t *testing.T) {
	workflow := read(t, "../.github/workflows/release.yml")
	var values struct {
		Image struct{ Repository string }
	}
	require.NoError(t, yaml.Unmarshal([]byte(read(t, chartDir+"/values.yaml")), &values))
	assert.Contains(t, workflow, `--tag "`+values.Image.Repository+`:$version"`)
	assert.Contains(t, workflow, "build/packages/otelcol-arc-chart-$version.tgz")
	workflows, err := filepath.Glob("../.github/workflows/*.yml")
	require.NoError(t, err)
	for _, path := range workflows {
		for _, uses := range regexp.MustCompile(`uses: (\S+)(.*)`).FindAllStringSubmatch(read(t, path), -1) {
			assert.Regexp(t, `^[\w./-]+@[0-9a-f]{40}$`, uses[1], path)
			assert.Regexp(t, `^ # v\d+\.\d+\.\d+$`, uses[2], path)
		}
	}
}
