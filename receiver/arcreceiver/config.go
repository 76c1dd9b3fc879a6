// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package arcreceiver

import (
	"errors"
	"fmt"
	"time"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/config/confighttp"

	"github.com/otelcol-arc/otelcol-arc/internal/webguard"
	"github.com/otelcol-arc/otelcol-arc/receiver/arcreceiver/internal/event"
)

// Config is the configuration of the arc receiver.
type Config struct {
	// HTTP is the server: endpoint (default localhost:8123), TLS, auth, CORS,
	// compression, time limits, and max_request_body_size in bytes after
	// decompression (default 20 MiB).
	HTTP confighttp.ServerConfig `mapstructure:",squash"`

	// AllowedHosts are host names under which the receiver may be requested, in
	// addition to localhost and IP addresses, where it has no authentication. A
	// request under another name is refused, because any site can point a name of
	// its own at this machine. A reverse proxy that passes its own name on needs it.
	// Default: none; host names are then checked on a loopback address only.
	AllowedHosts []string `mapstructure:"allowed_hosts"`

	// MaxEventBytes is the longest event in bytes of JSON that is read; a longer
	// one is rejected and the others of its request are kept. At most 512 MiB.
	// Default 1 MiB.
	MaxEventBytes int `mapstructure:"max_event_bytes"`

	// MaxSeries is the number of series (label sets) each metric may have. What
	// comes with a label set beyond it is counted in one series more, labelled
	// otel.metric.overflow=true. Default 2000.
	MaxSeries int `mapstructure:"max_series"`

	// SeriesExpiration is how long a series is kept that does not change. 0 keeps
	// all. Default 24h.
	SeriesExpiration time.Duration `mapstructure:"series_expiration"`

	// InstanceID makes the metrics those of one of several receivers whose metrics are
	// added up by another collector: they are deltas, and their resource has it as
	// service.instance.id. It is the same after a restart. auto is the host's name.
	// Default: none, the metrics are cumulative.
	InstanceID string `mapstructure:"instance_id"`

	// ResendWindow is how long requests with an Idempotency-Key, and events with
	// an `id`, are remembered after the pipelines took them, so that they are not
	// accepted again. 0 remembers none. Default 10m.
	ResendWindow time.Duration `mapstructure:"resend_window"`

	// MaxResendIDs is the number of events with an `id` that are remembered; the
	// oldest are forgotten first. Each takes some 150 bytes. Default 100000.
	MaxResendIDs int `mapstructure:"max_resend_ids"`

	// File makes the receiver follow files of JSON lines too. Default none.
	File *FileConfig `mapstructure:"file"`

	// Storage is the ID of the storage extension that keeps the place in each
	// file. Default none: after a restart files are read as File.StartAt specifies.
	Storage *component.ID `mapstructure:"storage"`

	_ struct{}
}

var _ component.Config = (*Config)(nil)

// Validate reports which keys hold values that cannot work. The server checks its
// own keys when it starts.
func (c *Config) Validate() error {
	var errs []error
	if c.HTTP.NetAddr.Endpoint == "" {
		errs = append(errs, errors.New("endpoint: must not be empty"))
	}
	if c.HTTP.MaxRequestBodySize < 0 {
		errs = append(errs, fmt.Errorf("max_request_body_size: must not be negative, is %d", c.HTTP.MaxRequestBodySize))
	}
	if err := webguard.ValidateHosts(c.AllowedHosts); err != nil {
		errs = append(errs, err)
	}
	if c.MaxEventBytes < 1 || c.MaxEventBytes > event.MaxBytes {
		errs = append(errs, fmt.Errorf("max_event_bytes: must be from 1 to %d, is %d", event.MaxBytes, c.MaxEventBytes))
	}
	if c.MaxSeries < 1 {
		errs = append(errs, fmt.Errorf("max_series: must be at least 1, is %d", c.MaxSeries))
	}
	if c.SeriesExpiration < 0 {
		errs = append(errs, fmt.Errorf("series_expiration: must not be negative, is %v", c.SeriesExpiration))
	}
	if c.ResendWindow < 0 {
		errs = append(errs, fmt.Errorf("resend_window: must not be negative, is %v", c.ResendWindow))
	}
	if c.MaxResendIDs < 1 {
		errs = append(errs, fmt.Errorf("max_resend_ids: must be at least 1, is %d", c.MaxResendIDs))
	}
	if c.File != nil {
		errs = append(errs, c.File.validate())
	}
	if c.Storage != nil && c.File == nil {
		errs = append(errs, errors.New("storage: is of no use without file"))
	}
	return errors.Join(errs...)
}
