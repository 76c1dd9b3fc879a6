// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/otelcol-arc/otelcol-arc/internal/testkit/collector"
)

// disk is a file system of its own, that can be made full and read-only.
type disk struct {
	directory, size string
}

func newDisk(t *testing.T, size string) disk {
	t.Helper()
	d := disk{directory: t.TempDir(), size: size}
	if err := unix.Mount("tmpfs", d.directory, "tmpfs", 0, "size="+size); err != nil {
		t.Skipf("cannot mount a file system: %v", err)
	}
	t.Cleanup(func() { assert.NoError(t, unix.Unmount(d.directory, unix.MNT_DETACH)) })
	return d
}

// fill leaves no room, and returns how to make some.
func (d disk) fill(t *testing.T) (free func()) {
	t.Helper()
	path := filepath.Join(d.directory, "filler")
	file, err := os.Create(path)
	require.NoError(t, err)
	_, err = io.Copy(file, zeros{})
	require.ErrorIs(t, err, unix.ENOSPC)
	require.NoError(t, file.Close())
	return func() { require.NoError(t, os.Remove(path)) }
}

type zeros struct{}

func (zeros) Read(b []byte) (int, error) {
	clear(b)
	return len(b), nil
}

// onDisk is the default configuration with all state of ours on a disk, and with
// a health check that knows how components are.
func onDisk(t *testing.T, directory string) (p ports, options collector.Options, status, metrics string) {
	t.Helper()
	p, set := quick(t)
	address := collector.FreeAddress(t)
	options = collector.Options{
		Configs: []string{"config/default.yaml", fmt.Sprintf(`yaml:
extensions:
  file_storage: {directory: %q, create_directory: true, recreate: true}
  health_check/status:
    use_v2: true
    http: {endpoint: %s, status: {enabled: true, path: /status}}
processors:
  llm_cost: {storage: file_storage}
  alert:
    storage: {directory: %q}
service:
  extensions: [health_check, health_check/status, file_storage, dashboard]
`, filepath.Join(directory, "storage"), address, filepath.Join(directory, "alert"))},
		Gates: []string{"extension.healthcheck.useComponentStatus"},
		Set: append(set,
			"exporters::prometheus::endpoint="+p.page,
			"processors::alert::rule_files=[test/e2e/testdata/rules.yml]",
		),
	}
	options, metrics = measured(t, options)
	return p, options, "http://" + address + "/status?verbose", metrics
}

// diskRun sends calls, and looks whether all of them have been counted.
type diskRun struct {
	ports
	sent int64
}

func (r *diskRun) send(t *testing.T) {
	t.Helper()
	r.sent++
	require.True(t, postTraces(t.Context(), "http://"+r.http+"/v1/traces", numberedSpans(t, r.sent*alertEvery+1)))
}

func (r *diskRun) requireCounted(t *testing.T) {
	t.Helper()
	require.EventuallyWithT(t, func(c *assert.CollectT) {
		assert.InDelta(c, float64(r.sent*callsInBatch)*0.0075, scrape(c, "http://"+r.page+"/metrics").sum("arc_llm_cost_dollars"), 1e-9)
	}, 20*time.Second, 50*time.Millisecond)
}

const degraded = "StatusRecoverableError"

// The disk of the state becomes full, and then has space again. Telemetry is forwarded
// and counted meanwhile; the health check, the metrics and the dashboard report the
// error and its recovery; and what was counted meanwhile survives a kill.
func TestFullDisk(t *testing.T) {
	for _, storage := range []string{"file_storage", "wal_storage"} {
		t.Run(storage, func(t *testing.T) { testFullDisk(t, storage) })
	}
}

func testFullDisk(t *testing.T, storage string) {
	t.Helper()
	d := newDisk(t, "300m")
	p, options, status, metrics := onDisk(t, d.directory)
	options.Set = append(options.Set,
		"extensions::wal_storage::directory="+filepath.Join(d.directory, "wal"),
		"processors::llm_cost::storage="+storage,
		"service::extensions=[health_check,health_check/status,file_storage,wal_storage,dashboard]",
	)
	process := collector.Start(t, options)
	r := diskRun{ports: p}
	r.send(t)
	r.requireCounted(t)
	page := "http://" + p.dashboard
	assert.NotContains(t, get(t, status), degraded)
	assert.Contains(t, get(t, page+"/api/health"), `"healthy": true`)
	free := d.fill(t)
	require.EventuallyWithT(t, func(c *assert.CollectT) {
		r.send(t)
		health := get(c, status)
		assert.Contains(c, health, "no space left on device")
		assert.Contains(c, health, "write the ledger to the storage")
		assert.Contains(c, get(c, page), "no space left on device")
		assert.Positive(c, scrape(c, metrics).sum("otelcol_processor_llm_cost_snapshot_failures_total"))
	}, 60*time.Second, 100*time.Millisecond)
	r.requireCounted(t)
	free()
	require.EventuallyWithT(t, func(c *assert.CollectT) {
		r.send(t)
		assert.NotContains(c, get(c, status), degraded)
		assert.Contains(c, get(c, page+"/api/health"), `"healthy": true`)
	}, 60*time.Second, 200*time.Millisecond)
	r.requireCounted(t)
	process.Kill()
	process = collector.Start(t, options)
	r.send(t)
	r.requireCounted(t)
	process.Terminate(t, 20*time.Second)
}

// The disk of the alerts is read-only when the Collector starts. It starts, evaluates
// rules and sends notifications, and the health check is degraded. That the disk is
// used once it is writable is tested with the processor, on a false clock. The storage
// extension needs its disk: the Collector reports that, and exits.
func TestReadOnlyDisk(t *testing.T) {
	d := newDisk(t, "300m")
	p, options, status, metrics := onDisk(t, t.TempDir())
	options.Set = append(options.Set, "processors::alert::storage::directory="+filepath.Join(d.directory, "alert"))
	require.NoError(t, unix.Mount("tmpfs", d.directory, "tmpfs", unix.MS_REMOUNT|unix.MS_RDONLY, ""))
	process := collector.Start(t, options)
	r := diskRun{ports: p}
	r.send(t)
	r.requireCounted(t)
	assert.Contains(t, get(t, status), "read-only file system")
	assert.Contains(t, get(t, "http://"+p.dashboard), "read-only file system")
	assert.Equal(t, 1., scrape(t, metrics).sum("otelcol_processor_alert_storage_degraded"))
	require.Equal(t, 200, postEvents(t, "http://"+p.arc, security{}, `{"cache_type":"llm","hit":true,"size_bytes":5000}`).Status)
	require.Eventually(t, func() bool { return len(process.Lines("CacheTooLarge")) > 0 }, 20*time.Second, 50*time.Millisecond)
	process.Terminate(t, 20*time.Second)

	cmd := collector.Command(t.Context(), t, "--config", "config/default.yaml", "--config", fmt.Sprintf(`yaml:
extensions:
  file_storage: {directory: %q, create_directory: true}
service:
  extensions: [file_storage]
  telemetry: {metrics: {level: none}} # no port
`, filepath.Join(d.directory, "storage")))
	output, err := cmd.CombinedOutput()
	require.Error(t, err)
	assert.Contains(t, string(output), "storage: read-only file system")
}

// Every file of the state is damaged while the Collector is down. It starts, reports
// what it has quarantined, and accepts and counts telemetry.
func TestDamagedFiles(t *testing.T) {
	directory := t.TempDir()
	p, options, status, _ := onDisk(t, directory)
	process := collector.Start(t, options)
	r := diskRun{ports: p}
	r.send(t)
	r.requireCounted(t)
	require.Equal(t, 200, postEvents(t, "http://"+p.arc, security{}, `{"cache_type":"llm","hit":true,"size_bytes":5000}`).Status)
	require.Eventually(t, func() bool { return len(process.Lines("CacheTooLarge")) > 0 }, 20*time.Second, 50*time.Millisecond)
	process.Terminate(t, 20*time.Second)

	var damaged []string
	require.NoError(t, filepath.WalkDir(directory, func(path string, entry os.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		content, err := os.ReadFile(path)
		if err != nil || len(content) == 0 {
			return err
		}
		for i := range content {
			content[i] ^= byte(i*7 + 1)
		}
		damaged = append(damaged, filepath.Base(path))
		return os.WriteFile(path, content, 0o600)
	}))
	assert.Subset(t, damaged, []string{"processor_llm_cost_", "notices.json"})

	process = collector.Start(t, options)
	r.sent = 0 // the ledger is empty
	r.send(t)
	r.requireCounted(t)
	assert.Contains(t, get(t, status), "storage: invalid database")
	assert.NotEmpty(t, process.Lines("notices.json.bad"))
	assert.FileExists(t, filepath.Join(directory, "alert", "notices.json.bad"))
	process.Terminate(t, 20*time.Second)

	require.NoError(t, os.Remove(filepath.Join(directory, "storage", "processor_llm_cost_")))
	process = collector.Start(t, options)
	assert.NotContains(t, get(t, status), degraded)
	process.Terminate(t, 20*time.Second)
}
