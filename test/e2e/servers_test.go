//go:build e2e

// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-arc/otelcol-arc/internal/testkit/collector"
)

// built is a path below build/, where test/e2e/install puts what it installs.
func built(parts ...string) string {
	return filepath.Join(append([]string{collector.Root(), "build"}, parts...)...)
}

// python is a command that runs a script of testdata with the real SDKs. The
// Jaeger exporter works with old ones alone.
func python(t *testing.T, script string, arguments ...string) *exec.Cmd {
	t.Helper()
	environment := "python"
	if script == "guide_tracing.py" {
		environment = "python-jaeger"
	}
	return exec.CommandContext(t.Context(), built(environment, "bin", "python"), append([]string{filepath.Join("testdata", script)}, arguments...)...)
}

func runPython(t *testing.T, script string, arguments ...string) {
	t.Helper()
	output, err := python(t, script, arguments...).CombinedOutput()
	require.NoError(t, err, "%s", output)
}

// startServer runs a server until the test ends, and returns when a TCP address answers.
func startServer(t *testing.T, address, name string, arguments ...string) {
	t.Helper()
	log, err := os.Create(filepath.Join(t.TempDir(), "log"))
	require.NoError(t, err)
	cmd := exec.CommandContext(t.Context(), name, arguments...)
	cmd.Stdout, cmd.Stderr = log, log
	require.NoError(t, cmd.Start())
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		assert.NoError(t, log.Close())
		if t.Failed() {
			output, err := os.ReadFile(log.Name())
			assert.NoError(t, err)
			t.Logf("output of %s:\n%s", filepath.Base(name), output[max(0, len(output)-4000):])
		}
	})
	require.Eventually(t, func() bool {
		connection, err := net.DialTimeout("tcp", address, time.Second)
		if err != nil {
			return false
		}
		return connection.Close() == nil
	}, 90*time.Second, 100*time.Millisecond, "%s does not listen on %s", name, address)
}

func port(t *testing.T, address string) string {
	t.Helper()
	_, port, err := net.SplitHostPort(address)
	require.NoError(t, err)
	return port
}

// realJaeger is a real Jaeger.
type realJaeger struct{ otlp, query string }

func startJaeger(t *testing.T) realJaeger {
	t.Helper()
	j := realJaeger{otlp: collector.FreeAddress(t), query: collector.FreeAddress(t)}
	startServer(t, j.query, built("jaeger"),
		"--collector.otlp.grpc.host-port="+j.otlp,
		"--query.http-server.host-port="+j.query,
		"--collector.otlp.http.host-port="+collector.FreeAddress(t),
		"--collector.grpc-server.host-port="+collector.FreeAddress(t),
		"--collector.http-server.host-port="+collector.FreeAddress(t),
		"--query.grpc-server.host-port="+collector.FreeAddress(t),
		"--admin.http.host-port="+collector.FreeAddress(t),
	)
	return j
}

// jaegerTrace is a trace as Jaeger's query API shows it.
type jaegerTrace struct {
	Spans []struct {
		OperationName, ProcessID string
		Tags                     []struct {
			Key   string
			Value any
		}
	}
	Processes map[string]struct{ ServiceName string }
}

// tag is that of the first span of the name.
func (tr jaegerTrace) tag(span, key string) any {
	for _, s := range tr.Spans {
		for _, tag := range s.Tags {
			if s.OperationName == span && tag.Key == key {
				return tag.Value
			}
		}
	}
	return nil
}

// services are those that the spans of the trace are of.
func (tr jaegerTrace) services() map[string]int {
	spans := map[string]int{}
	for _, span := range tr.Spans {
		spans[tr.Processes[span.ProcessID].ServiceName]++
	}
	return spans
}

func (j realJaeger) traces(t require.TestingT, service string) []jaegerTrace {
	var result struct{ Data []jaegerTrace }
	getJSON(t, "http://"+j.query+"/api/traces?limit=100&service="+service, &result)
	return result.Data
}

// startOpenSearch returns the URL of a real OpenSearch node.
func startOpenSearch(t *testing.T) string {
	t.Helper()
	address := collector.FreeAddress(t)
	startServer(t, address, "java", "-Xmx512m", "-cp", built("opensearch", "*"),
		filepath.Join(collector.Root(), "test", "e2e", "servers", "opensearch", "Node.java"),
		filepath.Join(t.TempDir(), "node"), port(t, address), port(t, collector.FreeAddress(t)))
	return "http://" + address
}

// startKafka returns the address of a real Kafka broker.
func startKafka(t *testing.T) string {
	t.Helper()
	broker, controller, dir := collector.FreeAddress(t), collector.FreeAddress(t), t.TempDir()
	properties := filepath.Join(dir, "server.properties")
	require.NoError(t, os.WriteFile(properties, fmt.Appendf(nil, `
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@%[2]s
listeners=PLAINTEXT://%[1]s,CONTROLLER://%[2]s
advertised.listeners=PLAINTEXT://%[1]s
controller.listener.names=CONTROLLER
log.dirs=%[3]s/data
num.partitions=1
offsets.topic.replication.factor=1
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
group.initial.rebalance.delay.ms=0
`, broker, controller, dir), 0o600))
	classes := built("kafka", "*")
	output, err := exec.CommandContext(t.Context(), "java", "-cp", classes, "kafka.tools.StorageTool", "format",
		"-t", "b3RlbGNvbC1hcmMtZTJlZQ", "-c", properties).CombinedOutput()
	require.NoError(t, err, "%s", output)
	startServer(t, broker, "java", "-Xmx512m", "-cp", classes, "kafka.Kafka", properties)
	return broker
}

// send makes a request with a JSON body, which may be empty, and reads the response.
func send(t require.TestingT, method, url, body string) string {
	request, err := http.NewRequest(method, url, strings.NewReader(body))
	require.NoError(t, err)
	request.Header.Set("Content-Type", "application/json")
	client := http.Client{Timeout: 30 * time.Second}
	defer client.CloseIdleConnections()
	response, err := client.Do(request)
	require.NoError(t, err)
	defer response.Body.Close()
	content, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	require.Less(t, response.StatusCode, 300, "%s %s: %s", method, url, content)
	return string(content)
}

func getJSON(t require.TestingT, url string, into any) {
	require.NoError(t, json.Unmarshal([]byte(send(t, http.MethodGet, url, "")), into))
}
