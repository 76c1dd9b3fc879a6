// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package elasticsearchexporter

import (
	"context"
	"errors"
	"io"
	"net/http"
	"slices"
	"time"

	contrib "github.com/open-telemetry/opentelemetry-collector-contrib/exporter/elasticsearchexporter"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/config/configmiddleware"
	"go.opentelemetry.io/collector/extension/extensionmiddleware"
	"go.opentelemetry.io/collector/extension/xextension/storage"

	"github.com/otelcol-arc/otelcol-arc/internal/extensionhost"
)

const (
	// stopGrace is how long requests in flight may still get a response when the exporter stops.
	stopGrace = time.Second
	// stopWait is how long they may take to end after they were aborted.
	stopWait = time.Second
)

// Contrib's exporter tries again by itself and not through exporterhelper, so that it
// does not stop before what it has begun is done, which with a node that is down is
// after its timeout. Here requests are aborted soon after the exporter is to stop. The
// queue would take an aborted request for one that failed, and drop it, so the
// storage is closed to the queue before: what was in flight stays there as such, and
// is sent after the next start.

var errStopping = errors.New("the exporter stops")

// stopper ends the requests of an exporter.
type stopper struct {
	stopping context.Context //nolint:containedctx // its end is the signal
	abort    context.CancelFunc
}

func newStopper() *stopper {
	s := &stopper{}
	s.stopping, s.abort = context.WithCancel(context.Background())
	return s
}

// shutdown shuts a component down, without waiting for a node that does not respond.
func (s *stopper) shutdown(ctx context.Context, c component.Component) error {
	done := make(chan error, 1)
	go func() { done <- c.Shutdown(ctx) }()
	for _, wait := range []time.Duration{stopGrace, stopWait} {
		select {
		case err := <-done:
			s.abort()
			return err
		case <-time.After(wait):
			s.abort()
		}
	}
	return nil // a pause between two tries is left, after which there is none
}

// middlewareID names the middleware of the requests. Users do not name it.
var middlewareID = component.MustNewIDWithName("elasticsearch", "stop")

// withMiddleware returns a configuration whose requests s can abort.
func (s *stopper) withMiddleware(config component.Config) component.Config {
	c := *config.(*contrib.Config)
	c.Middlewares = append(slices.Clip(c.Middlewares), configmiddleware.Config{ID: middlewareID})
	return &c
}

// host is the host of the exporter, with the middleware, and storage that s can close.
func (s *stopper) host(of component.Host) component.Host {
	own := map[component.ID]component.Component{
		middlewareID: struct {
			component.Component
			extensionmiddleware.GetHTTPRoundTripperFunc
		}{nil, s.roundTripper},
	}
	for id, extension := range of.GetExtensions() {
		if store, ok := extension.(storage.Extension); ok {
			own[id] = stoppingStorage{store, s}
		}
	}
	return extensionhost.With(of, own)
}

func (s *stopper) roundTripper(context.Context) (extensionmiddleware.WrapHTTPRoundTripperFunc, error) {
	return func(_ context.Context, base http.RoundTripper) (http.RoundTripper, error) {
		return stoppingTransport{base, s}, nil
	}, nil
}

// productHeader is what the client wants responses to have. OpenSearch leaves it out: the client then takes
// each response for a permanent failure, and does not retry what the node rejected for now.
const productHeader = "X-Elastic-Product"

type stoppingTransport struct {
	http.RoundTripper
	*stopper
}

// RoundTrip sends a request, unless the exporter stops.
func (t stoppingTransport) RoundTrip(request *http.Request) (*http.Response, error) {
	if t.stopping.Err() != nil {
		return nil, errStopping
	}
	ctx, cancel := context.WithCancel(request.Context())
	stop := context.AfterFunc(t.stopping, cancel) //nolint:contextcheck // it ends with the exporter, not with the request
	response, err := t.RoundTripper.RoundTrip(request.WithContext(ctx))
	end := func() { stop(); cancel() }
	if err != nil {
		end()
		if t.stopping.Err() != nil {
			err = errStopping
		}
		return nil, err
	}
	if response.Header.Get(productHeader) == "" {
		response.Header.Set(productHeader, "Elasticsearch")
	}
	response.Body = body{response.Body, end}
	return response, nil
}

// body ends the context of its request when it is closed.
type body struct {
	io.ReadCloser
	end func()
}

// Close closes.
func (b body) Close() error {
	defer b.end()
	return b.ReadCloser.Close()
}

type stoppingStorage struct {
	storage.Extension
	*stopper
}

// GetClient returns a client that changes nothing once the exporter stops.
func (s stoppingStorage) GetClient(ctx context.Context, kind component.Kind, id component.ID, name string) (storage.Client, error) {
	client, err := s.Extension.GetClient(ctx, kind, id, name)
	if err != nil {
		return nil, err
	}
	return stoppingClient{client, s.stopper}, nil
}

type stoppingClient struct {
	storage.Client
	*stopper
}

// Set sets.
func (c stoppingClient) Set(ctx context.Context, key string, value []byte) error {
	if c.stopping.Err() != nil {
		return errStopping
	}
	return c.Client.Set(ctx, key, value)
}

// Delete deletes.
func (c stoppingClient) Delete(ctx context.Context, key string) error {
	if c.stopping.Err() != nil {
		return errStopping
	}
	return c.Client.Delete(ctx, key)
}

// Batch gets, sets and deletes.
func (c stoppingClient) Batch(ctx context.Context, ops ...*storage.Operation) error {
	if c.stopping.Err() != nil {
		return errStopping
	}
	return c.Client.Batch(ctx, ops...)
}
