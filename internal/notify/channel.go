// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package notify

import (
	"context"
	"net/http"
	"time"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/config/confighttp"
	"golang.org/x/time/rate"

	"github.com/otelcol-arc/otelcol-arc/internal/alertevent"
)

// Message is what a notifier sends in one request.
type Message struct {
	// ID is the same for every attempt to send these changes, also after a restart.
	ID string
	// Target is the recipient, where the channel has several; "" is all of them.
	Target string
	Alerts []alertevent.Alert
}

// Channel is one way to notify, as its exporter describes it.
type Channel struct {
	// Name distinguishes the channels of an exporter; "" when there is one.
	Name string
	// Receiver is the one whose alerts the channel is sent. "" is for alerts that no
	// route has addressed, and for those whose receiver is the exporter's ID.
	Receiver string
	// Individually makes each alert a message. Otherwise the alerts of a group are
	// one message, and so are all without a group; with Together all alerts are one.
	Individually, Together bool
	// MaxAlerts bounds the alerts of one message; 0: any number.
	MaxAlerts int
	// MaxSettled bounds the alerts whose last notification is remembered, and that
	// are sent again; 0 is the default.
	MaxSettled int
	// Place, when there is one, distinguishes alerts that cannot be in one message.
	Place func(alert alertevent.Alert) string
	// Resend is the time after which a firing alert is sent again; 0: never.
	Resend time.Duration
	// SendResolved sets whether resolutions are sent; nil is what the notifier's
	// configuration sets.
	SendResolved *bool
	// Limit is the rate of messages that the vendor asks for; nil: any.
	Limit *rate.Limiter
	// Secrets are redacted from errors, whoever repeats them. The header values of
	// HTTP are added.
	Secrets []string
	// HTTP are the settings of the client that Send is given.
	HTTP confighttp.ClientConfig
	// Send sends a message. The kind of its error decides whether to try again,
	// see [ErrChannel], [ThrottledError], [PartialError] and consumererror.
	Send func(ctx context.Context, client *http.Client, m Message) error
	// Deliver takes the place of HTTP and Send where the vendor speaks another
	// protocol.
	Deliver func(ctx context.Context, m Message) error
	// Start prepares Send or Deliver; may be nil.
	Start component.StartFunc
}
