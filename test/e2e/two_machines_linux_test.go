// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/otelcol-arc/otelcol-arc/internal/testkit/collector"
	"github.com/otelcol-arc/otelcol-arc/internal/testkit/double"
)

// machine is a network namespace: a network of its own, with the ports that the shipped
// files have.
type machine struct {
	name, address string
	namespace     string
}

var networks atomic.Int32

func command(t *testing.T, arguments ...string) {
	t.Helper()
	output, err := exec.CommandContext(context.WithoutCancel(t.Context()), arguments[0], arguments[1:]...).CombinedOutput()
	require.NoError(t, err, "%v: %s", arguments, output)
}

// newMachines makes machines in one network, who know each other by their names. The test
// can reach them too, under their addresses.
func newMachines(t *testing.T, names ...string) map[string]*machine {
	t.Helper()
	id := (os.Getpid() + int(networks.Add(1))*1000) % 10000 // namespaces are gone some time after they are removed
	bridge := fmt.Sprintf("arc%d", id)
	if output, err := exec.CommandContext(t.Context(), "ip", "link", "add", bridge, "type", "bridge").CombinedOutput(); err != nil {
		t.Skipf("no network namespaces here: %v %s", err, output)
	}
	t.Cleanup(func() { command(t, "ip", "link", "del", bridge) })
	network := fmt.Sprintf("10.%d.%d", 200+id%50, id%250)
	command(t, "ip", "address", "add", network+".1/24", "dev", bridge)
	command(t, "ip", "link", "set", bridge, "up")
	machines := map[string]*machine{}
	var hosts strings.Builder
	hosts.WriteString("127.0.0.1 localhost\n")
	for i, name := range names {
		m := &machine{name: name, address: fmt.Sprintf("%s.%d", network, i+2), namespace: fmt.Sprintf("arc%d-%d", id, i)}
		fmt.Fprintf(&hosts, "%s %s\n", m.address, name)
		command(t, "ip", "netns", "add", m.namespace)
		t.Cleanup(func() { command(t, "ip", "netns", "del", m.namespace) })
		outside, inside := fmt.Sprintf("arc%d-%d", id, i), fmt.Sprintf("eth%d", i)
		command(t, "ip", "link", "add", outside, "type", "veth", "peer", "name", inside, "netns", m.namespace)
		command(t, "ip", "link", "set", outside, "master", bridge, "up")
		command(t, "ip", "-n", m.namespace, "address", "add", m.address+"/24", "dev", inside)
		command(t, "ip", "-n", m.namespace, "link", "set", inside, "up")
		command(t, "ip", "-n", m.namespace, "link", "set", "lo", "up")
		machines[name] = m
	}
	for _, m := range machines {
		// What `ip netns exec` has in place of /etc/hosts.
		dir := filepath.Join("/etc/netns", m.namespace)
		require.NoError(t, os.MkdirAll(dir, 0o755))
		t.Cleanup(func() { require.NoError(t, os.RemoveAll(dir)) })
		require.NoError(t, os.WriteFile(filepath.Join(dir, "hosts"), []byte(hosts.String()), 0o644))
	}
	return machines
}

// program is a command of a document that runs on a machine.
type program struct {
	cmd    *exec.Cmd
	output collector.Output
}

// run starts a command, which the shell reads as a user has written it.
func (m *machine) run(t *testing.T, line string, env ...string) *program {
	t.Helper()
	p := &program{}
	// The last word of the assignments is the program, which the shell becomes.
	script := strings.Replace(line, "otelcol-arc --config", "exec otelcol-arc --config", 1)
	assignments, rest, found := strings.Cut(script, "exec ")
	require.True(t, found, line)
	script = "export " + assignments + "; exec " + rest
	p.cmd = exec.CommandContext(context.WithoutCancel(t.Context()), "ip", "netns", "exec", m.namespace, "sh", "-c", script)
	p.cmd.Dir = collector.Root()
	p.cmd.Env = append([]string{"PATH=" + filepath.Join(collector.Root(), "bin") + ":" + os.Getenv("PATH"), "HOME=" + t.TempDir(), "OTELCOL_ARC_STATE=" + t.TempDir()}, env...)
	p.cmd.Stdout, p.cmd.Stderr = &p.output, &p.output
	require.NoError(t, p.cmd.Start())
	t.Cleanup(func() {
		_ = p.cmd.Process.Signal(syscall.SIGTERM)
		_ = p.cmd.Wait()
		if t.Failed() {
			t.Logf("%s: %s\n%s", m.name, line, p.output.String())
		}
	})
	return p
}

// dial connects within the machine.
func (m *machine) dial(ctx context.Context, network, address string) (connection net.Conn, err error) {
	done := make(chan struct{})
	go func() { // whose thread ends with it
		defer close(done)
		runtime.LockOSThread()
		var namespace *os.File
		if namespace, err = os.Open("/run/netns/" + m.namespace); err != nil {
			return
		}
		defer func() { _ = namespace.Close() }()
		if err = unix.Setns(int(namespace.Fd()), unix.CLONE_NEWNET); err != nil {
			return
		}
		connection, err = (&net.Dialer{Timeout: 5 * time.Second}).DialContext(ctx, network, address)
	}()
	<-done
	return connection, err
}

// documented returns the commands of docs/scaling.md that contain all texts.
func documented(t *testing.T, texts ...string) string {
	t.Helper()
	page, err := os.ReadFile(filepath.Join(collector.Root(), "docs", "scaling.md"))
	require.NoError(t, err)
	for _, block := range regexp.MustCompile("(?s)```sh\n(.*?)```").FindAllSubmatch(page, -1) {
		line := strings.TrimSpace(string(block[1]))
		matches := true
		for _, text := range texts {
			matches = matches && strings.Contains(line, text)
		}
		if matches {
			return line
		}
	}
	require.Fail(t, "not in docs/scaling.md", "%v", texts)
	return ""
}

// The commands of docs/scaling.md, as they are there, on machines of their own: agents
// reach gateways by their names, with TLS and token or without.
func TestTwoMachines(t *testing.T) {
	scaleOnly(t)
	names := []string{"agent", "gateway-0", "gateway-1", "gateway-2"}
	for _, secure := range []bool{false, true} {
		t.Run(fmt.Sprintf("secure=%t", secure), func(t *testing.T) {
			machines := newMachines(t, names...)
			agent := documented(t, "agent.yaml", "OTELCOL_ARC_INSECURE")
			gateway := documented(t, "config/default.yaml", "gateway.yaml")
			var env []string
			if secure {
				certificate := double.NewCertificate(t, names...)
				agent = strings.ReplaceAll(documented(t, "agent.yaml", "OTELCOL_ARC_CA"), "/etc/otelcol-arc/ca.pem", certificate.CertFile)
				gateway = documented(t, "config/production.yaml", "gateway.yaml")
				env = []string{
					"OTELCOL_ARC_TLS_CERT=" + certificate.CertFile, "OTELCOL_ARC_TLS_KEY=" + certificate.KeyFile, "OTELCOL_ARC_CA=" + certificate.CertFile,
					"OTELCOL_ARC_TOKEN=another token", "OTELCOL_ARC_PAGE_USERS=" + pageUsers(t),
					// Backends that are not there: what is sent to them waits.
					"JAEGER_ENDPOINT=localhost:1", "ELASTICSEARCH_URL=https://localhost:1", "ELASTICSEARCH_USER=u", "ELASTICSEARCH_PASSWORD=p",
					"PROMETHEUS_URL=https://localhost:1", "PROMETHEUS_USER=u", "PROMETHEUS_PASSWORD=p",
				}
			}
			states := map[string]string{}
			start := func(name string) *program {
				if states[name] == "" {
					states[name] = t.TempDir()
				}
				return machines[name].run(t, strings.ReplaceAll(gateway, "gateway-0", name), append(env, "OTELCOL_ARC_STATE="+states[name])...)
			}
			running := map[string]*program{}
			for _, name := range names[1:] {
				running[name] = start(name)
			}
			sender := machines["agent"].run(t, agent)
			client := &http.Client{Transport: &http.Transport{DialContext: machines["agent"].dial}}
			defer client.CloseIdleConnections()
			post := func(body []byte) bool {
				request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://127.0.0.1:4318/v1/traces", bytes.NewReader(body))
				if err != nil {
					return false
				}
				request.Header.Set("Content-Type", "application/x-protobuf")
				response, err := client.Do(request)
				if err != nil {
					return false
				}
				_ = response.Body.Close()
				return response.StatusCode == http.StatusOK
			}
			const batches, calls = 60, 5
			for i := range batches {
				require.Eventually(t, func() bool { return post(callBatch(t, uint32(i), calls)) }, 60*time.Second, 50*time.Millisecond)
			}
			if secure {
				// The token is wrong: the agent reports it, and loses nothing until it is right.
				require.Eventually(t, func() bool {
					return strings.Contains(sender.output.String(), "The gateway refuses what this collector sends")
				}, 60*time.Second, 50*time.Millisecond)
				for _, name := range names[1:] {
					require.NoError(t, running[name].cmd.Process.Signal(syscall.SIGTERM))
					_ = running[name].cmd.Wait()
					env[3] = "OTELCOL_ARC_TOKEN=a-token-that-senders-know"
					running[name] = start(name)
				}
			}
			require.EventuallyWithT(t, func(c *assert.CollectT) {
				counted := 0.
				for _, name := range names[1:] {
					counted += callsOf(c, machines[name], secure)
				}
				assert.EqualValues(c, batches*calls, counted)
			}, 90*time.Second, 200*time.Millisecond)
		})
	}
}

// callsOf is how many calls the dashboard of a machine shows.
func callsOf(c *assert.CollectT, m *machine, secure bool) (sum float64) {
	scheme := "http"
	if secure {
		scheme = "https"
	}
	request, err := http.NewRequest(http.MethodGet, fmt.Sprintf("%s://%s:8124/api/usage/hourly?hours=24", scheme, m.address), nil)
	require.NoError(c, err)
	request.SetBasicAuth("viewer", password)
	client := &http.Client{Timeout: 5 * time.Second, Transport: &http.Transport{
		DisableKeepAlives: true, TLSClientConfig: &tls.Config{InsecureSkipVerify: true},
	}}
	response, err := client.Do(request)
	require.NoError(c, err)
	defer func() { _ = response.Body.Close() }()
	var hourly struct {
		Data struct {
			Rows []struct {
				Calls int64 `json:"calls"`
			} `json:"rows"`
		} `json:"data"`
	}
	require.NoError(c, json.NewDecoder(response.Body).Decode(&hourly))
	for _, hour := range hourly.Data.Rows {
		sum += float64(hour.Calls)
	}
	return sum
}
