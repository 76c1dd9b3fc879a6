// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-arc/otelcol-arc/internal/testkit/collector"
)

// The dashboard of a collector that nobody sends to shows what to do, then why what arrives is not
// a call, and with the first call the usage.
func TestFirstVisit(t *testing.T) {
	t.Parallel()
	p, set := quick(t)
	process := collector.Start(t, collector.Options{
		Configs: []string{"config/default.yaml"}, Set: append(set, "exporters::prometheus::endpoint="+p.page),
	})
	home := "http://" + p.dashboard + "/"
	require.EventuallyWithT(t, func(c *assert.CollectT) {
		page := get(c, home)
		assert.Contains(c, page, "Nothing has arrived yet")
		assert.Contains(c, page, "OTEL_EXPORTER_OTLP_ENDPOINT=http://localhost:4318")
	}, 60*time.Second, 200*time.Millisecond)

	const query = `{"resourceSpans":[{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"shop"}}]},"scopeSpans":[{"scope":{"name":"opentelemetry.instrumentation.cohere","version":"0.62.4"},
		"spans":[{"traceId":"5b8efff798038103d269b633813fc60c","spanId":"eee19b7ec3c1b174","name":"SELECT","kind":3,"startTimeUnixNano":"1","endTimeUnixNano":"2",
		"attributes":[{"key":"db.system","value":{"stringValue":"mysql"}}]}]}]}]}`
	response, err := http.Post("http://"+p.http+"/v1/traces", "application/json", strings.NewReader(query))
	require.NoError(t, err)
	require.NoError(t, response.Body.Close())
	require.Equal(t, http.StatusOK, response.StatusCode)
	require.EventuallyWithT(t, func(c *assert.CollectT) {
		page := get(c, home)
		assert.Contains(c, page, `Received Spans: <b class="num">1</b>`)
		assert.Contains(c, page, `<b class="num">1</b> not a call: no convention knows its keys.`)
		list := get(c, home+"arrivals")
		assert.Contains(c, list, "shop")
		assert.Contains(c, list, "(this version)", "what was measured of it")
	}, 60*time.Second, 200*time.Millisecond)

	sendSpans(t, grpcExporter(t, p.grpc, security{}), mainJobCalls[0])
	require.EventuallyWithT(t, func(c *assert.CollectT) {
		page := get(c, home)
		assert.NotContains(c, page, "Waiting for the first call")
		assert.NotContains(c, page, "http-equiv")
		assert.Contains(c, get(c, home+"api/arrivals"), `"researcher"`)
	}, 60*time.Second, 200*time.Millisecond)
	process.Terminate(t, 20*time.Second)
}
