// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package walstorageextension

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/extension"
	"go.opentelemetry.io/collector/extension/xextension/storage"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
	"go.uber.org/zap"

	"github.com/otelcol-arc/otelcol-arc/extension/walstorageextension/internal/metadata"
	"github.com/otelcol-arc/otelcol-arc/extension/walstorageextension/internal/wal"
	"github.com/otelcol-arc/otelcol-arc/internal/boltfile"
	"github.com/otelcol-arc/otelcol-arc/internal/health"
	"github.com/otelcol-arc/otelcol-arc/internal/persistentqueue"
)

// problemDamaged lasts until the process ends: what is lost stays lost, and somebody
// should look at the disk.
const problemDamaged health.Problem = "damaged"

// maxNamed bounds the damages that the status names.
const maxNamed = 10

// walStorage is the extension.
type walStorage struct {
	cfg       *Config
	logger    *zap.Logger
	telemetry *metadata.TelemetryBuilder
	health    *health.Health

	log *wal.Log // nil before Start

	mu      sync.Mutex
	damages []error
	more    int
}

var _ storage.Extension = (*walStorage)(nil)

func newStorage(cfg *Config, set extension.Settings) (*walStorage, error) {
	telemetry, err := metadata.NewTelemetryBuilder(set.TelemetrySettings)
	if err != nil {
		return nil, err
	}
	return &walStorage{cfg: cfg, logger: set.Logger, telemetry: telemetry, health: health.New(set.Logger)}, nil
}

// Start opens the log.
func (s *walStorage) Start(_ context.Context, host component.Host) error {
	s.health.Report(host)
	log, err := wal.Open(wal.Options{
		Directory:    s.cfg.Directory,
		MaxSize:      s.cfg.MaxSize,
		OnDamage:     s.onDamage,
		OnIncomplete: s.onIncomplete,
	})
	if err != nil {
		return fmt.Errorf("open the storage: %w", err)
	}
	s.log = log
	return errors.Join(
		s.telemetry.RegisterExtensionWalStorageLiveSizeCallback(func(_ context.Context, o metric.Int64Observer) error {
			live, _ := log.Size()
			o.Observe(live)
			return nil
		}),
		s.telemetry.RegisterExtensionWalStorageFileSizeCallback(func(_ context.Context, o metric.Int64Observer) error {
			_, total := log.Size()
			o.Observe(total)
			return nil
		}),
		s.telemetry.RegisterExtensionWalStorageSyncsCallback(func(_ context.Context, o metric.Int64Observer) error {
			o.Observe(log.Syncs())
			return nil
		}),
	)
}

// Shutdown closes the log.
func (s *walStorage) Shutdown(context.Context) error {
	s.telemetry.Shutdown()
	if s.log == nil {
		return nil
	}
	return s.log.Close()
}

// GetClient returns the client of a component. What file_storage has kept for it is imported,
// and a queue finds what was being sent at its front.
func (s *walStorage) GetClient(ctx context.Context, kind component.Kind, id component.ID, name string) (storage.Client, error) {
	if s.log == nil {
		return nil, errors.New("the storage has not started")
	}
	c := &client{log: s.log, name: boltfile.Name(kind, id, name)}
	if err := s.importFile(ctx, c); err != nil {
		return nil, err
	}
	if !persistentqueue.IsQueue(kind, name) {
		return c, nil
	}
	restored, err := persistentqueue.Restore(ctx, c, c.Keys)
	if err != nil {
		s.logger.Error("Restoring the order of a queue failed; the queue starts as it was left", zap.String("client", c.name), zap.Error(err))
		return c, nil
	}
	if restored.Rebuilt {
		s.logger.Warn("The metadata of a queue was lost, and was made again from its requests; some may be sent twice", zap.String("client", c.name))
	}
	if restored.Requeued > 0 {
		s.logger.Info("Requests that were being sent when the collector ended are sent again", zap.String("client", c.name), zap.Int("requests", restored.Requeued))
	}
	return c, nil
}

func (s *walStorage) onIncomplete(file string, offset, size int64) {
	s.logger.Info("The last write to the storage was not completed and is discarded; nothing in it was acknowledged",
		zap.String("file", file), zap.Int64("offset", offset), zap.Int64("bytes", size))
}

func (s *walStorage) onDamage(d wal.Damage) {
	s.telemetry.ExtensionWalStorageDamagedValues.Add(context.Background(), 1, metric.WithAttributes(attribute.String("outcome", string(d.Outcome))))
	fields := []zap.Field{
		zap.String("client", d.Client), zap.String("key", d.Key), zap.String("file", d.File),
		zap.Int64("offset", d.Offset), zap.Int64("bytes", d.Size), zap.String("outcome", string(d.Outcome)),
	}
	switch d.Outcome {
	case wal.OutcomeRepaired:
		s.logger.Warn("A flipped bit in the storage was repaired; check the disk", fields...)
	case wal.OutcomeUnused:
		s.logger.Warn("A value in the storage that is no longer needed is damaged; check the disk", fields...)
	default:
		s.logger.Error("A value in the storage is damaged and lost; check the disk", fields...)
		s.setLost(fmt.Errorf("a stored value is damaged and lost: %s of %s, %s at %d", d.Key, d.Client, d.File, d.Offset))
	}
}

// setLost adds what was lost to the status.
func (s *walStorage) setLost(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.damages) < maxNamed {
		s.damages = append(s.damages, err)
	} else {
		s.more++
	}
	all := errors.Join(s.damages...)
	if s.more > 0 {
		all = errors.Join(all, fmt.Errorf("and %d more", s.more))
	}
	s.health.Set(problemDamaged, all, "", "")
}
