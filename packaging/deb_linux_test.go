// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package packaging

import (
	"bytes"
	"net/http"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const (
	etc   = "/etc/otelcol-arc/"
	state = "/var/lib/otelcol-arc"

	otlp  = "127.0.0.1:23318"
	page  = "127.0.0.1:23464"
	ready = "http://127.0.0.1:23133"
)

// The .deb is installed, its service started with the unit's command, upgraded, removed
// and purged: changed configuration and the ledger survive the upgrade.
func TestDeb(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root can install packages")
	}
	if _, err := exec.LookPath("dpkg"); err != nil {
		t.Skip("dpkg is not there")
	}
	if err := exec.CommandContext(t.Context(), "dpkg", "-s", "otelcol-arc").Run(); err == nil {
		t.Skip("otelcol-arc is installed here")
	}
	first := built(t, "otelcol-arc_*_linux_amd64")
	t.Cleanup(func() { _ = exec.Command("dpkg", "--purge", "otelcol-arc").Run() })

	run(t, "dpkg", "-i", deb(t, first, "0.0.1"))
	assert.Contains(t, run(t, "otelcol-arc", "--version"), "otelcol-arc")
	assert.Contains(t, run(t, "arctool", "prices", "lookup", "gpt-4o"), "gpt-4o")
	info, err := os.Stat(etc + "otelcol-arc.env")
	require.NoError(t, err)
	assert.Equal(t, os.FileMode(0o640), info.Mode(), "it has secrets")

	// The administrator changes the ports.
	changed := strings.Replace(read(t, etc+"otelcol-arc.env"), "state.yaml\n", "state.yaml --set=receivers::otlp::protocols::http::endpoint="+otlp+
		" --set=receivers::otlp::protocols::grpc::endpoint=127.0.0.1:0 --set=receivers::arc::endpoint=127.0.0.1:0 --set=exporters::prometheus::endpoint="+page+
		" --set=extensions::dashboard::endpoint=127.0.0.1:0 --set=extensions::health_check::endpoint="+strings.TrimPrefix(ready, "http://")+
		" --set=processors::llm_cost::metrics_interval=200ms --set=service::telemetry::metrics::level=none\n", 1)
	require.NoError(t, os.WriteFile(etc+"otelcol-arc.env", []byte(changed), 0o640))

	stop := start(t)
	call(t, 1)
	waitForCalls(t, 1)
	stop()

	run(t, "dpkg", "-i", deb(t, first, "0.0.2"))
	assert.Contains(t, run(t, "dpkg", "-s", "otelcol-arc"), "Version: 0.0.2")
	assert.Equal(t, changed, read(t, etc+"otelcol-arc.env"), "kept")
	stop = start(t)
	waitForCalls(t, 1)
	call(t, 2)
	waitForCalls(t, 2)
	stop()

	run(t, "dpkg", "--remove", "otelcol-arc")
	assert.NoFileExists(t, "/usr/bin/otelcol-arc")
	assert.FileExists(t, etc+"otelcol-arc.env")
	assert.DirExists(t, state)
	run(t, "dpkg", "--purge", "otelcol-arc")
	assert.NoFileExists(t, etc+"otelcol-arc.env")
	assert.NoDirExists(t, state)
	_, err = user.Lookup("otelcol-arc")
	assert.Error(t, err, "its user is gone")
}

// built is the folder in which make package put the programs.
func built(t *testing.T, pattern string) string {
	t.Helper()
	found, err := filepath.Glob("../build/stage/" + pattern)
	require.NoError(t, err)
	if len(found) == 0 {
		t.Skip("make package PLATFORMS=linux/amd64 comes first")
	}
	return found[0]
}

// deb packs what was built as a version.
func deb(t *testing.T, dir, version string) string {
	t.Helper()
	abs, err := filepath.Abs(dir)
	require.NoError(t, err)
	cmd := exec.CommandContext(t.Context(), "go", "tool", "-modfile", "packaging/go.mod", "nfpm", "package", "--config", "packaging/nfpm.yaml", "--packager", "deb", "--target", t.TempDir()+"/otelcol-arc.deb")
	cmd.Dir = ".."
	cmd.Env = append(os.Environ(), "VERSION="+version, "ARCH=amd64", "DIR="+abs)
	output, err := cmd.CombinedOutput()
	require.NoError(t, err, "%s", output)
	return cmd.Args[len(cmd.Args)-1]
}

func run(t *testing.T, name string, args ...string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), name, args...)
	cmd.Env = append(os.Environ(), "DEBIAN_FRONTEND=noninteractive")
	output, err := cmd.CombinedOutput()
	require.NoError(t, err, "%s %s: %s", name, strings.Join(args, " "), output)
	return string(output)
}

// start does what systemd does with the unit, on machines where it does not run:
// the state directory, the environment, the user, the command.
func start(t *testing.T) (stop func()) {
	t.Helper()
	account, err := user.Lookup("otelcol-arc")
	require.NoError(t, err)
	uid, err := strconv.Atoi(account.Uid)
	require.NoError(t, err)
	gid, err := strconv.Atoi(account.Gid)
	require.NoError(t, err)
	require.NoError(t, os.MkdirAll(state, 0o700))
	require.NoError(t, os.Chown(state, uid, gid))

	variables := map[string]string{}
	for line := range strings.Lines(read(t, etc+"otelcol-arc.env")) {
		if key, value, found := strings.Cut(strings.TrimSpace(line), "="); found && !strings.HasPrefix(key, "#") {
			variables[key] = value
		}
	}
	command := regexp.MustCompile(`(?m)^ExecStart=(.*)$`).FindStringSubmatch(read(t, "/usr/lib/systemd/system/otelcol-arc.service"))
	require.NotNil(t, command)
	var args []string
	for word := range strings.FieldsSeq(command[1]) {
		args = append(args, strings.Fields(os.Expand(word, func(name string) string { return variables[name] }))...)
	}
	cmd := exec.Command(args[0], args[1:]...)
	cmd.Dir = etc
	for key, value := range variables {
		cmd.Env = append(cmd.Env, key+"="+value)
	}
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}, Pdeathsig: syscall.SIGKILL}
	var output bytes.Buffer
	cmd.Stdout, cmd.Stderr = &output, &output
	require.NoError(t, cmd.Start())
	exited := make(chan error, 1)
	go func() { exited <- cmd.Wait() }()
	var once bool
	stop = func() {
		if once {
			return
		}
		once = true
		// The signal handlers are installed a moment after the Collector reports to be ready.
		time.Sleep(time.Second)
		_ = cmd.Process.Signal(syscall.SIGTERM)
		select {
		case err := <-exited:
			assert.NoError(t, err, "%s", output.String())
		case <-time.After(20 * time.Second):
			_ = cmd.Process.Kill()
			t.Error("it did not stop:", <-exited)
		}
	}
	t.Cleanup(stop)
	if !assert.Eventually(t, func() bool {
		code, _ := get(ready)
		return code == http.StatusOK
	}, 20*time.Second, 50*time.Millisecond, "ready") {
		stop()
		t.Fatal(output.String())
	}
	return stop
}

// call sends a call of a model, one of its own for each n.
func call(t *testing.T, n int) {
	t.Helper()
	require.Equal(t, http.StatusOK, postCall(t, otlp, n))
}

// waitForCalls waits until the /metrics endpoint has so many calls.
func waitForCalls(t *testing.T, want int) {
	t.Helper()
	line := regexp.MustCompile(`(?m)^arc_llm_calls_total\{.*model="gpt-4o".*status="success".*\} ` + strconv.Itoa(want) + `\b`)
	require.Eventually(t, func() bool {
		_, body := get("http://" + page + "/metrics")
		return line.MatchString(body)
	}, 20*time.Second, 100*time.Millisecond, "%d calls", want)
}
