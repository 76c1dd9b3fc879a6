// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-arc/otelcol-arc/internal/testkit/collector"
)

// A request is on the disk with one sync before it is acknowledged, whatever it is written to: the
// queues of three signals, and the journal of the ledger. Those of senders at the same time
// share them.
func TestOneSyncARequest(t *testing.T) {
	t.Parallel()
	const requests = 50
	s := newSite(t)
	// What is written in between is not of requests.
	options, metrics := measured(t, s.options)
	options.Set = append(options.Set, "processors::llm_cost::metrics_interval=1h", "processors::alert::evaluation_interval=1h")
	process := collector.Start(t, options)
	syncs := func() float64 { return scrape(t, metrics).sum("otelcol_extension_wal_storage_syncs_total") }
	spans := newSpanRequest(t, 1, nil)
	transport := &http.Transport{TLSClientConfig: s.security.tls(), MaxIdleConnsPerHost: 1}
	t.Cleanup(transport.CloseIdleConnections)
	l := &load{s: s, client: &http.Client{Transport: transport, Timeout: 30 * time.Second}}
	for name, send := range map[string]func(number int) bool{
		"a span": func(number int) bool {
			return l.post(t.Context(), "https://"+s.http+"/v1/traces", "application/x-protobuf", spans.numbered(uint64(number)))
		},
		"Arc events of each signal": func(number int) bool {
			return l.post(t.Context(), s.arcURL()+"/v1/events", "application/x-ndjson", []byte(lines(
				llmEvent(call{model: "gpt-4o", input: 1000 + number, output: 500}, 0.7),
				`{"method":"GET","endpoint":"/chat","status":200,"duration":0.1}`,
				fmt.Sprintf(`{"level":"INFO","logger":"arc","message":"number %d"}`, number),
			)))
		},
	} {
		before := syncs()
		for number := range requests {
			require.True(t, send(number+1), name)
		}
		of := syncs() - before
		t.Logf("%s: %.2f syncs a request", name, of/requests)
		assert.LessOrEqual(t, of, 1.1*requests, name)
		assert.GreaterOrEqual(t, of, 0.9*requests, name)
	}
	process.Terminate(t, 20*time.Second)
}
