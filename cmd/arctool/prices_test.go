// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const ownPrices = `models:
  - name: our-model
    provider: acme
    aliases: [house]
    prices:
      - {input: "2.00", output: "8", cache_read: 0.2, source: the contract}
      - valid_from: 2026-03-01
        input: "1.00"
        output: "4"
        batch: {input: "0.50", output: "2"}
        long_context: {above: 200000, input: "3", output: "12"}
        fees: {request: "0.0025"}
        source: the new contract
free_providers: [vllm]
`

func TestPricesLookup(t *testing.T) {
	file := filepath.Join(t.TempDir(), "prices.yaml")
	require.NoError(t, os.WriteFile(file, []byte(ownPrices), 0o600))

	out, _, err := run(t, "prices", "lookup", "--file", file, "--at", "2026-02-28", "--provider", "acme", "house-2025-01-01")
	require.NoError(t, err)
	assert.Equal(t, `house-2025-01-01: our-model of acme
  input: 2
  cache_read: 0.2
  output: 8
  source: the new contract
`, out)

	out, _, err = run(t, "prices", "lookup", "--file", file, "--at", "2026-03-01", "our-model")
	require.NoError(t, err)
	assert.Equal(t, `our-model: our-model of acme
  valid_from: 2026-03-01
  input: 1
  output: 4
  long_context above 200000.input: 3
  long_context above 200000.output: 12
  batch.input: 0.5
  batch.output: 2
  batch.long_context above 200000.input: 1.5
  batch.long_context above 200000.output: 6
  fees.request: 0.0025
  source: the new contract
`, out)

	out, _, err = run(t, "prices", "lookup", "--file", file, "--provider", "vllm", "anything")
	require.NoError(t, err)
	assert.Contains(t, out, "anything: as any model of local\n  input: 0\n")

	out, _, err = run(t, "prices", "lookup", "gpt-4o", "nobody-has-this")
	require.EqualError(t, err, "1 of 2 models without a price")
	assert.Contains(t, out, "gpt-4o: gpt-4o of openai\n")
	assert.Contains(t, out, "nobody-has-this: no entry of version 20")

	_, _, err = run(t, "prices", "lookup", "--at", "soon", "gpt-4o")
	require.EqualError(t, err, `--at: "soon" is not a date such as 2024-10-02`)
}

func TestPricesCheck(t *testing.T) {
	good, bad := filepath.Join(t.TempDir(), "good.yaml"), filepath.Join(t.TempDir(), "bad.yaml")
	require.NoError(t, os.WriteFile(good, []byte(ownPrices), 0o600))
	require.NoError(t, os.WriteFile(bad, []byte("models:\n  - {name: m, prices: [{input: x, output: 1}]}\n  - {nme: n}\n"), 0o600))

	out, _, err := run(t, "prices", "check", good)
	require.NoError(t, err)
	assert.Contains(t, out, good+": in order; with the built-in table ")

	_, errors, err := run(t, "prices", "check", good, bad)
	require.EqualError(t, err, "the files cannot be used")
	assert.Contains(t, errors, bad+`:2: models[0] (m).prices[0].input: "x" is not a decimal`)
	assert.Contains(t, errors, bad+":3: models[1].nme: is unknown")
}
