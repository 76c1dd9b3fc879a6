// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package sdks

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/otelcol-arc/otelcol-arc/internal/compatibility"
)

func measuredPath() string {
	return filepath.Join(root(), "internal", "compatibility", "measured.json")
}

// scopeOf is the name of the instrumentation scope of a pair with one instrumentation; "" where
// it is not known. Python instrumentations are named after their modules, those of npm as their
// packages. Others are in pairs.yaml.
func (p *Pair) scopeOf() string {
	if len(p.Instrument) > 1 {
		return "" // nothing shows whose the problem is
	}
	if p.Scope != "" {
		return p.Scope
	}
	name := p.Packages[0]
	if strings.HasPrefix(name, "@") {
		if strings.Contains(name, "instrumentation-") {
			return name
		}
		return ""
	}
	vendor, of, found := strings.Cut(name, "-instrumentation-")
	if !found {
		return ""
	}
	if rest, genai := strings.CutPrefix(of, "genai-"); genai {
		return vendor + ".instrumentation.genai." + strings.ReplaceAll(rest, "-", "_")
	}
	return vendor + ".instrumentation." + strings.ReplaceAll(of, "-", "_")
}

// measuredTable is what the dashboard shows of the results.
func measuredTable(pairs []Pair, results map[string]Result) ([]byte, error) {
	list := []compatibility.Measured{}
	for i := range pairs {
		pair := &pairs[i]
		result := results[pair.Name]
		version := result.Versions[pair.Packages[0]]
		if scope := pair.scopeOf(); scope != "" && version != "" {
			list = append(list, compatibility.Measured{
				Scope: scope, Title: pair.Title, Versions: versionList(pair, result.Versions), Version: version, Problems: problemsOf(pair, result),
			})
		}
	}
	content, err := json.MarshalIndent(list, "", " ")
	return append(content, '\n'), err
}

// problemsOf are the figures that are not right.
func problemsOf(pair *Pair, result Result) (problems []string) {
	if result.Skipped != "" {
		return []string{result.Skipped}
	}
	for _, column := range Columns {
		cell := result.Cells[column.Key]
		if cell.State != NotSent && cell.State != Wrong {
			continue
		}
		problem := fmt.Sprintf("%s: %s, the others are %s", column.Title, cell.Text, cell.State)
		if strings.HasPrefix(cell.Text, "0 of ") {
			problem = fmt.Sprintf("%s: %s", column.Title, cell.State)
		}
		if reason := pair.Because[column.Key]; reason != "" {
			problem += ". " + strings.TrimSuffix(strings.ReplaceAll(reason, "`", ""), ".")
		}
		problems = append(problems, problem)
	}
	return problems
}
