// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package filestorageextension

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"time"

	contrib "github.com/open-telemetry/opentelemetry-collector-contrib/extension/storage/filestorage"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/extension"
	"go.opentelemetry.io/collector/extension/xextension/storage"
	"go.uber.org/zap"

	"github.com/otelcol-arc/otelcol-arc/internal/boltfile"
	"github.com/otelcol-arc/otelcol-arc/internal/checkedstorage"
	"github.com/otelcol-arc/otelcol-arc/internal/health"
	"github.com/otelcol-arc/otelcol-arc/internal/persistentqueue"
)

const problemDamaged health.Problem = "damaged"

// NewFactory wraps the factory of contrib's extension under the same type and with the same
// configuration.
func NewFactory() extension.Factory {
	wrapped := contrib.NewFactory()
	return extension.NewFactory(
		wrapped.Type(),
		wrapped.CreateDefaultConfig,
		func(ctx context.Context, set extension.Settings, cfg component.Config) (extension.Extension, error) {
			created, err := wrapped.Create(ctx, set, cfg)
			if err != nil {
				return nil, err
			}
			inner, ok := created.(storage.Extension)
			if !ok {
				return nil, fmt.Errorf("%s is not a storage", wrapped.Type())
			}
			return &checkedStorage{Extension: inner, cfg: cfg.(*contrib.Config), logger: set.Logger, health: health.New(set.Logger)}, nil
		},
		wrapped.Stability(),
	)
}

// checkedStorage checks files before they are opened.
type checkedStorage struct {
	storage.Extension
	cfg    *contrib.Config
	logger *zap.Logger
	health *health.Health

	mu          sync.Mutex
	quarantined []error
}

// Start starts the extension.
func (s *checkedStorage) Start(ctx context.Context, host component.Host) error {
	s.health.Report(host)
	return s.Extension.Start(ctx, host)
}

// checkFile quarantines a file that is damaged, or with recreate off names it and fails.
func (s *checkedStorage) checkFile(path string) error {
	if !boltfile.Is(path) {
		return nil
	}
	damage := check(path)
	if damage == nil {
		return nil
	}
	if !s.cfg.Recreate {
		return fmt.Errorf("%s is damaged: %w; move it away, or set recreate to have that done at each start", path, damage)
	}
	to := path + ".damaged-" + time.Now().UTC().Format("20060102T150405.000000000Z")
	if err := os.Rename(path, to); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.quarantined = append(s.quarantined, fmt.Errorf("%s is damaged and was quarantined as %s: %w", path, filepath.Base(to), damage))
	s.health.Set(problemDamaged, errors.Join(s.quarantined...), "", "")
	s.logger.Error("A file of the storage is damaged; it was quarantined, and an empty one is in its place",
		zap.String("file", path), zap.String("quarantined", to), zap.Error(damage))
	return nil
}

// check reports what is damaged, unless the file is open elsewhere.
func check(path string) error {
	release, err := boltfile.Lock(path)
	if err != nil {
		return nil //nolint:nilerr // the error of whoever opens it names the lock
	}
	return errors.Join(boltfile.Read(path, func([]byte, []byte) {}), release())
}

// GetClient returns the client of a component.
func (s *checkedStorage) GetClient(ctx context.Context, kind component.Kind, id component.ID, name string) (storage.Client, error) {
	if err := s.checkFile(filepath.Join(s.cfg.Directory, boltfile.Name(kind, id, name))); err != nil {
		return nil, err
	}
	client, err := s.Extension.GetClient(ctx, kind, id, name)
	if err != nil || !persistentqueue.IsQueue(kind, name) {
		return client, err
	}
	if _, err := persistentqueue.Restore(ctx, client, func(ctx context.Context) ([]string, error) {
		keys, _, err := checkedstorage.KeysOf(ctx, client)
		return keys, err
	}); err != nil {
		s.logger.Error("Restoring the order of a queue failed; the queue starts as it was left", zap.Stringer("exporter", id), zap.Error(err))
	}
	return client, nil
}
