// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package walstorageextension

import (
	"errors"
	"fmt"

	"go.opentelemetry.io/collector/component"
)

// Config is the configuration of the storage extension.
type Config struct {
	// Directory is where the log is kept; it is made if it is missing. One collector at
	// a time uses it. Files that file_storage has left in it are imported.
	Directory string `mapstructure:"directory"`

	// MaxSize bounds the values that are kept, in bytes; the files take up to twice as
	// much and 64 MiB. Above it queues refuse what comes, as when they are full.
	// Default: 0, no bound.
	MaxSize int64 `mapstructure:"max_size"`

	_ struct{}
}

var _ component.Config = (*Config)(nil)

// Validate reports which keys hold values that cannot work.
func (c *Config) Validate() error {
	var errs []error
	if c.Directory == "" {
		errs = append(errs, errors.New("directory: must not be empty"))
	}
	if c.MaxSize < 0 {
		errs = append(errs, fmt.Errorf("max_size: must not be negative, is %d", c.MaxSize))
	}
	return errors.Join(errs...)
}
