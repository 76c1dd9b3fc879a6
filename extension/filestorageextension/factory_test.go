// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package filestorageextension

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	contrib "github.com/open-telemetry/opentelemetry-collector-contrib/extension/storage/filestorage"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/extension/extensiontest"
	"go.opentelemetry.io/collector/extension/xextension/storage"
	"go.uber.org/goleak"
	"google.golang.org/protobuf/encoding/protowire"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var (
	owner = component.MustNewID("llm_cost")
	queue = component.MustNewIDWithName("otlp_grpc", "jaeger")
)

func create(t *testing.T, directory string, recreate bool) storage.Extension {
	t.Helper()
	factory := NewFactory()
	config := factory.CreateDefaultConfig().(*contrib.Config)
	config.Directory, config.Recreate = directory, recreate
	e, err := factory.Create(t.Context(), extensiontest.NewNopSettings(factory.Type()), config)
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, e.Shutdown(context.WithoutCancel(t.Context()))) })
	return e.(storage.Extension)
}

func client(t *testing.T, e storage.Extension, kind component.Kind, id component.ID, name string) storage.Client {
	t.Helper()
	require.NoError(t, e.Start(t.Context(), componenttest.NewNopHost()))
	client, err := e.GetClient(t.Context(), kind, id, name)
	require.NoError(t, err)
	return client
}

// damage makes a file that bbolt panics over when it opens it, in a goroutine of its own.
func damage(t *testing.T, directory string) string {
	t.Helper()
	c := client(t, create(t, directory, false), component.KindProcessor, owner, "")
	for key := range 1000 {
		require.NoError(t, c.Set(t.Context(), fmt.Sprint("key/", key), make([]byte, 100)))
	}
	require.NoError(t, c.Close(t.Context()))
	path := filepath.Join(directory, "processor_llm_cost_")
	content, err := os.ReadFile(path)
	require.NoError(t, err)
	for page := 2 * os.Getpagesize(); page < len(content); page += os.Getpagesize() {
		content[page+1] ^= 0x10 // its number
	}
	require.NoError(t, os.WriteFile(path, content, 0o600))
	return path
}

func TestDamagedFileIsQuarantined(t *testing.T) {
	directory := t.TempDir()
	path := damage(t, directory)
	damaged, err := os.ReadFile(path)
	require.NoError(t, err)
	c := client(t, create(t, directory, true), component.KindProcessor, owner, "")
	require.NoError(t, c.Set(t.Context(), "key", []byte("value")))
	require.NoError(t, c.Close(t.Context()))
	quarantined, err := filepath.Glob(path + ".damaged-*")
	require.NoError(t, err)
	require.Len(t, quarantined, 1)
	kept, err := os.ReadFile(quarantined[0])
	require.NoError(t, err)
	assert.Equal(t, damaged, kept)
	c = client(t, create(t, directory, true), component.KindProcessor, owner, "")
	value, err := c.Get(t.Context(), "key")
	require.NoError(t, err)
	assert.Equal(t, "value", string(value))
	require.NoError(t, c.Close(t.Context()))
}

func TestDamagedFileIsNamed(t *testing.T) {
	directory := t.TempDir()
	path := damage(t, directory)
	e := create(t, directory, false)
	require.NoError(t, e.Start(t.Context(), componenttest.NewNopHost()))
	_, err := e.GetClient(t.Context(), component.KindProcessor, owner, "")
	require.ErrorContains(t, err, path+" is damaged")
	require.ErrorContains(t, err, "recreate")
	assert.FileExists(t, path)
}

// What was being sent when the process ended is at the front of the queue, before the
// queue sees it.
func TestQueueIsRestored(t *testing.T) {
	directory := t.TempDir()
	c := client(t, create(t, directory, false), component.KindExporter, queue, "traces")
	var metadata []byte
	for field, value := range map[protowire.Number]uint64{3: 6, 4: 7, 5: 2} {
		metadata = protowire.AppendFixed64(protowire.AppendTag(metadata, field, protowire.Fixed64Type), value)
	}
	require.NoError(t, c.Batch(t.Context(), storage.SetOperation("qmv0", metadata), storage.SetOperation("2", []byte("being sent")), storage.SetOperation("6", []byte("waits"))))
	require.NoError(t, c.Close(t.Context()))
	c = client(t, create(t, directory, false), component.KindExporter, queue, "traces")
	value, err := c.Get(t.Context(), "5")
	require.NoError(t, err)
	assert.Equal(t, "being sent", string(value))
	require.NoError(t, c.Delete(t.Context(), "qmv0"))
	require.NoError(t, c.Close(t.Context()))
	c = client(t, create(t, directory, false), component.KindExporter, queue, "traces")
	found, err := c.Get(t.Context(), "qmv0")
	require.NoError(t, err)
	assert.NotEmpty(t, found, "it is made again")
	require.NoError(t, c.Close(t.Context()))
}
