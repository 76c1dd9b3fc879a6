// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package packaging

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"sigs.k8s.io/yaml"
)

// validate has the collector check a configuration.
func validate(t *testing.T, variables []string, args ...string) {
	t.Helper()
	runCollector(t, variables, append([]string{"validate"}, args...)...)
}

// limiter is memory_limiter's configuration, as the collector merges it.
func limiter(t *testing.T, variables []string, args ...string) any {
	t.Helper()
	var config struct {
		Processors map[string]any `json:"processors"`
	}
	require.NoError(t, yaml.Unmarshal(runCollector(t, variables, append([]string{"print-config"}, args...)...), &config))
	return config.Processors["memory_limiter"]
}

// runCollector runs the collector in the repository, and returns what it prints.
func runCollector(t *testing.T, variables []string, args ...string) []byte {
	t.Helper()
	program, err := filepath.Abs("../bin/otelcol-arc")
	require.NoError(t, err)
	require.FileExists(t, program, "make build comes first")
	cmd := exec.CommandContext(t.Context(), program, args...)
	cmd.Dir = ".."
	cmd.Env = append(os.Environ(), append(variables, "OTELCOL_ARC_STATE="+t.TempDir())...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	output, err := cmd.Output()
	require.NoError(t, err, "%s %s%s", strings.Join(args, " "), output, stderr.Bytes())
	return output
}

func read(t *testing.T, path string) string {
	t.Helper()
	content, err := os.ReadFile(path)
	require.NoError(t, err)
	return string(content)
}

func get(url string) (int, string) {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, http.NoBody)
	if err != nil {
		return 0, ""
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return 0, ""
	}
	defer response.Body.Close()
	body, _ := io.ReadAll(response.Body)
	return response.StatusCode, string(body)
}

// postCall sends a call to an address, and returns the status of the response.
func postCall(t assert.TestingT, address string, n int) int {
	now := time.Now().UnixNano()
	body := fmt.Sprintf(`{"resourceSpans":[{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"shop"}}]},"scopeSpans":[{"spans":[{
		"traceId":"%032x","spanId":"%016x","name":"chat gpt-4o","kind":3,"startTimeUnixNano":"%d","endTimeUnixNano":"%d","attributes":[
		{"key":"gen_ai.operation.name","value":{"stringValue":"chat"}},{"key":"gen_ai.provider.name","value":{"stringValue":"openai"}},
		{"key":"gen_ai.request.model","value":{"stringValue":"gpt-4o"}},{"key":"gen_ai.usage.input_tokens","value":{"intValue":"1000"}},
		{"key":"gen_ai.usage.output_tokens","value":{"intValue":"100"}}]}]}]}]}`, n, n, now-1_000_000_000, now)
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+address+"/v1/traces", strings.NewReader(body))
	if !assert.NoError(t, err) {
		return 0
	}
	request.Header.Set("Content-Type", "application/json")
	response, err := http.DefaultClient.Do(request)
	if !assert.NoError(t, err) {
		return 0
	}
	defer response.Body.Close()
	return response.StatusCode
}
