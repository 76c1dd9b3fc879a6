// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package alertmanagerexporter

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"

	"github.com/prometheus/alertmanager/api/v2/models"
	"go.opentelemetry.io/collector/consumer/consumererror"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
	"go.uber.org/zap"

	"github.com/otelcol-arc/otelcol-arc/internal/notify"
)

// path is that of the API method that accepts alerts.
// https://github.com/prometheus/alertmanager/blob/main/api/v2/openapi.yaml
const path = "api/v2/alerts"

// server is one Alertmanager.
type server struct {
	host, target string
	name         string // distinguishes it from the others
	// classic is set once it rejected label names that are not letters, digits and
	// underscores, as versions before 0.27 do.
	classic atomic.Bool
}

func newServers(endpoints []string) ([]*server, error) {
	list := make([]*server, len(endpoints))
	for i, endpoint := range endpoints {
		u, err := url.Parse(endpoint)
		if err != nil {
			return nil, fmt.Errorf("endpoints::%d: %w", i, notify.RedactURL(err))
		}
		list[i] = &server{host: u.Host, name: strings.TrimSuffix(u.Host+u.EscapedPath(), "/"), target: u.JoinPath(path).String()}
	}
	return list, nil
}

// poster posts to servers, and counts the requests.
type poster struct {
	requests metric.Int64Counter
	logger   *zap.Logger
}

// post sends the payload to a server. If the server rejects it, it is sent again with
// label names that every Alertmanager accepts: an alert must not be lost because of a
// dot in a label name.
func (p *poster) post(ctx context.Context, client *http.Client, to *server, payload models.PostableAlerts) error {
	escaped, differs := escape(payload)
	if differs && to.classic.Load() {
		return p.request(ctx, client, to, escaped)
	}
	err := p.request(ctx, client, to, payload)
	if !differs || !consumererror.IsPermanent(err) {
		return err
	}
	if p.request(ctx, client, to, escaped) != nil {
		return err
	}
	if !to.classic.Swap(true) {
		p.logger.Warn("Alertmanager before 0.27 accepts no UTF-8 label names; they are sent with underscores", zap.String("server", to.host))
	}
	return nil
}

func (p *poster) request(ctx context.Context, client *http.Client, to *server, payload models.PostableAlerts) error {
	body, err := json.Marshal(payload)
	if err != nil {
		return consumererror.NewPermanent(fmt.Errorf("encode alerts: %w", err))
	}
	if _, err = notify.PostToAPI(ctx, client, to.target, body); err != nil {
		err = fmt.Errorf("%s: %w", to.host, err)
	}
	p.requests.Add(ctx, 1, metric.WithAttributes(attribute.String("server", to.host), attribute.String("result", result(err))))
	return err
}

func result(err error) string {
	switch {
	case err == nil:
		return "accepted"
	case consumererror.IsPermanent(err):
		return "refused"
	default:
		return "failed"
	}
}
