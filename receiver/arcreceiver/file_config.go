// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package arcreceiver

import (
	"errors"
	"fmt"
	"time"

	"github.com/open-telemetry/opentelemetry-collector-contrib/pkg/stanza/fileconsumer"
	"github.com/open-telemetry/opentelemetry-collector-contrib/pkg/stanza/fileconsumer/matcher"
	"github.com/open-telemetry/opentelemetry-collector-contrib/pkg/stanza/operator/helper"
)

const defaultPollInterval = 200 * time.Millisecond

// FileConfig specifies which files of JSON lines are followed.
type FileConfig struct {
	// Include are the paths of files, or patterns of them (`/var/log/arc/*.jsonl`).
	// Required.
	Include []string `mapstructure:"include"`

	// Exclude are patterns of files that are left alone. Default none.
	Exclude []string `mapstructure:"exclude"`

	// StartAt is `beginning` or `end`: where to begin in files that are there at
	// the first start. Files that come later are read from their beginning.
	// Default beginning.
	StartAt string `mapstructure:"start_at"`

	// PollInterval is the time between two looks at the files. 0 means the
	// default, 200ms.
	PollInterval time.Duration `mapstructure:"poll_interval"`

	_ struct{}
}

func (c *FileConfig) validate() error {
	var errs []error
	if len(c.Include) == 0 {
		errs = append(errs, errors.New("file::include: must name a file"))
	} else if _, err := matcher.New(c.criteria()); err != nil {
		errs = append(errs, fmt.Errorf("file: %w", err))
	}
	if c.StartAt != "" && c.StartAt != "beginning" && c.StartAt != "end" {
		errs = append(errs, fmt.Errorf("file::start_at: must be beginning or end, is %q", c.StartAt))
	}
	if c.PollInterval < 0 {
		errs = append(errs, fmt.Errorf("file::poll_interval: must not be negative, is %v", c.PollInterval))
	}
	return errors.Join(errs...)
}

func (c *FileConfig) criteria() matcher.Criteria {
	return matcher.Criteria{Include: c.Include, Exclude: c.Exclude}
}

// follow is the configuration of contrib's file reader.
func (c *FileConfig) follow(maxEventBytes int) *fileconsumer.Config {
	to := fileconsumer.NewConfig()
	to.Criteria = c.criteria()
	to.IncludeFilePath = true // for naming bad lines
	to.Encoding = "utf-8-raw" // the decoder of events replaces what is not UTF-8
	// A file that was copied and truncated may begin as it did before, and be as
	// long again before anybody checks: more of it is compared than the default.
	to.FingerprintSize = 4 << 10
	to.MaxLogSize = helper.ByteSize(maxEventBytes)
	// A line is read when it is complete, however long it takes to be written.
	to.FlushPeriod = 0
	to.StartAt = "beginning"
	if c.StartAt != "" {
		to.StartAt = c.StartAt
	}
	to.PollInterval = defaultPollInterval
	if c.PollInterval > 0 {
		to.PollInterval = c.PollInterval
	}
	return to
}
