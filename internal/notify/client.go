// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package notify

import (
	"context"
	"net/http"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/otel/trace/noop"
)

// newClient makes the client. Its requests are not spans, because a span has the
// address, which can be a secret, as an attribute. It follows no redirect, because
// that would carry the message, and the address as referrer, to another host.
func (w *worker) newClient(ctx context.Context, host component.Host) (*http.Client, error) {
	set := w.owner.set.TelemetrySettings
	set.TracerProvider = noop.NewTracerProvider()
	client, err := w.channel.HTTP.ToClient(ctx, host.GetExtensions(), set)
	if err != nil {
		return nil, err
	}
	client.Transport = noting{next: redacting{next: client.Transport, secrets: w.channel.Secrets}, last: &w.lastStatus}
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return client, nil
}

// redactedError has the text of an error without secrets. It unwraps to the error.
type redactedError struct {
	error
	text string
}

func (e *redactedError) Error() string { return e.text }

func (e *redactedError) Unwrap() error { return e.error }
