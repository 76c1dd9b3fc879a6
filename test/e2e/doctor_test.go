// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-arc/otelcol-arc/internal/testkit/collector"
)

// The doctor distinguishes a collector that nothing reaches from one that is used.
func TestDoctor(t *testing.T) {
	p, set := quick(t)
	process := collector.Start(t, collector.Options{
		Configs: []string{"config/default.yaml"}, Set: append(set, "exporters::prometheus::endpoint="+p.page),
	})
	arctool := filepath.Join(t.TempDir(), "arctool")
	output, err := exec.CommandContext(t.Context(), "go", "build", "-o", arctool, "../../cmd/arctool").CombinedOutput()
	require.NoError(t, err, "%s", output)
	ask := func() (string, error) {
		cmd := exec.CommandContext(t.Context(), arctool, "doctor", "--dashboard=http://"+p.dashboard, "--otlp-grpc="+p.grpc, "--otlp-http=http://"+p.http, "--arc=http://"+p.arc)
		cmd.Env = []string{"OTEL_EXPORTER_OTLP_ENDPOINT=http://" + p.http, "OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf"}
		output, err := cmd.CombinedOutput()
		return string(output), err
	}
	report, err := ask()
	require.Error(t, err)
	assert.Contains(t, report, "PROBLEM  last 15 minutes: 0 spans")
	assert.Contains(t, report, "Error: 1 problem\n")
	sendSpans(t, grpcExporter(t, p.grpc, security{}), mainJobCalls...)
	require.EventuallyWithT(t, func(c *assert.CollectT) {
		report, err = ask()
		assert.NoError(c, err, report)
		assert.Regexp(c, `ok       with a price: [1-9]\d* records? \(several can report one call\)\n`, report)
	}, 60*time.Second, 200*time.Millisecond)
	process.Terminate(t, 20*time.Second)
}
