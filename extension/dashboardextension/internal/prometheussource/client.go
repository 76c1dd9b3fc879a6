// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package prometheussource

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/prometheus/client_golang/api"
	prometheus "github.com/prometheus/client_golang/api/prometheus/v1"
	"github.com/prometheus/common/model"
)

const (
	// maxResponseBytes bounds a response in memory.
	maxResponseBytes = 64 << 20
	maxDetailBytes   = 200 // of what a server answers with an error
)

var errTooLarge = fmt.Errorf("a response is larger than %d MiB: there are too many series", maxResponseBytes>>20)

// client queries a server. Its errors are sentences for the users of the dashboard, without
// the URL and what is in it.
type client struct {
	api       prometheus.API
	maxSeries int
}

// newClient is a client that has the endpoint of its configuration.
func newClient(endpoint string, of *http.Client, maxSeries int) (*client, error) {
	bounded := *of
	bounded.Transport = limitResponses(of.Transport)
	made, err := api.NewClient(api.Config{Address: endpoint, Client: &bounded})
	if err != nil {
		return nil, err
	}
	return &client{api: prometheus.NewAPI(made), maxSeries: maxSeries}, nil
}

// steps are the values of an expression at from and after each step, until to.
func (c *client) steps(ctx context.Context, expr string, from, to time.Time, step time.Duration) (model.Matrix, error) {
	value, _, _, err := c.api.QueryRange(ctx, expr, prometheus.Range{Start: from, End: to, Step: step})
	if err != nil {
		return nil, explain(ctx, err)
	}
	matrix, ok := value.(model.Matrix)
	if !ok {
		return nil, fmt.Errorf("the server responded with a %s to a range query", value.Type())
	}
	return matrix, c.checkSeries(len(matrix))
}

// at are the values of an expression at a time.
func (c *client) at(ctx context.Context, expr string, at time.Time) (model.Vector, error) {
	vector, err := instant[model.Vector](ctx, c, expr, at, "an instant query")
	if err != nil {
		return nil, err
	}
	return vector, c.checkSeries(len(vector))
}

// samples are all samples of a range selector that ends at a time.
func (c *client) samples(ctx context.Context, selector string, at time.Time) (model.Matrix, error) {
	matrix, err := instant[model.Matrix](ctx, c, selector, at, "a range selector")
	if err != nil {
		return nil, err
	}
	return matrix, c.checkSeries(len(matrix))
}

// instant is the value of an expression, which must have a type.
func instant[T model.Value](ctx context.Context, c *client, expr string, at time.Time, what string) (T, error) {
	var none T
	value, _, _, err := c.api.Query(ctx, expr, at)
	if err != nil {
		return none, explain(ctx, err)
	}
	typed, ok := value.(T)
	if !ok {
		return none, fmt.Errorf("the server responded with a %s to %s", value.Type(), what)
	}
	return typed, nil
}

func (c *client) checkSeries(n int) error {
	if n > c.maxSeries {
		return fmt.Errorf("there are %d series, and max_series of the source allows %d: raise it, or have fewer dimensions", n, c.maxSeries)
	}
	return nil
}

// explain puts an error of the API in words.
func explain(ctx context.Context, err error) error {
	var (
		failure *prometheus.Error
		address *url.Error
		network net.Error
	)
	switch {
	case errors.Is(err, errTooLarge):
		return errTooLarge
	case errors.Is(err, context.DeadlineExceeded), errors.Is(ctx.Err(), context.DeadlineExceeded), errors.As(err, &network) && network.Timeout():
		return errSlow
	case errors.As(err, &failure):
		return explainFailure(failure)
	case errors.As(err, &address):
		return fmt.Errorf("the server is unavailable: %w", address.Err)
	default:
		return err
	}
}

// errSlow is reported where the time was over.
var errSlow = errors.New("the server did not respond in time (timeout)")

func explainFailure(failure *prometheus.Error) error {
	for status, words := range map[string]string{
		"401": "the server rejects the credentials (401): see auth and headers of the source",
		"403": "the server rejects the credentials (403): see auth and headers of the source",
		"404": "there is no API of Prometheus at the endpoint (404): Mimir has it below /prometheus",
	} {
		if strings.HasSuffix(failure.Msg, ": "+status) {
			return errors.New(words)
		}
	}
	words := "the server responded with an error: " + failure.Msg
	if detail := strings.TrimSpace(failure.Detail); detail != "" && !strings.HasPrefix(detail, "<") {
		words += ": " + detail[:min(len(detail), maxDetailBytes)]
	}
	return errors.New(strings.ToValidUTF8(words, ""))
}

// limitResponses bounds the size of the responses of a transport.
func limitResponses(next http.RoundTripper) http.RoundTripper {
	if next == nil {
		next = http.DefaultTransport
	}
	return roundTripper(func(r *http.Request) (*http.Response, error) {
		response, err := next.RoundTrip(r)
		if err == nil {
			response.Body = &boundedBody{ReadCloser: response.Body, left: maxResponseBytes}
		}
		return response, err
	})
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// boundedBody fails after so many bytes.
type boundedBody struct {
	io.ReadCloser
	left int64
}

func (b *boundedBody) Read(to []byte) (int, error) {
	n, err := b.ReadCloser.Read(to)
	if b.left -= int64(n); b.left < 0 {
		return 0, errTooLarge
	}
	return n, err
}
