// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package logfilesexporter

import (
	"errors"
	"time"

	"go.opentelemetry.io/collector/component"
)

// Config is the configuration of the log files exporter.
type Config struct {
	// Path is the file, which has JSON lines in OTLP's form. Files that were rotated are next
	// to it, with the time in their names.
	Path string `mapstructure:"path"`

	// MaxAge is how long a record is kept. It is removed at most a quarter of that time
	// later. Default 168h (7 days); 0 keeps records until max_files.
	MaxAge time.Duration `mapstructure:"max_age"`

	// MaxMegabytes is the size at which a file is rotated, in MiB. Default 100.
	MaxMegabytes int `mapstructure:"max_megabytes"`

	// MaxFiles is how many rotated files are kept; the oldest is removed. Default 50; 0
	// keeps all.
	MaxFiles int `mapstructure:"max_files"`

	_ struct{}
}

var _ component.Config = (*Config)(nil)

func createDefaultConfig() component.Config {
	return &Config{MaxAge: 7 * 24 * time.Hour, MaxMegabytes: 100, MaxFiles: 50}
}

// Validate reports which keys hold values that cannot work.
func (c *Config) Validate() error {
	var errs []error
	if c.Path == "" {
		errs = append(errs, errors.New("path: must name a file"))
	}
	if c.MaxAge != 0 && c.MaxAge < time.Second {
		errs = append(errs, errors.New("max_age: must be 0 or at least 1s"))
	}
	if c.MaxMegabytes < 1 {
		errs = append(errs, errors.New("max_megabytes: must be at least 1"))
	}
	if c.MaxFiles < 0 {
		errs = append(errs, errors.New("max_files: must not be negative"))
	}
	return errors.Join(errs...)
}
