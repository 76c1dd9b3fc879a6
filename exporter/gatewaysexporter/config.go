// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package gatewaysexporter

import (
	"errors"
	"fmt"
	"net"
	"time"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/config/configgrpc"
	"go.opentelemetry.io/collector/config/configoptional"
	"go.opentelemetry.io/collector/config/configretry"
	"go.opentelemetry.io/collector/exporter/exporterhelper"
)

// Config is the configuration of the gateways exporter.
type Config struct {
	// Endpoints are the gateways, host:port of OTLP over gRPC. All agents must have the
	// same, in any order.
	Endpoints []string `mapstructure:"endpoints"`

	// PreviousEndpoints are the gateways that records before ChangedAt go to, while the
	// list changes. What their queues hold is sent. Default: none.
	PreviousEndpoints []string `mapstructure:"previous_endpoints"`

	// ChangedAt is when the list changes, as 2026-12-01T12:00:00Z: the time of the record
	// decides, so that agents that are configured at different moments agree.
	ChangedAt string `mapstructure:"changed_at"`

	// MaxRequestBytes is the size above which a request is divided, in bytes of
	// protobuf. A record that is larger is sent alone. Default 1048576 (1 MiB).
	MaxRequestBytes int `mapstructure:"max_request_bytes"`

	// Timeout is how long one try may take. Default 10s.
	exporterhelper.TimeoutConfig `mapstructure:",squash"`

	// Queue is the queue of each gateway.
	Queue configoptional.Optional[exporterhelper.QueueBatchConfig] `mapstructure:"sending_queue"`

	// Retry is how often a request is tried. Default: from 1s to 10s apart, without an end.
	Retry configretry.BackOffConfig `mapstructure:"retry_on_failure"`

	// Client is the gRPC client of each gateway: tls, auth, headers, compression, keepalive.
	Client configgrpc.ClientConfig `mapstructure:",squash"`

	_ struct{}
}

var _ component.Config = (*Config)(nil)

// Validate reports which keys hold values that cannot work.
func (c *Config) Validate() error {
	var errs []error
	if len(c.Endpoints) == 0 {
		errs = append(errs, errors.New("endpoints: must name at least one gateway"))
	}
	errs = append(errs, validateEndpoints("endpoints", c.Endpoints), validateEndpoints("previous_endpoints", c.PreviousEndpoints))
	if c.Client.Endpoint != "" {
		errs = append(errs, errors.New("endpoint: is of no use here, set endpoints"))
	}
	if _, err := c.changedAt(); err != nil {
		errs = append(errs, err)
	}
	if (len(c.PreviousEndpoints) > 0) != (c.ChangedAt != "") {
		errs = append(errs, errors.New("previous_endpoints, changed_at: set both or neither"))
	}
	if c.MaxRequestBytes < 1 {
		errs = append(errs, fmt.Errorf("max_request_bytes: must be at least 1, is %d", c.MaxRequestBytes))
	}
	return errors.Join(errs...)
}

func validateEndpoints(key string, endpoints []string) error {
	var errs []error
	seen := map[string]bool{}
	for i, endpoint := range endpoints {
		if _, port, err := net.SplitHostPort(endpoint); err != nil || port == "" {
			errs = append(errs, fmt.Errorf("%s[%d]: must be host:port, is %q", key, i, endpoint))
		}
		if seen[endpoint] {
			errs = append(errs, fmt.Errorf("%s[%d]: %s is in the list twice", key, i, endpoint))
		}
		seen[endpoint] = true
	}
	return errors.Join(errs...)
}

// changedAt is the zero time if the list does not change.
func (c *Config) changedAt() (time.Time, error) {
	if c.ChangedAt == "" {
		return time.Time{}, nil
	}
	at, err := time.Parse(time.RFC3339, c.ChangedAt)
	if err != nil {
		return time.Time{}, fmt.Errorf("changed_at: must be a time as 2026-12-01T12:00:00Z, is %q", c.ChangedAt)
	}
	return at, nil
}
