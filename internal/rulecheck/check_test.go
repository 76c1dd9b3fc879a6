// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package rulecheck

import (
	"flag"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/rulefmt"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var update = flag.Bool("update", false, "write the golden files")

// texts are problems as a person reads them, with the file's base name.
func texts(problems []*Problem) string {
	var out strings.Builder
	for _, p := range problems {
		p.File = filepath.Base(p.File)
		out.WriteString(p.Error() + "\n")
	}
	return out.String()
}

// TestBad compares all that is wrong with each file of testdata/bad with the
// text beside it.
func TestBad(t *testing.T) {
	files, err := filepath.Glob("testdata/bad/*.yml")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			got := texts(ReadFile(file).Problems)
			golden := strings.TrimSuffix(file, ".yml") + ".txt"
			if *update {
				require.NoError(t, os.WriteFile(golden, []byte(got), 0o600))
			}
			want, err := os.ReadFile(golden)
			require.NoError(t, err)
			assert.NotEmpty(t, got)
			assert.Equal(t, string(want), got)
		})
	}
}

func TestGood(t *testing.T) {
	files, err := filepath.Glob("testdata/good/*.yml")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for _, file := range files {
		assert.Empty(t, texts(ReadFile(file).Problems), file)
	}
}

func TestRules(t *testing.T) {
	assert.Equal(t, 4, ReadFile("testdata/good/merge.yml").Rules())
	assert.Zero(t, ReadFile("testdata/good/empty.yml").Rules())
}

func TestDuplicates(t *testing.T) {
	assert.Empty(t, ReadFile("testdata/good/merge.yml").Duplicates, "an alert and a series may have one name")
	assert.Equal(t, `rules.yml:13:9: group "b", rule 1, "job:up:sum": writes the same series as rule 1 of group "a" in line 6: they have the same name and labels
`, texts(ReadFile("testdata/duplicates/rules.yml").Duplicates))
}

func TestMissingFile(t *testing.T) {
	file := filepath.Join(t.TempDir(), "none.yml")
	assert.Equal(t, "none.yml: no such file or directory\n", texts(ReadFile(file).Problems))
}

func TestLookback(t *testing.T) {
	for expr, want := range map[string]time.Duration{
		`up`:                                      0,
		`rate(up[5m])`:                            5 * time.Minute,
		`up offset 1w`:                            7 * 24 * time.Hour,
		`up offset -1h`:                           0,
		`rate(up[5m] offset 1h)`:                  65 * time.Minute,
		`max_over_time(up[1d:5m] offset 1h)`:      25 * time.Hour,
		`max_over_time(rate(up[5m])[1h:1m])`:      65 * time.Minute,
		`up @ 1000 offset 1w`:                     0,
		`rate(up[1w] @ end())`:                    0,
		`absent_over_time(up[3h]) or a offset 4h`: 4 * time.Hour,
	} {
		file := Read("r.yml", []byte("groups: [{name: g, rules: [{record: x, expr: '"+expr+"'}]}]"))
		require.Empty(t, file.Problems, expr)
		if want == 0 {
			assert.Empty(t, file.BeyondRetention(0), expr)
			continue
		}
		assert.Empty(t, file.BeyondRetention(want), expr)
		require.Len(t, file.BeyondRetention(want-time.Second), 1, expr)
	}
}

// TestFilesOfPrometheus comes to rulefmt's problem on the rule files of
// Prometheus' own tests, in the module's source.
func TestFilesOfPrometheus(t *testing.T) {
	output, err := exec.CommandContext(t.Context(), "go", "list", "-m", "-f", "{{.Dir}}", "github.com/prometheus/prometheus").Output()
	require.NoError(t, err)
	root := strings.TrimSpace(string(output))
	good, bad := 0, 0
	for _, pattern := range []string{"rules/fixtures/*.yaml", "model/rulefmt/testdata/*.yaml", "cmd/promtool/testdata/*rules*.yml"} {
		files, err := filepath.Glob(filepath.Join(root, pattern))
		require.NoError(t, err)
		require.NotEmpty(t, files, pattern)
		for _, file := range files {
			content, err := os.ReadFile(file)
			require.NoError(t, err)
			_, errs := rulefmt.Parse(content, false, model.UTF8Validation, promQL, slog.New(slog.DiscardHandler))
			problems := Read(file, content).Problems
			assert.Equal(t, len(errs) == 0, len(problems) == 0, "%s: %v; %v", file, errs, problems)
			if len(errs) == 0 {
				good++
			} else {
				bad++
			}
		}
	}
	assert.Greater(t, good, 10)
	assert.Greater(t, bad, 10)
}

// FuzzRead checks that the problem is rulefmt's, whatever the file.
func FuzzRead(f *testing.F) {
	for _, pattern := range []string{"testdata/*/*.yml"} {
		files, err := filepath.Glob(pattern)
		require.NoError(f, err)
		for _, file := range files {
			content, err := os.ReadFile(file)
			require.NoError(f, err)
			f.Add(content)
		}
	}
	f.Fuzz(func(t *testing.T, content []byte) {
		file := Read("rules.yml", content)
		_, errs := rulefmt.Parse(content, false, model.UTF8Validation, promQL, slog.New(slog.DiscardHandler))
		assert.Equal(t, len(errs) == 0, len(file.Problems) == 0, "%v; %v", errs, file.Problems)
		_ = file.BeyondRetention(time.Hour)
	})
}
