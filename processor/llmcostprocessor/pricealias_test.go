// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package llmcostprocessor

import (
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-arc/otelcol-arc/internal/falseclock"
	"github.com/otelcol-arc/otelcol-arc/processor/llmcostprocessor/internal/price"
)

// An alias of a file may mean a model that only a fetched list has: it waits for the list,
// and is reported with file, line and key when no list brings the model.
func TestAliasOfFetchedModel(t *testing.T) {
	file := filepath.Join(t.TempDir(), "aliases.yaml")
	require.NoError(t, os.WriteFile(file, []byte("aliases:\n  - {name: gpt-4o-mini, provider: openai, model: in-house}\n"), 0o600))
	withFile := func(c *Config) { c.Prices.Files = []string{file} }
	server := newListServer(t)
	serve := func(version, model string) {
		server.set(respond(200, "version: "+version+"\nmodels:\n  - {name: "+model+", provider: openai, prices: [{input: \"7\", output: \"0\"}]}\n"))
	}
	serve("2026-11-20", "in-house")

	both := func(c *Config) { withFile(c); withSources(server.URL)(c) }
	require.ErrorContains(t, testConfig(withFile).Validate(), `aliases.yaml:2: aliases[0].model: no price is known of "in-house"`, "nothing is fetched that could have it")
	require.NoError(t, testConfig(both).Validate())

	falseclock.Test(t, func(t *testing.T) {
		wakeUp()
		r := newRig(t, testConfig(both))
		synctest.Wait()
		costOf := func(model string) any {
			traces := callSpan()
			firstSpan(traces).Attributes().PutStr("gen_ai.request.model", model)
			firstSpan(traces).Attributes().PutStr("gen_ai.response.model", model)
			return written(firstSpan(r.price(traces)).Attributes())[attrCost]
		}
		assert.InDelta(t, 0.007, costOf("gpt-4o-mini"), 1e-12)
		assert.Empty(t, r.host.reported())

		serve("2026-11-21", "renamed")
		time.Sleep(24 * time.Hour)
		synctest.Wait()
		assert.InDelta(t, 0.007, costOf("renamed"), 1e-12, "the list counts without the alias")
		require.Len(t, r.host.reported(), 1)
		assert.ErrorContains(t, r.host.reported()[0].Err(), `aliases.yaml:2: aliases[0].model: no price is known of "in-house"`)
	})
}

// The age of the prices is that of the list that calls were priced by.
func TestAgeOfPricesInUse(t *testing.T) {
	server := newListServer(t)
	server.set(list("1"))
	falseclock.Test(t, func(t *testing.T) {
		wakeUp()
		r := newRig(t, testConfig(withSources(server.URL)))
		synctest.Wait()
		age := func() (time.Duration, bool) { return r.core().priceAge(time.Now()) }
		_, known := age()
		assert.False(t, known, "nothing was priced")
		cost(r)
		time.Sleep(time.Hour)
		got, known := age()
		assert.True(t, known)
		assert.Equal(t, time.Hour, got, "since the list was fetched")

		traces := callSpan()
		firstSpan(traces).Attributes().PutStr("gen_ai.request.model", "gpt-4.1")
		firstSpan(traces).Attributes().PutStr("gen_ai.response.model", "gpt-4.1")
		r.price(traces)
		time.Sleep(10 * 24 * time.Hour) // the false clock starts before the day of the built-in list
		synctest.Wait()
		r.price(traces)
		got, _ = age()
		assert.Equal(t, time.Since(r.core().prices.Load().Date()), got, "the built-in list has a model that was called")
	})
	table, err := price.Embedded()
	require.NoError(t, err)
	r := newRig(t, testConfig(nil))
	got, known := r.core().priceAge(table.Date().Add(time.Hour))
	assert.True(t, known)
	assert.Equal(t, time.Hour, got, "without sources the built-in list is the only one")
}
