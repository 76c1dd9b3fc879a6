//go:build e2e

// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"encoding/xml"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-arc/otelcol-arc/internal/testkit/collector"
)

// beyondUs are the rules of the FinOps Foundation's validator 1.0.0 that no dataset of
// FOCUS 1.0 or later can keep, and why. Its newest rules are those of FOCUS 1.0, whose columns
// version 1.2 still has; those that 1.2 added are checked in extension/dashboardextension/internal/focus.
var beyondUs = map[string]string{
	"InvoiceIssuer_Required":         "the column is InvoiceIssuerName in the specification",
	"Provider_Required":              "the column is ProviderName in the specification",
	"Publisher_Required":             "the column is PublisherName in the specification",
	"ResourceID_Required":            "the column is ResourceId in the specification",
	"SkuPriceId_Nullable":            "it reads ChargeType, a column that FOCUS 1.0 does not have",
	"BillingCurrency_IsCurrencyCode": "it reads a list of currencies from its source tree or the network",
}

// The Foundation's validator accepts an export, and pyarrow reads the Parquet file with the
// same sum.
func TestRealFOCUSValidator(t *testing.T) {
	python := filepath.Join(collector.Root(), "build", "python-focus", "bin")
	p, options := adding(t, nil)
	collector.Start(t, options)
	postEvents(t, "http://"+p.arc, security{}, lines(
		llmEvent(call{model: "gpt-4o", input: 1000, output: 500}, 1), llmEvent(call{model: "claude-sonnet-4-5", input: 2000, output: 10}, 1), llmEvent(call{model: "not-priced", input: 1, output: 1}, 1)))
	dir := t.TempDir()
	today := time.Now().UTC().Format(time.DateOnly)
	files := map[string]string{}
	for _, format := range []string{"csv", "parquet"} {
		var body string
		require.EventuallyWithT(t, func(c *assert.CollectT) {
			var status int
			status, body = fetch(c, "http://"+p.dashboard+"/api/usage/focus?from="+today+"&step=hour&format="+format)
			require.Equal(c, http.StatusOK, status, body)
			require.Contains(c, body, "not-priced")
		}, time.Minute, 200*time.Millisecond)
		files[format] = filepath.Join(dir, "focus."+format)
		require.NoError(t, os.WriteFile(files[format], []byte(body), 0o600))
	}

	report := filepath.Join(dir, "report.xml")
	validate := exec.CommandContext(t.Context(), filepath.Join(python, "focus-validator"), "--data-file", files["csv"],
		"--validate-version", "1.0", "--output-type", "unittest", "--output-destination", report)
	output, err := validate.CombinedOutput()
	require.NoError(t, err, "%s", output)
	content, err := os.ReadFile(report)
	require.NoError(t, err)
	var found struct {
		Suites []struct {
			Cases []struct {
				Failures []struct {
					Name    string `xml:"name,attr"`
					Message string `xml:"message,attr"`
				} `xml:"failure"`
			} `xml:"testcase"`
		} `xml:"testsuite"`
	}
	require.NoError(t, xml.Unmarshal(content, &found))
	require.Greater(t, len(found.Suites), 100)
	for _, suite := range found.Suites {
		for _, each := range suite.Cases {
			for _, failure := range each.Failures {
				assert.Contains(t, beyondUs, failure.Name, failure.Message)
			}
		}
	}

	compare := exec.CommandContext(t.Context(), filepath.Join(python, "python"), "-c", `
import csv, sys, pyarrow.parquet
rows = list(csv.DictReader(open(sys.argv[1], newline="", encoding="utf-8")))
table = pyarrow.parquet.read_table(sys.argv[2])
assert table.num_rows == len(rows) > 4, (table.num_rows, len(rows))
assert table.column_names == list(rows[0])
for name in ("BilledCost", "ListCost", "ConsumedQuantity"):
    assert [float(row[name]) for row in rows] == table.column(name).to_pylist(), name
for name in ("SkuId", "Tags", "ChargeClass"):
    assert [row[name] or None for row in rows] == table.column(name).to_pylist(), name
starts = [t.strftime("%Y-%m-%dT%H:%M:%SZ") for t in table.column("ChargePeriodStart").to_pylist()]
assert starts == [row["ChargePeriodStart"] for row in rows]
`, files["csv"], files["parquet"])
	output, err = compare.CombinedOutput()
	require.NoError(t, err, "%s", output)
}
