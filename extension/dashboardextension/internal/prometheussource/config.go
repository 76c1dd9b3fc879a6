// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package prometheussource

import (
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	"go.opentelemetry.io/collector/config/confighttp"

	"github.com/otelcol-arc/otelcol-arc/internal/dashboard"
)

// Collector is the dimension that names the collector which counted a call.
const Collector = "collector"

const (
	defaultTimeout   = 30 * time.Second
	defaultMaxSeries = 100_000
)

// Config names a server that has the metrics of several collectors, and what they are split by.
type Config struct {
	// ClientConfig is the client: endpoint (http://prometheus:9090, or
	// http://mimir:9009/prometheus), auth, tls, headers such as X-Scope-OrgID, and timeout, the
	// longest that a page waits for the server (default 30s).
	confighttp.ClientConfig `mapstructure:",squash"`

	// Dimensions are those of the llm_cost processors of the collectors, by name; or any other
	// labels that distinguish calls, as cluster. Default: service.name and gen_ai.agent.name.
	Dimensions []string `mapstructure:"dimensions"`

	// CollectorLabels are the labels that together name a collector. Of series that differ in other
	// labels alone the largest value counts, as of those of a pod that was replaced. An empty one
	// counts as none, and exported_L goes before L. Default: cluster, namespace, job and instance.
	CollectorLabels []string `mapstructure:"collector_labels"`

	// MaxSeries is the number of series in a response above which the source reports an error
	// instead of figures. Default: 100000.
	MaxSeries int `mapstructure:"max_series"`

	_ struct{}
}

var labelName = regexp.MustCompile(`^[a-zA-Z_][a-zA-Z0-9_]*$`)

// NewDefaultConfig returns the defaults.
func NewDefaultConfig() Config {
	client := confighttp.NewDefaultClientConfig()
	client.Timeout = defaultTimeout
	return Config{
		ClientConfig: client, Dimensions: []string{"service.name", "gen_ai.agent.name"},
		CollectorLabels: []string{"cluster", "namespace", "job", "instance"}, MaxSeries: defaultMaxSeries,
	}
}

// Validate reports which keys hold values that cannot work.
func (c *Config) Validate() error {
	var errs []error
	switch u, err := url.Parse(c.Endpoint); {
	case c.Endpoint == "":
		errs = append(errs, errors.New("endpoint: must not be empty"))
	case err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "":
		errs = append(errs, errors.New("endpoint: must be an http or https URL"))
	case u.User != nil:
		errs = append(errs, errors.New("endpoint: must have no credentials in it: use auth"))
	}
	if c.Timeout <= 0 {
		errs = append(errs, fmt.Errorf("timeout: must be positive, is %s", c.Timeout))
	}
	if c.MaxSeries < 1 {
		errs = append(errs, fmt.Errorf("max_series: must be positive, is %d", c.MaxSeries))
	}
	labels := map[string]string{labelKind: "the metrics", labelUnit: "the metrics", labelOverflow: "the metrics"}
	for i, name := range c.Dimensions {
		switch label := dashboard.MetricLabel(name); {
		case strings.TrimSpace(name) == "":
			errs = append(errs, fmt.Errorf("dimensions::%d: is empty", i))
		case slices.Contains([]string{dashboard.Model, dashboard.Provider, Collector}, name):
			errs = append(errs, fmt.Errorf("dimensions::%d: %s is always there", i, name))
		case slices.Contains(c.CollectorLabels, strings.TrimPrefix(label, exported)):
			errs = append(errs, fmt.Errorf("dimensions::%d: %s is one of collector_labels", i, label))
		case labels[label] != "":
			errs = append(errs, fmt.Errorf("dimensions::%d: the label %s is that of %s already", i, label, labels[label]))
		default:
			labels[label] = name
		}
	}
	if len(c.CollectorLabels) == 0 {
		errs = append(errs, errors.New("collector_labels: must name a label"))
	}
	for i, name := range c.CollectorLabels {
		if !labelName.MatchString(name) {
			errs = append(errs, fmt.Errorf("collector_labels::%d: must be the name of a label, is %q", i, name))
		}
	}
	return errors.Join(errs...)
}
