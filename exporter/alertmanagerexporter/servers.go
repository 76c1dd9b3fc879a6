// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package alertmanagerexporter

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"sync"

	"go.opentelemetry.io/collector/consumer/consumererror"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"

	"github.com/otelcol-arc/otelcol-arc/internal/notify"
)

// path is that of the call that takes alerts.
// https://github.com/prometheus/alertmanager/blob/main/api/v2/openapi.yaml
const path = "api/v2/alerts"

// servers are the Alertmanagers, all of which are told everything.
type servers struct {
	all      []server
	requests metric.Int64Counter
}

type server struct{ host, target string }

func newServers(endpoints []string, requests metric.Int64Counter) (*servers, error) {
	s := &servers{requests: requests}
	for i, endpoint := range endpoints {
		u, err := url.Parse(endpoint)
		if err != nil {
			return nil, fmt.Errorf("endpoints::%d: %w", i, notify.RedactURL(err))
		}
		s.all = append(s.all, server{host: u.Host, target: u.JoinPath(path).String()})
	}
	return s, nil
}

// post sends body to all at once. It is enough that one accepts: Alertmanagers
// of a cluster do not share alerts, but each of them notifies. The error is
// permanent when all refuse for good.
func (s *servers) post(ctx context.Context, client *http.Client, body []byte) error {
	errs := make([]error, len(s.all))
	var wg sync.WaitGroup
	for i, to := range s.all {
		wg.Go(func() {
			if _, err := notify.Post(ctx, client, to.target, body); err != nil {
				errs[i] = fmt.Errorf("%s: %w", to.host, err)
			}
			s.requests.Add(ctx, 1, metric.WithAttributes(attribute.String("server", to.host), attribute.String("result", result(errs[i]))))
		})
	}
	wg.Wait()
	return verdict(errs)
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

// verdict leaves out permanent errors when another server may still accept,
// because one among others would make all of them permanent.
func verdict(errs []error) error {
	var passing []error
	for _, err := range errs {
		if err == nil {
			return nil
		}
		if !consumererror.IsPermanent(err) {
			passing = append(passing, err)
		}
	}
	if len(passing) > 0 {
		return errors.Join(passing...)
	}
	return errors.Join(errs...)
}
