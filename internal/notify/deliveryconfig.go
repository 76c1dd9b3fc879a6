// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package notify

import (
	"errors"
	"fmt"
	"time"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/config/confighttp"
	"go.opentelemetry.io/collector/config/configoptional"
	"go.opentelemetry.io/collector/config/configretry"
	"go.opentelemetry.io/collector/exporter/exporterhelper"
	"go.uber.org/zap"

	"github.com/otelcol-arc/otelcol-arc/internal/mutetime"
)

// timeout bounds one request.
const timeout = 10 * time.Second

// DeliveryConfig is what all notifiers are configured with. It is embedded with
// squash.
type DeliveryConfig struct {
	// Severities are those of the alerts that are notified: info, warning, error,
	// critical. Default: none, which means all, also those without a severity.
	Severities []string `mapstructure:"severities"`

	// SeverityMap maps words of the label severity to info, warning, error or
	// critical, in addition to the usual ones: page, P1, P2, fatal, emergency, alert
	// and sev1 are critical; high, P3, sev2, major are error; warn, medium, P4, sev3,
	// minor are warning; none, low, notice, debug, P5, sev4 are info. Case does not
	// matter. Default: {}.
	SeverityMap map[string]string `mapstructure:"severity_map"`

	// Filter chooses alerts by their labels. Default: all.
	Filter FilterConfig `mapstructure:"filter"`

	// SendResolved sets whether recipients are notified when an alert is resolved. An
	// alert that is resolved before its notification was sent is not sent in either
	// case. Default: true.
	SendResolved bool `mapstructure:"send_resolved"`

	// MuteTimeIntervals are times at which nothing is sent, in Alertmanager's
	// syntax: each has any of times, weekdays, days_of_month, months, years and
	// location. What still fires afterward is sent then. Default: none.
	// https://prometheus.io/docs/alerting/latest/configuration/#time_interval
	MuteTimeIntervals []map[string]any `mapstructure:"mute_time_intervals"`

	// Storage is the ID of the storage extension in which waiting notifications and
	// the notification state are persisted across restarts. Default: none, in
	// memory.
	Storage *component.ID `mapstructure:"storage"`

	// Retry is how long to wait after a failed attempt. Default: exponential
	// backoff from 5s to 30s, and never given up.
	Retry configretry.BackOffConfig `mapstructure:"retry_on_failure"`

	// Queue is deprecated: there is no queue of notifications. Its storage is used
	// when storage is not set; all other settings have no effect.
	Queue configoptional.Optional[exporterhelper.QueueBatchConfig] `mapstructure:"sending_queue"`

	// prevent unkeyed literal initialization
	_ struct{}
}

// NewDeliveryConfig is the default of all notifiers.
//
// Retry never gives up: an alert must not be lost because the vendor was down for
// longer than the five minutes after which the Collector's exporters give up.
func NewDeliveryConfig() DeliveryConfig {
	retry := configretry.NewDefaultBackOffConfig()
	retry.MaxElapsedTime = 0
	return DeliveryConfig{
		SendResolved: true,
		Retry:        retry,
		Queue:        configoptional.Default(exporterhelper.NewDefaultQueueConfig()),
	}
}

// NewClientConfig is the default client of a notifier. It keeps no connection
// alive: alerts are rare, and when an idle connection turns out to be closed it is
// unknown whether the message was accepted.
func NewClientConfig() confighttp.ClientConfig {
	client := confighttp.NewDefaultClientConfig()
	client.Timeout = timeout
	client.Keepalive = configoptional.Default(confighttp.NewDefaultKeepaliveClientConfig())
	return client
}

// Problems names everything that is wrong with the settings. It is not called
// Validate so that it is not called twice.
func (c *DeliveryConfig) Problems() []error {
	errs := c.filter().Validate()
	for _, err := range c.Filter.Problems() {
		errs = append(errs, fmt.Errorf("filter::%w", err))
	}
	errs = append(errs, validateSeverityMap(c.SeverityMap)...)
	if _, err := mutetime.Parse("mute_time_intervals", c.MuteTimeIntervals); err != nil {
		errs = append(errs, err)
	}
	return errs
}

// ClientProblems names what is wrong with an HTTP client; address is the key
// under which its address is set.
func ClientProblems(client confighttp.ClientConfig, address string) []error {
	var errs []error
	if client.Timeout <= 0 {
		errs = append(errs, fmt.Errorf("http::timeout: must be more than 0, or a silent server would hold up every alert; is %s", client.Timeout))
	}
	if client.Endpoint != "" {
		errs = append(errs, errors.New("http::endpoint: must be empty, the address is "+address))
	}
	return errs
}

func (c *DeliveryConfig) filter() Filter {
	return Filter{Severities: c.Severities, Matchers: c.Filter.Compile()}
}

// StorageID is the storage extension; nil for none.
func (c *DeliveryConfig) StorageID() *component.ID {
	if c.Storage == nil && c.Queue.HasValue() {
		return c.Queue.Get().StorageID
	}
	return c.Storage
}

// warnDeprecated logs the settings that have no effect any more.
func (c *DeliveryConfig) warnDeprecated(logger *zap.Logger) {
	if !c.Queue.HasValue() {
		return
	}
	if queue := c.Queue.Get(); queue.StorageID != nil && c.Storage == nil {
		logger.Warn("sending_queue::storage is deprecated, use storage", zap.Stringer("storage", *queue.StorageID))
	}
	queue := *c.Queue.Get()
	if usual := exporterhelper.NewDefaultQueueConfig(); queue.QueueSize != usual.QueueSize || queue.NumConsumers > 1 && queue.NumConsumers != usual.NumConsumers ||
		queue.BlockOnOverflow || queue.WaitForResult || queue.Batch.HasValue() != usual.Batch.HasValue() {
		logger.Warn("sending_queue has no effect but for storage: notifications are kept as state, one for each alert")
	}
}
