// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package packaging

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io/fs"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kfake"
)

// pod is a pod of a rendering, which runs here: with an address of its own, at which it has the
// ports that it is rendered with, and another for what listens on localhost, which nobody
// reaches from outside.
type pod struct {
	name, address, localhost string
	dir                      string
	output                   lockedBuffer
	exited                   chan error
}

var addresses atomic.Int32

// newPod gives a pod addresses, of the 2²⁴ that the loopback interface has.
func newPod(t *testing.T, name string) *pod {
	t.Helper()
	n := addresses.Add(1)
	process := os.Getpid()
	address := func(last int) string { return fmt.Sprintf("127.%d.%d.%d", 100+process%100, process/100%250, last) }
	return &pod{name: name, address: address(int(n) * 2), localhost: address(int(n)*2 + 1), dir: t.TempDir(), exited: make(chan error, 1)}
}

// lockedBuffer can be read while a process writes to it.
type lockedBuffer struct {
	mu sync.Mutex
	of bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.of.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.of.String()
}

// cluster is what pods know of: each other, and Secrets.
type cluster struct {
	objects rendering
	accepts *pod            // what an application reaches
	counts  []*pod          // the single collector, or the gateways
	pods    map[string]*pod // by the name that the Service gives
	secrets map[string]map[string]string
}

// translate puts the pod's addresses and directories in place of what a container has.
func (c *cluster) translate(p *pod, text string) string {
	for name, other := range c.pods {
		text = strings.ReplaceAll(text, name, other.address)
	}
	return strings.NewReplacer("0.0.0.0:", p.address+":", "0.0.0.0", p.address, "localhost", p.localhost,
		"/conf/", p.dir+"/conf/", "/tls/", p.dir+"/tls/", "/etc/otelcol-arc/", p.dir+"/").Replace(text)
}

func (c *cluster) write(t *testing.T, p *pod, path, content string) {
	t.Helper()
	path = filepath.Join(p.dir, path)
	require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o700))
	require.NoError(t, os.WriteFile(path, []byte(c.translate(p, content)), 0o600))
}

// run starts the container of a set's pod with the shipped files of the image, and waits
// until its probes succeed.
func (c *cluster) run(t *testing.T, p *pod, set object) {
	t.Helper()
	require.NoError(t, fs.WalkDir(os.DirFS(".."), "config", func(path string, entry fs.DirEntry, err error) error {
		if err == nil && !entry.IsDir() {
			c.write(t, p, path, read(t, "../"+path))
		}
		return err
	}))
	spec := at(t, set, "spec", "template", "spec")
	container := at(t, spec, "containers", 0)
	for _, volume := range at(t, spec, "volumes").([]any) {
		name := at(t, volume, "name").(string)
		if source, ok := at(t, volume, "configMap").(object); ok {
			data := at(t, c.objects["ConfigMap/"+source["name"].(string)], "data").(object)
			c.mount(t, p, "conf", source["items"], func(key string) string { return data[key].(string) }, data)
		} else if source, ok := at(t, volume, "secret").(object); ok {
			secret := c.secrets[source["secretName"].(string)]
			all := object{}
			for key, value := range secret {
				all[key] = value
			}
			c.mount(t, p, name, source["items"], func(key string) string { return secret[key] }, all)
		}
	}
	program, err := filepath.Abs("../bin/otelcol-arc")
	require.NoError(t, err)
	require.FileExists(t, program, "make build comes first")
	var args []string
	for _, arg := range at(t, container, "args").([]any) {
		args = append(args, c.translate(p, arg.(string)))
	}
	if set["kind"] == "StatefulSet" {
		args = append(args, "--set=processors::llm_cost::metrics_interval=500ms") // not to wait for its default
	}
	cmd := exec.CommandContext(context.WithoutCancel(t.Context()), program, args...)
	cmd.Dir = p.dir
	cmd.Env = []string{"OTELCOL_ARC_STATE=" + filepath.Join(p.dir, "state")}
	if variables, ok := at(t, container, "env").([]any); ok {
		for _, variable := range variables {
			cmd.Env = append(cmd.Env, at(t, variable, "name").(string)+"="+c.translate(p, c.value(t, p, variable)))
		}
	}
	cmd.Stdout, cmd.Stderr = &p.output, &p.output
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	require.NoError(t, cmd.Start())
	go func() { p.exited <- cmd.Wait() }()
	t.Cleanup(func() {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		select {
		case err := <-p.exited:
			assert.NoError(t, err, p.name)
		case <-time.After(60 * time.Second):
			_ = cmd.Process.Kill()
			t.Error("it did not stop:", p.name, <-p.exited)
		}
		if t.Failed() {
			t.Logf("%s: %v\n%s", p.name, cmd.Args, p.output.String())
		}
	})
	for _, probe := range []string{"startupProbe", "readinessProbe", "livenessProbe"} {
		path := at(t, container, probe, "httpGet", "path").(string)
		var port any
		for _, candidate := range at(t, container, "ports").([]any) {
			if at(t, candidate, "name") == at(t, container, probe, "httpGet", "port") {
				port = at(t, candidate, "containerPort")
			}
		}
		require.EventuallyWithT(t, func(k *assert.CollectT) {
			code, _ := get(fmt.Sprintf("http://%s:%v%s", p.address, port, path))
			assert.Equal(k, http.StatusOK, code, "%s %s", p.name, probe)
		}, 90*time.Second, 100*time.Millisecond)
	}
}

// mount writes the keys of a volume that it has items of, or all.
func (c *cluster) mount(t *testing.T, p *pod, dir string, items any, content func(string) string, all object) {
	t.Helper()
	if items, ok := items.([]any); ok {
		for _, item := range items {
			c.write(t, p, filepath.Join(dir, at(t, item, "path").(string)), content(at(t, item, "key").(string)))
		}
		return
	}
	for key := range all {
		c.write(t, p, filepath.Join(dir, key), content(key))
	}
}

// value is the value of a variable.
func (c *cluster) value(t *testing.T, p *pod, variable any) string {
	t.Helper()
	if value, ok := at(t, variable, "value").(string); ok {
		return value
	}
	from := at(t, variable, "valueFrom").(object)
	if from["secretKeyRef"] != nil {
		return c.secrets[at(t, from, "secretKeyRef", "name").(string)][at(t, from, "secretKeyRef", "key").(string)]
	}
	switch path := at(t, from, "fieldRef", "fieldPath"); path {
	case "metadata.name":
		return p.name
	case "spec.nodeName":
		return "node-of-" + p.name
	default:
		require.Fail(t, "not in a pod", path)
		return ""
	}
}

// newCluster gives the pods of a rendering their addresses.
func newCluster(t *testing.T, values object) *cluster {
	t.Helper()
	c := &cluster{objects: render(t, values), pods: map[string]*pod{}}
	set := c.objects.only(t, "StatefulSet")
	for i := range int(at(t, set, "spec", "replicas").(float64)) {
		p := newPod(t, fmt.Sprintf("%s-%d", at(t, set, "metadata", "name"), i))
		c.counts = append(c.counts, p)
		c.pods[fmt.Sprintf("%s.%s.observability.svc", p.name, at(t, set, "spec", "serviceName"))] = p
	}
	c.accepts = c.counts[0]
	if c.objects["DaemonSet/spend-agent"] != nil {
		c.accepts = newPod(t, "spend-agent-x2x4x")
	}
	return c
}

// start runs all pods.
func (c *cluster) start(t *testing.T) {
	t.Helper()
	if agents := c.objects["DaemonSet/spend-agent"]; agents != nil {
		c.run(t, c.accepts, agents) // ready before there is a gateway
	}
	for _, p := range c.counts {
		c.run(t, p, c.objects.only(t, "StatefulSet"))
	}
}

// requireCounted sends calls, each of which is counted by one.
func (c *cluster) requireCounted(t *testing.T) {
	t.Helper()
	const calls = 30
	for n := range calls {
		require.EventuallyWithT(t, func(k *assert.CollectT) {
			assert.Equal(k, http.StatusOK, postCall(k, c.accepts.address+":4318", n+1))
		}, 60*time.Second, 100*time.Millisecond)
	}
	require.EventuallyWithT(t, func(k *assert.CollectT) {
		var sum, busy int
		for _, p := range c.counts {
			n := callsOf(k, p)
			sum += n
			if n > 0 {
				busy++
			}
		}
		assert.Equal(k, calls, sum)
		assert.Equal(k, len(c.counts), busy, "each has a share")
	}, 90*time.Second, 200*time.Millisecond)
	// Prometheus reaches what a ServiceMonitor names.
	for _, p := range append(c.counts, c.accepts) {
		code, body := get("http://" + p.address + ":8888/metrics")
		assert.Equal(t, http.StatusOK, code, p.name)
		assert.Contains(t, body, "otelcol_process_uptime_seconds_total", p.name)
	}
	for _, p := range c.counts {
		require.EventuallyWithT(t, func(k *assert.CollectT) {
			_, body := get("http://" + p.address + ":9464/metrics")
			assert.Contains(k, body, "arc_llm_calls_total", p.name)
		}, 90*time.Second, 200*time.Millisecond)
	}
}

// callsOf is how many calls the dashboard of a pod shows.
func callsOf(t assert.TestingT, p *pod) (calls int) {
	_, body := get("http://" + p.address + ":8124/api/usage/hourly?hours=24")
	var hourly struct {
		Data struct {
			Rows []struct {
				Calls int `json:"calls"`
			} `json:"rows"`
		} `json:"data"`
	}
	assert.NoError(t, json.Unmarshal([]byte(body), &hourly), body)
	for _, row := range hourly.Data.Rows {
		calls += row.Calls
	}
	return calls
}

// By itself the chart counts.
func TestChartRuns(t *testing.T) {
	t.Parallel()
	c := newCluster(t, nil)
	c.start(t)
	c.requireCounted(t)
}

// The values of a user are merged into the chart's, and the collector does what they set.
func TestChartRunsWithEverything(t *testing.T) {
	t.Parallel()
	c := newCluster(t, object{
		"config": object{
			"exporters": object{"otlp_grpc/jaeger": object{"endpoint": "jaeger:4317", "tls": object{"insecure": true}}},
			"service":   object{"pipelines": object{"traces": object{"exporters": []any{"otlp_grpc/jaeger"}}}},
		},
		"rules": object{"own.yml": `groups:
  - name: own
    rules:
      - alert: SpendOfMyOwn
        expr: sum(increase(arc_llm_cost_dollars[1h])) > 10
        annotations: {summary: "More than $10 in an hour: {{ $value }}"}
`},
		"env":            object{"GOMEMLIMIT": "1200MiB"},
		"envFrom":        []any{object{"secretRef": object{"name": "alerts"}}},
		"persistence":    object{"enabled": false},
		"serviceMonitor": object{"enabled": true},
	})
	spec := at(t, c.objects["StatefulSet/spend"], "spec", "template", "spec")
	assert.Equal(t, []any{object{"name": "GOMEMLIMIT", "value": "1200MiB"}}, at(t, spec, "containers", 0, "env"))
	assert.Equal(t, "state", at(t, spec, "volumes", 1, "name"), "in memory")
	c.start(t)
	c.requireCounted(t)
	_, rules := get("http://" + c.accepts.address + ":8124/api/rules")
	assert.Contains(t, rules, "SpendOfMyOwn")
	assert.Contains(t, rules, "DailyBudget", "the shipped ones stay")
}

// Applications send to the agent of their node, and each gateway counts a share.
func TestChartRunsGateways(t *testing.T) {
	t.Parallel()
	c := newCluster(t, object{"mode": "gateways", "gateway": object{"replicas": 2}})
	c.start(t)
	c.requireCounted(t)
	_, rules := get("http://" + c.counts[0].address + ":8124/api/rules")
	assert.NotContains(t, rules, "DailyBudget", "Prometheus evaluates the rules")
}

// Between agents and gateways with TLS and a token.
func TestChartRunsSecureGateways(t *testing.T) {
	t.Parallel()
	c := newCluster(t, object{
		"mode":    "gateways",
		"gateway": object{"replicas": 2, "tlsSecret": "gateway-tls", "tokenSecret": "gateway-token"},
		"agent":   object{"hostPath": "", "config": object{"processors": object{"memory_limiter": object{"limit_mib": 256}}}},
		"config":  object{"processors": object{"llm_cost": object{"dimensions": []any{"service.name"}}}},
	})
	spec := at(t, c.objects["DaemonSet/spend-agent"], "spec", "template", "spec")
	assert.Equal(t, true, at(t, spec, "securityContext", "runAsNonRoot"), "no directory of the node")
	c.secrets = map[string]map[string]string{"gateway-tls": newCertificate(t, c), "gateway-token": {"token": "a-token-that-agents-know"}}
	c.start(t)
	c.requireCounted(t)
	// Nobody else gets in, nor reaches what has no TLS.
	for _, port := range []string{"4318", "8123"} {
		connection, err := net.DialTimeout("tcp", net.JoinHostPort(c.counts[0].address, port), 5*time.Second)
		if !assert.Error(t, err, port) {
			_ = connection.Close()
		}
	}
	assert.Contains(t, read(t, filepath.Join(c.counts[0].dir, "conf", "config.yaml")), "authenticator: bearertokenauth")
	assert.NoFileExists(t, filepath.Join(c.accepts.dir, "tls", "tls.key"), "an agent has no key")
}

// By way of Kafka.
func TestChartRunsWithKafka(t *testing.T) {
	t.Parallel()
	broker, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.SeedTopics(8, "otlp_spans", "otlp_metrics", "otlp_logs"), kfake.GroupMaxSessionTimeout(30*time.Minute))
	require.NoError(t, err)
	t.Cleanup(broker.Close)
	c := newCluster(t, object{"mode": "kafka", "kafka": object{"broker": broker.ListenAddrs()[0]}, "gateway": object{"replicas": 1}})
	c.start(t)
	c.requireCounted(t)
	// A receiver that is stopped while it joins the group of the others waits for their heartbeats.
	for _, p := range c.counts {
		require.Eventually(t, func() bool { return strings.Count(p.output.String(), "new group session begun") >= 3 }, 60*time.Second, 20*time.Millisecond)
	}
}

// With an engine that is away: collectors run, whichever gets a call has it, and they ask the
// engine for its tables. What becomes of the records is tested with the engine itself.
func TestChartRunsWithAnEngine(t *testing.T) {
	t.Parallel()
	var asked atomic.Int64
	engine := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		asked.Add(1)
		http.Error(w, "Code: 210. DB::NetException: away", http.StatusServiceUnavailable)
	}))
	t.Cleanup(engine.Close)
	c := newCluster(t, object{"mode": "engine", "engine": object{"endpoint": engine.URL}})
	c.start(t)
	require.Len(t, c.counts, 2)
	for n, p := range c.counts {
		assert.Equal(t, http.StatusOK, postCall(t, p.address+":4318", n+1))
		require.EventuallyWithT(t, func(k *assert.CollectT) { assert.Equal(k, 1, callsOf(k, p)) }, 60*time.Second, 100*time.Millisecond)
		_, rules := get("http://" + p.address + ":8124/api/rules")
		assert.NotContains(t, rules, "DailyBudget", "each sees a share")
	}
	require.Eventually(t, func() bool { return asked.Load() > 0 }, 60*time.Second, 100*time.Millisecond)
}

// newCertificate is the Secret that values.yaml describes. Here pods have no names, so their addresses
// are in the certificate too.
func newCertificate(t *testing.T, c *cluster) map[string]string {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "gateways"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true,
		DNSNames: []string{"*.spend-gateway.observability.svc"},
	}
	for _, p := range c.pods {
		template.IPAddresses = append(template.IPAddresses, net.ParseIP(p.address))
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	require.NoError(t, err)
	certificate, err := x509.ParseCertificate(der)
	require.NoError(t, err)
	for name := range c.pods {
		require.NoError(t, certificate.VerifyHostname(name), "the name that agents ask for")
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	require.NoError(t, err)
	encoded := string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
	return map[string]string{"tls.crt": encoded, "ca.crt": encoded, "tls.key": string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private}))}
}
