// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package walstorageextension

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/prometheus/prometheus/tsdb/fileutil"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/extension/xextension/storage"
	"go.uber.org/zap"

	"github.com/otelcol-arc/otelcol-arc/internal/boltfile"
)

const (
	// suffixImported is that of files of file_storage that have been taken over.
	suffixImported = ".imported"
	// maxFileName is that of the file systems that there are.
	maxFileName = 255
)

// takeOver moves what file_storage has in its file of the client into the log. All of it is
// there when the file is renamed; if the process ends before, it is done again.
func (s *walStorage) takeOver(ctx context.Context, c *client) error {
	path := filepath.Join(s.cfg.Directory, c.name)
	if !boltfile.Is(path) {
		return nil
	}
	lock, _, err := fileutil.Flock(path)
	if err != nil {
		return fmt.Errorf("lock %s, which another process may have open: %w", path, err)
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
		s.logger.Error("A file of file_storage is damaged; what can be read of it is taken over", zap.String("file", path), zap.Error(damage))
		s.setLost(fmt.Errorf("%s was damaged, and not all of it could be taken over: %w", path, damage))
	}
	if err := errors.Join(c.Batch(ctx, operations...), lock.Release()); err != nil {
		return fmt.Errorf("take over %s: %w", path, err)
	}
	if err := os.Rename(path, path+suffixImported); err != nil {
		return fmt.Errorf("take over %s: %w", path, err)
	}
	s.logger.Info("Took over a file of file_storage; it is not needed any more", zap.String("file", path+suffixImported), zap.Int("values", values))
	return nil
}

// clientName is the name of the file that file_storage has for the component, and the name of the
// client in the log.
func clientName(kind component.Kind, id component.ID, name string) string {
	parts := []string{"other", id.Type().String(), id.Name()}
	switch kind {
	case component.KindReceiver, component.KindProcessor, component.KindExporter, component.KindExtension, component.KindConnector:
		parts[0] = strings.ToLower(kind.String())
	}
	if name != "" {
		parts = append(parts, name)
	}
	var to strings.Builder
	for _, char := range strings.Join(parts, "_") {
		switch {
		case char >= 'a' && char <= 'z', char >= 'A' && char <= 'Z', char >= '0' && char <= '9', char == '.', char == '-', char == '_':
			to.WriteRune(char)
		default:
			fmt.Fprintf(&to, "~%04X", char)
		}
	}
	if to.Len() > maxFileName {
		sum := sha256.Sum256([]byte(to.String()))
		return hex.EncodeToString(sum[:])
	}
	return to.String()
}
