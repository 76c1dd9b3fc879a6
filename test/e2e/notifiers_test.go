// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"fmt"
	"io"
	"net"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-arc/otelcol-arc/internal/testkit/collector"
	"github.com/otelcol-arc/otelcol-arc/internal/testkit/double"
)

// gate is a proxy of a server. Until it is opened it closes connections at once, or
// accepts them and never responds.
type gate struct {
	address string
	open    atomic.Bool
	hangs   atomic.Bool
	knocks  atomic.Int32
}

func newGate(t *testing.T, server string) *gate {
	t.Helper()
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	g := &gate{address: listener.Addr().String()}
	var wg sync.WaitGroup
	wg.Go(func() {
		for {
			connection, err := listener.Accept()
			if err != nil {
				return
			}
			g.knocks.Add(1)
			wg.Go(func() {
				defer func() { _ = connection.Close() }()
				if !g.open.Load() {
					if g.hangs.Load() {
						_, _ = io.Copy(io.Discard, connection) // until the client closes
					}
					return
				}
				upstream, err := net.Dial("tcp", server)
				if err != nil {
					return
				}
				defer func() { _ = upstream.Close() }()
				go func() {
					_, _ = io.Copy(upstream, connection)
					_ = upstream.Close() // the server need not be the first to close
				}()
				_, _ = io.Copy(connection, upstream)
			})
		}
	})
	t.Cleanup(func() {
		_ = listener.Close()
		wg.Wait()
	})
	return g
}

// The collector is killed between an alert and its delivery: after the restart
// it is delivered, and PagerDuty pages once.
func TestKilledBeforeDelivery(t *testing.T) {
	const botToken = "xoxb-0000-a-token-of-a-bot"
	pagerduty, alertmanager, email := double.NewPagerDuty(t, routingKey), double.NewAlertmanager(t), double.NewSMTP(t, double.SMTPSettings{})
	webhook, bot := double.NewSlack(t), double.NewSlackAPI(t, botToken, "#alerts")
	hook, err := url.Parse(webhook.URL)
	require.NoError(t, err)
	gates := []*gate{
		newGate(t, strings.TrimPrefix(pagerduty.URL, "http://")),
		newGate(t, strings.TrimPrefix(alertmanager.URL, "http://")),
		newGate(t, fmt.Sprintf("127.0.0.1:%d", email.Port)),
		newGate(t, hook.Host),
		newGate(t, strings.TrimSuffix(strings.TrimPrefix(bot.URL, "http://"), "/api")),
	}
	_, port, err := net.SplitHostPort(gates[2].address)
	require.NoError(t, err)
	p, set := quick(t)
	options := collector.Options{
		Configs: []string{"config/default.yaml", fmt.Sprintf(`yaml:
extensions:
  file_storage: {directory: %q, create_directory: true}
exporters:
  pagerduty:
    endpoint: http://%s
    routing_key: %s
    sending_queue: {storage: file_storage}
    retry_on_failure: &soon {initial_interval: 100ms, max_interval: 1s}
  alertmanager:
    endpoints: [http://%s]
    sending_queue: {storage: file_storage}
    retry_on_failure: *soon
  email:
    server: 127.0.0.1
    port: %s
    tls_mode: none
    from: arc@arc.example
    sending_queue: {storage: file_storage}
    retry_on_failure: *soon
  slack:
    webhook_url: http://%s%s
    sending_queue: {storage: file_storage}
    retry_on_failure: *soon
  slack/bot:
    endpoint: http://%s/api
    bot_token: %s
    channel: "#alerts"
    sending_queue: {storage: file_storage}
    retry_on_failure: *soon
`, t.TempDir(), gates[0].address, routingKey, gates[1].address, port, gates[3].address, hook.Path, gates[4].address, botToken)},
		Set: append(set,
			"exporters::prometheus::endpoint="+p.page,
			"processors::alert::rule_files=[test/e2e/testdata/rules.yml]",
			"service::extensions=[health_check,file_storage]",
			"service::pipelines::logs/alerts::exporters=[pagerduty,alertmanager,email,slack,slack/bot]",
		),
	}
	process := collector.Start(t, options)
	postEvents(t, "http://"+p.arc, security{}, `{"cache_type":"embedding","hit":true,"size_bytes":5000}`)
	for _, g := range gates {
		require.Eventually(t, func() bool { return g.knocks.Load() > 0 }, 30*time.Second, 20*time.Millisecond)
	}
	process.Kill()
	assert.Empty(t, pagerduty.Bodies())
	for _, g := range gates {
		g.open.Store(true)
	}

	process = collector.Start(t, options)
	for name, inbox := range map[string]*double.Inbox{
		"pagerduty": pagerduty.Inbox, "alertmanager": alertmanager, "email": email.Inbox, "slack": webhook, "slack/bot": bot.Inbox,
	} {
		require.Eventually(t, func() bool { return len(inbox.Bodies()) > 0 }, 30*time.Second, 20*time.Millisecond, name)
		assert.Contains(t, fmt.Sprint(inbox.Bodies()[0]), "CacheTooLarge", name)
	}
	process.Terminate(t, 20*time.Second)
	assert.Len(t, webhook.Bodies(), 1)
	assert.Len(t, bot.Messages(), 1)
	require.Len(t, pagerduty.Alerts(), 1)
	for _, alert := range pagerduty.Alerts() {
		assert.Equal(t, 1, alert.Pages)
	}
}
