// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package notify

import (
	"errors"
	"fmt"

	"github.com/prometheus/alertmanager/matcher/compat"
	"github.com/prometheus/alertmanager/pkg/labels"
	"github.com/prometheus/common/promslog"
)

// FilterConfig chooses alerts by their labels.
type FilterConfig struct {
	// Matchers are in Alertmanager's syntax, such as team="search" or
	// {severity=~"warning|critical", env!="dev"}. An alert has to match all of
	// them; a label that it does not have is empty. Default: none.
	// https://prometheus.io/docs/alerting/latest/configuration/#matcher
	Matchers []string `mapstructure:"matchers"`

	// prevent unkeyed literal initialization
	_ struct{}
}

// Problems names every matcher that cannot be read. It is not called Validate,
// which would be called with a key that users do not have.
func (c FilterConfig) Problems() []error {
	_, errs := c.parse()
	return errs
}

// Compile returns the matchers of a [Filter]; nil when the settings are not valid,
// which Problems reports.
func (c FilterConfig) Compile() labels.Matchers {
	matchers, _ := c.parse()
	return matchers
}

func (c FilterConfig) parse() (labels.Matchers, []error) {
	// As Alertmanager reads them by default: with any UTF-8 in names, and else as
	// its classic syntax. What it would log about the difference is not of use here.
	read := compat.FallbackMatchersParser(promslog.NewNopLogger())
	var all labels.Matchers
	var errs []error
	for i, text := range c.Matchers {
		some, err := read(text, "filter")
		if err == nil && len(some) == 0 {
			err = errors.New("matches nothing in particular")
		}
		if err != nil {
			errs = append(errs, fmt.Errorf("matchers::%d: %q: %w", i, text, err))
			continue
		}
		all = append(all, some...)
	}
	if len(errs) > 0 {
		return nil, errs
	}
	return all, nil
}
