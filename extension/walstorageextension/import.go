// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package walstorageextension

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"go.opentelemetry.io/collector/extension/xextension/storage"
	"go.uber.org/zap"

	"github.com/otelcol-arc/otelcol-arc/internal/boltfile"
)

// suffixImported is that of files of file_storage that have been imported.
const suffixImported = ".imported"

// importFile moves what file_storage has in its file of the client into the log. All of it is
// there when the file is renamed; if the process ends before, it is done again.
func (s *walStorage) importFile(ctx context.Context, c *client) error {
	path := filepath.Join(s.cfg.Directory, c.name)
	if !boltfile.Is(path) {
		return nil
	}
	release, err := boltfile.Lock(path)
	if err != nil {
		return fmt.Errorf("import %s: %w", path, err)
	}
	var operations []*storage.Operation
	for _, key := range c.log.Keys(c.name) {
		operations = append(operations, storage.DeleteOperation(key))
	}
	values := 0
	damage := boltfile.Read(path, func(key, value []byte) {
		values++
		operations = append(operations, storage.SetOperation(string(key), append([]byte{}, value...)))
	})
	if damage != nil {
		s.logger.Error("A file of file_storage is damaged; what can be read of it is imported", zap.String("file", path), zap.Error(damage))
		s.setLost(fmt.Errorf("%s was damaged, and not all of it could be imported: %w", path, damage))
	}
	if err := errors.Join(c.Batch(ctx, operations...), release()); err != nil {
		return fmt.Errorf("import %s: %w", path, err)
	}
	if err := os.Rename(path, path+suffixImported); err != nil {
		return fmt.Errorf("import %s: %w", path, err)
	}
	s.logger.Info("Imported a file of file_storage; it is no longer needed", zap.String("file", path+suffixImported), zap.Int("values", values))
	return nil
}
