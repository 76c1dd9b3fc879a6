// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"archive/tar"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-arc/otelcol-arc/internal/testkit/collector"
	"github.com/otelcol-arc/otelcol-arc/internal/testkit/double"
)

// State that versions before left on disk when they were killed is read: the
// ledger with its journal, silences, and alerts that were not delivered.
// testdata/state/README.md has what is in it.
func TestStateOfTheVersionBefore(t *testing.T) {
	archives, err := filepath.Glob(filepath.Join("testdata", "state", "*.tar.gz"))
	require.NoError(t, err)
	require.NotEmpty(t, archives)
	for _, archive := range archives {
		t.Run(filepath.Base(archive), func(t *testing.T) {
			state := t.TempDir()
			extract(t, archive, state)
			pagerduty := double.NewPagerDuty(t, routingKey)
			p, set := quick(t)
			process := collector.Start(t, collector.Options{
				Configs: []string{"config/default.yaml", "config/policies/state.yaml"},
				Set: append(set,
					"exporters::prometheus::endpoint="+p.page,
					"exporters::pagerduty::endpoint="+pagerduty.URL,
					"processors::alert::rule_files=[test/e2e/testdata/rules.yml]",
				),
				Env: []string{"OTELCOL_ARC_STATE=" + state, "PAGERDUTY_API_KEY=" + routingKey},
			})
			require.EventuallyWithT(t, func(c *assert.CollectT) {
				found := scrape(c, "http://"+p.page+"/metrics")
				assert.Equal(c, 4.0, found.sum("arc_llm_calls_total"))
				// Three calls of gpt-4o, and one of gpt-4-turbo from the journal.
				assert.InDelta(c, 3*0.0075+0.025, found.sum("arc_llm_cost_dollars"), 1e-12)
				assert.Contains(c, fmt.Sprint(pagerduty.Bodies()), "CacheTooLarge", "the alert that waited")
			}, 30*time.Second, 200*time.Millisecond)
			response, err := http.Get("http://" + p.dashboard + "/alerts")
			require.NoError(t, err)
			defer response.Body.Close()
			page, err := io.ReadAll(response.Body)
			require.NoError(t, err)
			assert.Contains(t, string(page), "Marker", "the silence")
			assert.Contains(t, string(page), "kept", "its comment")
			process.Terminate(t, 20*time.Second)
		})
	}
}

func extract(t *testing.T, archive, to string) {
	t.Helper()
	file, err := os.Open(archive)
	require.NoError(t, err)
	defer func() { assert.NoError(t, file.Close()) }()
	unzipped, err := gzip.NewReader(file)
	require.NoError(t, err)
	for reader := tar.NewReader(unzipped); ; {
		header, err := reader.Next()
		if errors.Is(err, io.EOF) {
			return
		}
		require.NoError(t, err)
		require.True(t, filepath.IsLocal(header.Name), header.Name)
		path := filepath.Join(to, header.Name)
		if header.Typeflag == tar.TypeDir {
			require.NoError(t, os.MkdirAll(path, 0o750))
			continue
		}
		content, err := io.ReadAll(reader)
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(path, content, 0o600))
	}
}
