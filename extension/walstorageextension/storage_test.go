// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package walstorageextension

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	contrib "github.com/open-telemetry/opentelemetry-collector-contrib/extension/storage/filestorage"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componentstatus"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/confmap"
	"go.opentelemetry.io/collector/extension"
	"go.opentelemetry.io/collector/extension/extensiontest"
	"go.opentelemetry.io/collector/extension/xextension/storage"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	"go.opentelemetry.io/otel/sdk/metric/metricdata/metricdatatest"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"github.com/otelcol-arc/otelcol-arc/extension/walstorageextension/internal/metadata"
	"github.com/otelcol-arc/otelcol-arc/extension/walstorageextension/internal/metadatatest"
	"github.com/otelcol-arc/otelcol-arc/internal/boltfile"
)

var ids = map[string]component.ID{
	"jaeger": component.MustNewIDWithName("otlp_grpc", "jaeger"),
	"cost":   component.MustNewID("llm_cost"),
}

// statusHost keeps what is reported.
type statusHost struct {
	component.Host
	reported []string
}

func (h *statusHost) Report(event *componentstatus.Event) {
	if event.Err() != nil {
		h.reported = append(h.reported, event.Err().Error())
	}
}

type rig struct {
	extension.Extension
	host      *statusHost
	logs      *observer.ObservedLogs
	telemetry *componenttest.Telemetry
}

// start starts the extension on a directory.
func start(t *testing.T, directory string) *rig {
	t.Helper()
	factory := NewFactory()
	config := factory.CreateDefaultConfig().(*Config)
	config.Directory = directory
	core, logs := observer.New(zap.InfoLevel)
	r := &rig{host: &statusHost{Host: componenttest.NewNopHost()}, logs: logs, telemetry: componenttest.NewTelemetry()}
	set := metadatatest.NewSettings(r.telemetry)
	set.Logger = zap.New(core)
	var err error
	r.Extension, err = factory.Create(t.Context(), set, config)
	require.NoError(t, err)
	require.NoError(t, r.Start(t.Context(), r.host))
	t.Cleanup(func() { r.stop(t) })
	return r
}

func (r *rig) stop(t *testing.T) {
	t.Helper()
	assert.NoError(t, r.Shutdown(context.WithoutCancel(t.Context())))
}

func (r *rig) client(t *testing.T, kind component.Kind, id component.ID, name string) storage.Client {
	t.Helper()
	client, err := r.Extension.(storage.Extension).GetClient(t.Context(), kind, id, name)
	require.NoError(t, err)
	return client
}

func get(t *testing.T, client storage.Client, key string) string {
	t.Helper()
	value, err := client.Get(t.Context(), key)
	require.NoError(t, err)
	return string(value)
}

func TestConfig(t *testing.T) {
	load := func(keys map[string]any) error {
		config := NewFactory().CreateDefaultConfig()
		if err := confmap.NewFromStringMap(keys).Unmarshal(config); err != nil {
			return err
		}
		return confmap.Validate(config)
	}
	require.NoError(t, load(map[string]any{"directory": "x", "max_size": 1000000}))
	err := load(map[string]any{"max_size": -1})
	require.ErrorContains(t, err, "directory: must not be empty")
	require.ErrorContains(t, err, "max_size: must not be negative")
	assert.Error(t, load(map[string]any{"directory": "x", "fsync": true}))
}

func TestClientsDoNotShareKeys(t *testing.T) {
	directory := filepath.Join(t.TempDir(), "made", "by the extension")
	r := start(t, directory)
	traces := r.client(t, component.KindExporter, ids["jaeger"], "traces")
	cost := r.client(t, component.KindProcessor, ids["cost"], "")
	require.NoError(t, traces.Set(t.Context(), "k", []byte("of the queue")))
	require.NoError(t, cost.Set(t.Context(), "k", []byte("of the ledger")))
	require.NoError(t, cost.Set(t.Context(), "gone", nil))
	require.NoError(t, cost.Delete(t.Context(), "gone"))
	r.stop(t)
	_, err := cost.Get(t.Context(), "k")
	require.Error(t, err)

	r = start(t, directory)
	traces, cost = r.client(t, component.KindExporter, ids["jaeger"], "traces"), r.client(t, component.KindProcessor, ids["cost"], "")
	assert.Equal(t, "of the queue", get(t, traces, "k"))
	assert.Equal(t, "of the ledger", get(t, cost, "k"))
	assert.Empty(t, r.host.reported)
	require.NoError(t, cost.Close(t.Context()))
}

func TestWalk(t *testing.T) {
	r := start(t, t.TempDir())
	client := r.client(t, component.KindProcessor, ids["cost"], "")
	for _, key := range []string{"a", "b", "c"} {
		require.NoError(t, client.Set(t.Context(), key, []byte("value of "+key)))
	}
	var seen []string
	require.NoError(t, client.(storage.Walker).Walk(t.Context(), func(key string, value []byte) ([]*storage.Operation, error) {
		seen = append(seen, key+": "+string(value))
		return []*storage.Operation{storage.DeleteOperation(key)}, nil
	}))
	slices.Sort(seen)
	assert.Equal(t, []string{"a: value of a", "b: value of b", "c: value of c"}, seen)
	assert.Empty(t, get(t, client, "a"))
	require.NoError(t, client.Set(t.Context(), "k", nil))
	require.NoError(t, client.(storage.Walker).Walk(t.Context(), func(string, []byte) ([]*storage.Operation, error) { return nil, storage.SkipAll }))
	no := errors.New("no")
	require.ErrorIs(t, client.(storage.Walker).Walk(t.Context(), func(string, []byte) ([]*storage.Operation, error) { return nil, no }), no)
}

// Only what is acknowledged needs to be on the disk when a batch returns.
func TestDurable(t *testing.T) {
	metadata, get, del := storage.SetOperation("qmv0", nil), storage.GetOperation("1"), storage.DeleteOperation("1")
	assert.True(t, durable([]*storage.Operation{metadata, storage.SetOperation("1", nil)}))
	assert.True(t, durable([]*storage.Operation{storage.SetOperation("totals", nil), del}))
	assert.False(t, durable([]*storage.Operation{metadata, get}))
	assert.False(t, durable([]*storage.Operation{metadata, del}))
	assert.False(t, durable([]*storage.Operation{del}))
}

// A value that is damaged is lost alone, and is reported in the log, the metric and the status.
func TestDamageIsReported(t *testing.T) {
	directory := t.TempDir()
	r := start(t, directory)
	client := r.client(t, component.KindProcessor, ids["cost"], "")
	require.NoError(t, client.Set(t.Context(), "hour/1", []byte("the first hour")))
	require.NoError(t, client.Set(t.Context(), "hour/2", []byte("the second hour")))
	r.stop(t)
	files, err := filepath.Glob(filepath.Join(directory, "*.wal"))
	require.NoError(t, err)
	require.Len(t, files, 1)
	content, err := os.ReadFile(files[0])
	require.NoError(t, err)
	at := strings.Index(string(content), "the first hour")
	content[at] ^= 4
	require.NoError(t, os.WriteFile(files[0], content, 0o600))

	r = start(t, directory)
	client = r.client(t, component.KindProcessor, ids["cost"], "")
	assert.Empty(t, get(t, client, "hour/1"))
	assert.Equal(t, "the second hour", get(t, client, "hour/2"))
	require.Len(t, r.host.reported, 1)
	assert.Contains(t, r.host.reported[0], "a stored value is damaged and lost: hour/1 of processor_llm_cost_")
	assert.Equal(t, 1, r.logs.FilterMessage("A value in the storage is damaged and lost; check the disk").Len())
	metadatatest.AssertEqualExtensionWalStorageDamagedValues(t, r.telemetry, []metricdata.DataPoint[int64]{{Value: 1, Attributes: outcome("lost")}}, metricdatatest.IgnoreTimestamp())
	r.stop(t)
	r = start(t, directory)
	assert.Empty(t, r.host.reported, "it is reported once")
}

// oldClient is a client of file_storage.
func oldClient(t *testing.T, directory string, kind component.Kind, id component.ID, name string) storage.Client {
	t.Helper()
	factory := contrib.NewFactory()
	config := factory.CreateDefaultConfig().(*contrib.Config)
	config.Directory = directory
	e, err := factory.Create(t.Context(), extensiontest.NewNopSettings(factory.Type()), config)
	require.NoError(t, err)
	client, err := e.(storage.Extension).GetClient(t.Context(), kind, id, name)
	require.NoError(t, err)
	return client
}

// What file_storage has kept for a component is there, under the names that it gives its files.
func TestImportsFileStorage(t *testing.T) {
	clients := []struct {
		kind component.Kind
		id   component.ID
		name string
	}{
		{component.KindExporter, ids["jaeger"], "traces"},
		{component.KindProcessor, ids["cost"], ""},
		{component.KindReceiver, component.MustNewIDWithName("arc", "with/slash and ~"), "x"},
		{component.KindExtension, component.MustNewID("x"), strings.Repeat("long", 80)},
		{component.KindConnector, component.MustNewID("x"), ""},
		{component.KindExporter, component.MustNewIDWithName("alertmanager", ""), "alerts_http://localhost:9093"},
	}
	directory := t.TempDir()
	for i, c := range clients {
		client := oldClient(t, directory, c.kind, c.id, c.name)
		for key := range 100 {
			require.NoError(t, client.Set(t.Context(), fmt.Sprint("key/", key), fmt.Appendf(nil, "value %d of %d", key, i)))
		}
		require.NoError(t, client.Close(t.Context()))
	}
	r := start(t, directory)
	for i, c := range clients {
		client := r.client(t, c.kind, c.id, c.name)
		for key := range 100 {
			require.Equal(t, fmt.Sprintf("value %d of %d", key, i), get(t, client, fmt.Sprint("key/", key)))
		}
		require.NoError(t, client.Set(t.Context(), "key/0", []byte("changed")))
		assert.Equal(t, "changed", get(t, r.client(t, c.kind, c.id, c.name), "key/0"), "it is imported once")
	}
	imported, err := filepath.Glob(filepath.Join(directory, "*"+suffixImported))
	require.NoError(t, err)
	assert.Len(t, imported, len(clients))
	assert.Empty(t, r.host.reported)
}

// A file of file_storage that another process has open is left alone.
func TestFileInUse(t *testing.T) {
	directory := t.TempDir()
	old := oldClient(t, directory, component.KindProcessor, ids["cost"], "")
	r := start(t, directory)
	_, err := r.Extension.(storage.Extension).GetClient(t.Context(), component.KindProcessor, ids["cost"], "")
	require.ErrorIs(t, err, boltfile.ErrInUse)
	require.NoError(t, old.Close(t.Context()))
}

// Of a damaged file what can be read is imported, and the rest is reported.
func TestImportsWhatIsLeftOfADamagedFile(t *testing.T) {
	directory := t.TempDir()
	old := oldClient(t, directory, component.KindProcessor, ids["cost"], "")
	for key := range 1000 {
		require.NoError(t, old.Set(t.Context(), fmt.Sprintf("key/%03d", key), make([]byte, 200)))
	}
	require.NoError(t, old.Close(t.Context()))
	path := filepath.Join(directory, boltfile.Name(component.KindProcessor, ids["cost"], ""))
	content, err := os.ReadFile(path)
	require.NoError(t, err)
	for page := 2 * os.Getpagesize(); page < len(content); page += 3 * os.Getpagesize() {
		if content[page+8] == 2 { // a leaf
			content[page] ^= 1
		}
	}
	require.NoError(t, os.WriteFile(path, content, 0o600))
	r := start(t, directory)
	client := r.client(t, component.KindProcessor, ids["cost"], "")
	found := 0
	require.NoError(t, client.(storage.Walker).Walk(t.Context(), func(string, []byte) ([]*storage.Operation, error) {
		found++
		return nil, nil
	}))
	assert.Positive(t, found)
	require.NotEmpty(t, r.host.reported)
	assert.Contains(t, r.host.reported[0], "not all of it could be imported")
}

func TestDirectoryThatCannotBeUsed(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(file, nil, 0o600))
	e, err := newStorage(&Config{Directory: file}, extensiontest.NewNopSettings(metadata.Type))
	require.NoError(t, err)
	require.Error(t, e.Start(t.Context(), componenttest.NewNopHost()))
	_, err = e.GetClient(t.Context(), component.KindProcessor, ids["cost"], "")
	require.Error(t, err)
	require.NoError(t, e.Shutdown(t.Context()))
}

func outcome(value string) attribute.Set {
	return attribute.NewSet(attribute.String("outcome", value))
}
