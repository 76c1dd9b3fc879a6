// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const explained = `{"resourceSpans":[{"scopeSpans":[{"spans":[{"name":"chat","attributes":[
{"key":"gen_ai.operation.name","value":{"stringValue":"chat"}},{"key":"gen_ai.provider.name","value":{"stringValue":"openai"}},
{"key":"gen_ai.request.model","value":{"stringValue":"gpt-4o"}},{"key":"gen_ai.usage.input_tokens","value":{"intValue":"1000"}}]}]}]}]}`

func TestExplain(t *testing.T) {
	file := filepath.Join(t.TempDir(), "telemetry.json")
	require.NoError(t, os.WriteFile(file, []byte(explained), 0o600))
	for _, name := range []string{file, "-"} {
		var out bytes.Buffer
		command := newCommand()
		command.SetArgs([]string{"explain", name})
		command.SetIn(strings.NewReader(explained))
		command.SetOut(&out)
		require.NoError(t, command.Execute())
		assert.Contains(t, out.String(), "cost:         $0.0025", "1000 × 2.50 per million")
		assert.Contains(t, out.String(), "1 record, 1 report of calls, 1 call")
	}
}

func TestExplainWhatIsNotTelemetry(t *testing.T) {
	for _, args := range [][]string{{"explain", "/no/such/file"}, {"explain", "-"}, {"explain", "--file", "/no/such/prices.yaml", "-"}} {
		command := newCommand()
		command.SetArgs(args)
		command.SetIn(strings.NewReader(`{"a": 1}`))
		command.SetOut(&bytes.Buffer{})
		command.SetErr(&bytes.Buffer{})
		assert.Error(t, command.Execute(), args)
	}
}
