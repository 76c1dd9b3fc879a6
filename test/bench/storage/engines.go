// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"context"
	"errors"

	"github.com/cockroachdb/pebble/v2"
	"github.com/open-telemetry/opentelemetry-collector-contrib/extension/storage/filestorage"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/confmap"
	"go.opentelemetry.io/collector/extension"
	"go.opentelemetry.io/collector/extension/extensiontest"
	"go.opentelemetry.io/collector/extension/xextension/storage"

	"github.com/otelcol-arc/otelcol-arc/extension/walstorageextension"
)

var engineNames = []string{"wal_storage", "pebble", "file_storage"}

// engine is one that is compared.
type engine interface {
	client(ctx context.Context, name string) storage.Client
	close(ctx context.Context)
}

// open opens an engine; the process ends if it cannot.
func open(ctx context.Context, name, directory string) engine {
	switch name {
	case "wal_storage":
		return openExtension(ctx, walstorageextension.NewFactory(), map[string]any{"directory": directory})
	case "file_storage":
		return openExtension(ctx, filestorage.NewFactory(), map[string]any{"directory": directory, "fsync": true})
	default:
		db, err := pebble.Open(directory, &pebble.Options{Logger: quiet{}, EventListener: &pebble.EventListener{DataCorruption: func(pebble.DataCorruptionInfo) {}}})
		check(err)
		return pebbleEngine{db}
	}
}

type extensionEngine struct{ storage.Extension }

func openExtension(ctx context.Context, factory extension.Factory, settings map[string]any) engine {
	config := factory.CreateDefaultConfig()
	check(confmap.NewFromStringMap(settings).Unmarshal(config))
	created, err := factory.Create(ctx, extensiontest.NewNopSettings(factory.Type()), config)
	check(err)
	check(created.Start(ctx, componenttest.NewNopHost()))
	return extensionEngine{created.(storage.Extension)}
}

func (e extensionEngine) client(ctx context.Context, name string) storage.Client {
	client, err := e.GetClient(ctx, component.KindExporter, component.MustNewID(name), "")
	check(err)
	return client
}

func (e extensionEngine) close(ctx context.Context) { check(e.Shutdown(ctx)) }

type quiet struct{}

func (quiet) Infof(string, ...any) {}

func (quiet) Errorf(string, ...any) {}

func (quiet) Fatalf(string, ...any) { panic("pebble ends the process") }

// pebbleEngine is how a storage extension would use pebble: puts are synced, reads and deletes are not.
type pebbleEngine struct{ db *pebble.DB }

func (e pebbleEngine) client(_ context.Context, name string) storage.Client {
	return pebbleClient{e.db, name + "/"}
}

func (e pebbleEngine) close(context.Context) { check(e.db.Close()) }

type pebbleClient struct {
	db     *pebble.DB
	prefix string
}

func (c pebbleClient) Get(ctx context.Context, key string) ([]byte, error) {
	o := storage.GetOperation(key)
	return o.Value, c.Batch(ctx, o)
}

func (c pebbleClient) Set(ctx context.Context, key string, value []byte) error {
	return c.Batch(ctx, storage.SetOperation(key, value))
}

func (c pebbleClient) Delete(ctx context.Context, key string) error {
	return c.Batch(ctx, storage.DeleteOperation(key))
}

func (c pebbleClient) Close(context.Context) error { return nil }

func (c pebbleClient) Batch(_ context.Context, operations ...*storage.Operation) error {
	batch, write := c.db.NewBatch(), pebble.NoSync
	for _, o := range operations {
		key := []byte(c.prefix + o.Key)
		var err error
		switch o.Type {
		case storage.Get:
			var value []byte
			var closer interface{ Close() error }
			if value, closer, err = c.db.Get(key); err == nil {
				o.Value = bytes.Clone(value)
				err = closer.Close()
			} else if errors.Is(err, pebble.ErrNotFound) {
				err = nil
			}
		case storage.Set:
			if o.Key != "qmv0" {
				write = pebble.Sync
			}
			err = batch.Set(key, o.Value, nil)
		case storage.Delete:
			err = batch.Delete(key, nil)
		}
		if err != nil {
			return err
		}
	}
	if batch.Empty() {
		return batch.Close()
	}
	return batch.Commit(write)
}
