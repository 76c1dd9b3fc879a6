// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package metricguardprocessor

import (
	"errors"
	"fmt"

	"go.opentelemetry.io/collector/component"
)

// Config is the configuration of the processor.
type Config struct {
	// MaxBuckets is how many buckets a point of a histogram may have; default 512.
	// A point with more is dropped: each bucket is a line of every scrape.
	MaxBuckets int `mapstructure:"max_buckets"`
	// MaxAttributes is how many attributes a point may have; default 64.
	MaxAttributes int `mapstructure:"max_attributes"`
	// CollectorJobs are the jobs, of scrapes in the configuration, whose points may be
	// under names of the Collector's own metrics (otelcol_…); default otelcol-arc.
	CollectorJobs []string `mapstructure:"collector_jobs"`

	_ struct{}
}

var _ component.Config = (*Config)(nil)

// Validate checks all keys.
func (c *Config) Validate() error {
	return errors.Join(
		positive("max_buckets", c.MaxBuckets),
		positive("max_attributes", c.MaxAttributes),
	)
}

func positive(key string, value int) error {
	if value > 0 {
		return nil
	}
	return fmt.Errorf("%s: must be positive, is %d", key, value)
}
