// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"regexp"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-arc/otelcol-arc/internal/testkit/collector"
)

// sender sends numbered requests, and remembers those that were acknowledged.
type sender struct {
	client *http.Client
	header http.Header
	next   atomic.Uint32

	mu           sync.Mutex
	acknowledged []uint32
}

// run sends until the context ends. A request is sent once: what is not acknowledged may or
// may not arrive.
func (s *sender) run(ctx context.Context, request func(number uint32) (url, kind string, body []byte)) {
	for ctx.Err() == nil {
		number := s.next.Add(1)
		url, kind, body := request(number)
		if !s.post(ctx, url, kind, body) {
			time.Sleep(5 * time.Millisecond) // nobody listens
			continue
		}
		s.mu.Lock()
		s.acknowledged = append(s.acknowledged, number)
		s.mu.Unlock()
	}
}

func (s *sender) post(ctx context.Context, url, kind string, body []byte) bool {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, url, bytes.NewReader(body))
	if err != nil {
		return false
	}
	request.Header = s.header.Clone()
	request.Header.Set("Content-Type", kind)
	response, err := s.client.Do(request)
	if err != nil {
		return false
	}
	defer response.Body.Close()
	return response.StatusCode == http.StatusOK
}

var messageNumber = regexp.MustCompile(`record number ([0-9]+)\.`)

// The production configuration is killed at random moments, half of them while it starts, when its
// queues have requests that wait and that are being sent. Every span and every log record that was
// acknowledged is at its backend in the end.
func TestKilledAtAnyMoment(t *testing.T) {
	kills := numberFrom(t, "ARC_KILLS", 6)
	s := newSite(t)
	s.jaeger.SetDelay(300 * time.Millisecond)
	transport := &http.Transport{TLSClientConfig: s.security.tls(), DisableKeepAlives: true}
	header := http.Header{}
	for key, value := range s.security.headers() {
		header.Set(key, value)
	}
	spans := &sender{client: &http.Client{Transport: transport}, header: header}
	records := &sender{client: spans.client, header: header}

	started := time.Now()
	process := collector.Start(t, s.options)
	toStart := time.Since(started)
	random := rand.New(rand.NewPCG(uint64(kills), 23))
	for kill := range kills {
		ctx, cancel := context.WithCancel(t.Context())
		var sending sync.WaitGroup
		for range 2 {
			sending.Go(func() {
				spans.run(ctx, func(number uint32) (string, string, []byte) {
					return "https://" + s.http + "/v1/traces", "application/x-protobuf", callBatch(t, number, 3)
				})
			})
		}
		sending.Go(func() {
			records.run(ctx, func(number uint32) (string, string, []byte) {
				return s.arcURL() + "/v1/events", "application/x-ndjson", fmt.Appendf(nil, `{"level":"INFO","logger":"arc","message":"record number %d."}`, number)
			})
		})
		time.Sleep(100*time.Millisecond + time.Duration(random.Int64N(int64(300*time.Millisecond))))
		process.Kill()
		cancel()
		sending.Wait()
		// And while it starts on what that has left.
		process = collector.Launch(t, s.options)
		time.Sleep(time.Duration(random.Int64N(int64(toStart) * 5 / 4)))
		process.Kill()
		process = collector.Launch(t, s.options)
		process.WaitHealthy(t)
		if t.Failed() {
			t.Fatalf("after kill %d", kill)
		}
	}
	s.jaeger.SetDelay(0)
	require.NotEmpty(t, spans.acknowledged)
	require.NotEmpty(t, records.acknowledged)
	require.EventuallyWithT(t, func(c *assert.CollectT) {
		there := map[uint32]int{}
		for _, span := range s.jaeger.Spans() {
			trace := span.TraceID()
			id := span.SpanID()
			there[binary.BigEndian.Uint32(trace[:])-1] |= 1 << id[7]
		}
		assert.Empty(c, missing(spans.acknowledged, func(number uint32) bool { return there[number] == 1<<1|1<<2|1<<3 }))
		found := map[string]bool{}
		for _, document := range s.elastic.Documents() {
			content, err := json.Marshal(document.Source)
			if err != nil {
				continue
			}
			if match := messageNumber.FindSubmatch(content); match != nil {
				found[string(match[1])] = true
			}
		}
		assert.Empty(c, missing(records.acknowledged, func(number uint32) bool { return found[strconv.FormatUint(uint64(number), 10)] }))
	}, 120*time.Second, time.Second)
	t.Logf("%d kills, half of them while starting: %d requests of 3 spans and %d records were acknowledged, and all are there", 2*kills, len(spans.acknowledged), len(records.acknowledged))
	process.Terminate(t, 30*time.Second)
}

func missing(all []uint32, there func(uint32) bool) []uint32 {
	var missing []uint32
	for _, number := range all {
		if !there(number) {
			missing = append(missing, number)
		}
	}
	return missing
}
