// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/extension/extensiontest"
	"go.opentelemetry.io/collector/extension/xextension/storage"

	"github.com/otelcol-arc/otelcol-arc/extension/walstorageextension"
	"github.com/otelcol-arc/otelcol-arc/internal/testkit/collector"
	"github.com/otelcol-arc/otelcol-arc/internal/testkit/double"
)

// forgetSince has the ledger in a storage count since its first hour, as one of a version that did
// not note when counting began.
func forgetSince(t *testing.T, directory string) {
	t.Helper()
	factory := walstorageextension.NewFactory()
	cfg := factory.CreateDefaultConfig().(*walstorageextension.Config)
	cfg.Directory = directory
	extension, err := factory.Create(t.Context(), extensiontest.NewNopSettings(factory.Type()), cfg)
	require.NoError(t, err)
	require.NoError(t, extension.Start(t.Context(), componenttest.NewNopHost()))
	client, err := extension.(storage.Extension).GetClient(t.Context(), component.KindProcessor, component.MustNewID("llm_cost"), "")
	require.NoError(t, err)
	since, err := client.Get(t.Context(), "counting_since")
	require.NoError(t, err)
	require.NotNil(t, since)
	require.NoError(t, client.Delete(t.Context(), "counting_since"))
	require.NoError(t, client.Close(t.Context()))
	require.NoError(t, extension.Shutdown(t.Context()))
}

// A provider billed twice of what was counted the day before yesterday: the shipped rule notifies
// Slack, but only when that whole day was counted.
func TestBillThatDiffersIsNotified(t *testing.T) {
	t.Parallel()
	api := double.NewBillingAPI(t)
	slack := double.NewSlack(t)
	state := t.TempDir()
	day := time.Now().UTC().Truncate(24*time.Hour).AddDate(0, 0, -2)
	api.Set(double.Billed{Provider: "openai", Project: "proj_1", Model: "gpt-4o-2024-08-06", Day: day, Dollars: 0.005, Input: 1000, Requests: 1})
	start := func() (ports, *collector.Process) {
		p, options := adding(t, []string{"policies/state.yaml", "sources/llm-billing.yaml"}, "OTELCOL_ARC_STATE="+state, "LLM_BILLING_STORAGE=wal_storage",
			"OPENAI_ADMIN_KEY="+api.Key, "OPENAI_ADMIN_URL="+api.URL, "SLACK_WEBHOOK_URL="+slack.URL)
		options.Set = append(options.Set, "receivers::llm_billing::collection_interval=500ms", "receivers::llm_billing::initial_delay=100ms",
			"processors::alert::rule_files=[config/rules/arc.yml]")
		return p, collector.Start(t, options)
	}
	send := func(p ports, at time.Time) {
		t.Helper()
		event := strings.Replace(llmEvent(call{model: "gpt-4o", input: 1000, output: 0}, 1), `"model"`, `"provider":"openai","model"`, 1) // $0.0025
		event = strings.Replace(event, time.Now().UTC().Format("2006-01-02T"), at.Format("2006-01-02T"), 1)
		require.Equal(t, 1, postEvents(t, "http://"+p.arc, security{}, lines(event)).Accepted)
	}
	p, process := start()
	send(p, day.AddDate(0, 0, -2))
	send(p, day)
	require.EventuallyWithT(t, func(c *assert.CollectT) {
		assert.InDelta(c, 0.005, scrape(c, "http://"+p.page+"/metrics").sum("arc_llm_billed_cost_dollars"), 1e-9)
	}, 60*time.Second, 100*time.Millisecond)
	process.Terminate(t, 20*time.Second)
	assert.Empty(t, slack.Bodies(), "the day before yesterday was not counted")
	forgetSince(t, filepath.Join(state, "storage"))

	_, process = start()
	require.Eventually(t, func() bool { return strings.Contains(fmt.Sprint(slack.Bodies()), "LLMBillDiffers") }, 60*time.Second, 100*time.Millisecond)
	assert.Contains(t, fmt.Sprint(slack.Bodies()), "openai billed 50% more")
	process.Terminate(t, 20*time.Second)
}
