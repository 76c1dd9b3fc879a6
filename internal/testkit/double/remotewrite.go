// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package double

import (
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"

	"github.com/golang/snappy"
	"github.com/prometheus/prometheus/prompb"
)

// RemoteWrite accepts Prometheus remote write 1.0.
// https://prometheus.io/docs/specs/prw/remote_write_spec/
type RemoteWrite struct {
	URL string

	mu     sync.Mutex
	series []prompb.TimeSeries
}

// NewRemoteWrite serves until the test ends.
func NewRemoteWrite(tb testing.TB) *RemoteWrite {
	tb.Helper()
	rw := &RemoteWrite{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var request prompb.WriteRequest
		compressed, err := io.ReadAll(r.Body)
		var body []byte
		if err == nil {
			body, err = snappy.Decode(nil, compressed)
		}
		if err == nil {
			err = request.Unmarshal(body)
		}
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		rw.mu.Lock()
		defer rw.mu.Unlock()
		rw.series = append(rw.series, request.Timeseries...)
		w.WriteHeader(http.StatusNoContent)
	}))
	tb.Cleanup(server.Close)
	rw.URL = server.URL
	return rw
}

// Latest is the newest value of the series with the labels, and whether there is one.
func (rw *RemoteWrite) Latest(labels map[string]string) (float64, bool) {
	rw.mu.Lock()
	defer rw.mu.Unlock()
	for _, series := range slices.Backward(rw.series) {
		matching := 0
		for _, label := range series.Labels {
			if value, ok := labels[label.Name]; ok && value == label.Value {
				matching++
			}
		}
		if matching == len(labels) && len(series.Samples) > 0 {
			return series.Samples[len(series.Samples)-1].Value, true
		}
	}
	return 0, false
}
