// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package slackexporter

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/config/configmiddleware"
	"go.opentelemetry.io/collector/config/configopaque"
	"go.opentelemetry.io/collector/exporter"
	"go.opentelemetry.io/collector/exporter/exportertest"
	"go.opentelemetry.io/collector/extension/extensionmiddleware"

	"github.com/otelcol-arc/otelcol-arc/internal/alertevent"
	"github.com/otelcol-arc/otelcol-arc/internal/falseclock"
	"github.com/otelcol-arc/otelcol-arc/internal/testkit/alerts"
	"github.com/otelcol-arc/otelcol-arc/internal/testkit/double"
	"github.com/otelcol-arc/otelcol-arc/internal/testkit/notifier"
	"github.com/otelcol-arc/otelcol-arc/internal/testkit/testhost"
)

const (
	token   = "xoxb-0000-SECRETTOKEN"
	channel = "#alerts"
)

func startBot(t *testing.T, api *double.SlackAPI, change func(*Config)) notifier.Running {
	t.Helper()
	return start(t, api.Inbox, func(cfg *Config) {
		cfg.WebhookURL, cfg.Endpoint, cfg.BotToken, cfg.Channel = "", api.URL+"/", token, channel
		if change != nil {
			change(cfg)
		}
	})
}

// consume gives the exporter alerts of one evaluation, and waits until they are sent.
func consume(t *testing.T, e notifier.Running, raised ...alertevent.Alert) {
	t.Helper()
	e.Deliver(t, raised...)
}

// summarize returns the messages in the channel, a line each: its colors, whether it is
// a reply, how often it was edited, and its text.
func summarize(api *double.SlackAPI) []string {
	var lines []string
	for _, m := range api.Messages() {
		line := strings.Join(m.Colors, "") + " "
		if m.ThreadTS != "" {
			line += "reply "
		}
		if m.Broadcast {
			line += "broadcast "
		}
		if m.Edits > 0 {
			line += fmt.Sprintf("edit %d ", m.Edits)
		}
		lines = append(lines, line+m.Text)
	}
	return lines
}

// An alert is a message. When it is resolved the message is edited and has a reply;
// when it fires again it is another message.
func TestThreadOfAnAlert(t *testing.T) {
	api := double.NewSlackAPI(t, token, channel)
	e := startBot(t, api, func(cfg *Config) { cfg.Mentions = map[string][]string{"critical": {"here"}} })
	consume(t, e, alerts.Firing())
	consume(t, e, alerts.Resolved())
	again := alerts.Firing()
	again.StartsAt = alerts.Start.Add(time.Hour)
	consume(t, e, again)
	e.Finish(t, api.Inbox, 4, token)
	assert.Equal(t, []string{
		"#36a64f edit 1 [RESOLVED] HighErrorRate: High error rate detected",
		"#36a64f reply [RESOLVED] HighErrorRate: High error rate detected",
		"#ff0000 <!here> [CRITICAL] HighErrorRate: High error rate detected",
	}, summarize(api))
	assert.Equal(t, api.Messages()[0].TS, api.Messages()[1].ThreadTS)
	for _, body := range api.Bodies() {
		assert.Equal(t, "none", body["parse"])
	}
	assert.Equal(t, int64(3), e.Count(t, "sent"))
}

// A reminder is a reply to the message, and mentions nobody.
func TestReminder(t *testing.T) {
	api := double.NewSlackAPI(t, token, channel)
	e := startBot(t, api, func(cfg *Config) { cfg.Mentions = map[string][]string{"critical": {"here"}} })
	consume(t, e, alerts.Firing())
	again := alerts.Firing()
	again.SpanID[0] = 1
	consume(t, e, again)
	e.Finish(t, api.Inbox, 3, token)
	assert.Equal(t, []string{
		"#ff0000 edit 1 [CRITICAL] HighErrorRate: High error rate detected",
		"#ff0000 reply [CRITICAL] HighErrorRate: High error rate detected",
	}, summarize(api))
}

func at(instance string, state alertevent.State, group *alertevent.Group) alertevent.Alert {
	a := alerts.Firing()
	a.Labels["instance"], a.Group = instance, group
	if state == alertevent.Resolved {
		a.State, a.EndsAt = state, alerts.Start.Add(time.Minute)
	}
	return a
}

// A group is one message, which is what the group is now; an alert that joins it
// is shown in the channel, and mentions.
func TestThreadOfAGroup(t *testing.T) {
	api := double.NewSlackAPI(t, token, channel)
	e := startBot(t, api, func(cfg *Config) { cfg.Mentions = map[string][]string{"critical": {"here"}} })
	group := &alertevent.Group{Key: "search", Labels: map[string]string{"team": "search"}}
	reminder := func(a alertevent.Alert, span byte) alertevent.Alert { a.SpanID[0] = span; return a }
	consume(t, e, at("a", alertevent.Firing, group), at("b", alertevent.Firing, group))
	consume(t, e, at("a", alertevent.Resolved, group), reminder(at("b", alertevent.Firing, group), 1), at("c", alertevent.Firing, group))
	consume(t, e, at("b", alertevent.Resolved, group), at("c", alertevent.Resolved, group))
	later := at("a", alertevent.Firing, group)
	later.StartsAt = alerts.Start.Add(time.Hour)
	consume(t, e, later)
	e.Finish(t, api.Inbox, 6, token)
	assert.Equal(t, []string{
		"#36a64f#36a64f edit 2 [RESOLVED] HighErrorRate: 2 alerts (team=search)",
		"#ff0000#36a64f reply broadcast <!here> [CRITICAL] HighErrorRate: 2 alerts, 1 resolved (team=search)",
		"#36a64f#36a64f reply [RESOLVED] HighErrorRate: 2 alerts (team=search)",
		"#ff0000 <!here> [CRITICAL] HighErrorRate: High error rate detected",
	}, summarize(api))
}

// Without notifications of resolved alerts, a group that fires again is another message.
func TestGroupWithoutResolved(t *testing.T) {
	api := double.NewSlackAPI(t, token, channel)
	e := startBot(t, api, func(cfg *Config) { cfg.SendResolved = false })
	group := &alertevent.Group{Key: "search"}
	consume(t, e, at("a", alertevent.Firing, group))
	consume(t, e, at("a", alertevent.Resolved, group))
	later := at("a", alertevent.Firing, group)
	later.StartsAt = alerts.Start.Add(time.Hour)
	consume(t, e, later)
	e.Finish(t, api.Inbox, 2, token)
	assert.Len(t, api.Messages(), 2)
}

// A storm without a group is one message; its resolved alerts are replies to it.
func TestStormIsOneThread(t *testing.T) {
	api := double.NewSlackAPI(t, token, channel)
	e := startBot(t, api, nil)
	storm := alerts.Cases()["storm"]
	consume(t, e, storm...)
	var resolved []alertevent.Alert
	for _, a := range storm {
		a.State, a.EndsAt = alertevent.Resolved, alerts.Start.Add(time.Minute)
		resolved = append(resolved, a)
	}
	consume(t, e, resolved[0])
	consume(t, e, resolved[1:]...)
	e.Finish(t, api.Inbox, 5, token)
	require.Len(t, api.Messages(), 3)
	assert.Equal(t, "[RESOLVED] 50 alerts", api.Messages()[0].Text)
	assert.Len(t, api.Messages()[0].Colors, maxAlerts+1, "the attachments of the alerts stay")
	assert.Equal(t, "[RESOLVED] HighErrorRate: High error rate detected", api.Messages()[1].Text)
	assert.Equal(t, "[RESOLVED] HighErrorRate: 49 alerts", api.Messages()[2].Text)
	texts := api.Bodies()[1]
	assert.Equal(t, "50 alerts, 1 of them resolved", texts["text"])
}

// A resolved alert is sent even if the message was deleted or can no longer be edited.
func TestMessageIsGone(t *testing.T) {
	api := double.NewSlackAPI(t, token, channel)
	e := startBot(t, api, nil)
	consume(t, e, alerts.Firing())
	require.Eventually(t, func() bool { return len(api.Messages()) == 1 }, 10*time.Second, time.Millisecond)
	api.Delete(api.Messages()[0].TS)
	consume(t, e, alerts.Resolved())
	e.Finish(t, api.Inbox, 2, token)
	assert.Equal(t, []string{"#36a64f [RESOLVED] HighErrorRate: High error rate detected"}, summarize(api))
}

func TestMessageIsFixed(t *testing.T) {
	api := double.NewSlackAPI(t, token, channel)
	e := startBot(t, api, nil)
	consume(t, e, alerts.Firing())
	require.Eventually(t, func() bool { return len(api.Messages()) == 1 }, 10*time.Second, time.Millisecond)
	api.Refuse(double.Response{Status: 200, Body: `{"ok":false,"error":"edit_window_closed"}`})
	consume(t, e, alerts.Resolved())
	e.Finish(t, api.Inbox, 2, token)
	assert.Equal(t, 1, e.Log.FilterMessage("Updating a message failed").Len())
	assert.Equal(t, []string{
		"#ff0000 [CRITICAL] HighErrorRate: High error rate detected",
		"#36a64f reply [RESOLVED] HighErrorRate: High error rate detected",
	}, summarize(api))
}

// The error code of a response with status 200 decides whether to try again.
func TestAPIResponses(t *testing.T) {
	for _, code := range []string{
		"ratelimited", "rate_limited", "message_limit_exceeded", "internal_error", "fatal_error",
		"service_unavailable", "request_timeout", "team_added_to_org", "rollup_error",
	} {
		t.Run(code, func(t *testing.T) {
			tryResponse(t, double.Response{Status: 200, Body: `{"ok":false,"error":"` + code + `"}`}, true)
		})
	}
	for _, code := range []string{"invalid_blocks", "msg_too_long", "no_text", "something_new", ""} {
		body := `{"ok":false,"error":"` + code + `"}`
		t.Run(body, func(t *testing.T) { tryResponse(t, double.Response{Status: 200, Body: body}, false) })
	}
	t.Run("429", func(t *testing.T) {
		tryResponse(t, double.Response{Status: 429, RetryAfter: "0", Body: `{"ok":false,"error":"ratelimited"}`}, true)
	})
}

func tryResponse(t *testing.T, response double.Response, again bool) {
	t.Helper()
	api := double.NewSlackAPI(t, token, channel)
	api.Refuse(response)
	e := startBot(t, api, nil)
	consume(t, e, alerts.Firing())
	consume(t, e, at("other", alertevent.Firing, nil))
	if again {
		e.Finish(t, api.Inbox, 2, token)
		assert.Equal(t, int64(0), e.Count(t, "failed"))
		return
	}
	e.Finish(t, api.Inbox, 1, token)
	assert.Equal(t, int64(1), e.Count(t, "failed"))
}

// Slack rejects the token or the channel, or it is not Slack that responds: what waits is
// kept, and sent when that is fixed.
func TestChannelIsRejected(t *testing.T) {
	responses := []string{"<html>Welcome to the guest network</html>", "ok", ""}
	for _, code := range []string{
		"invalid_auth", "not_authed", "token_revoked", "token_expired", "account_inactive", "missing_scope",
		"channel_not_found", "not_in_channel", "is_archived", "restricted_action", "ekm_access_denied",
	} {
		responses = append(responses, `{"ok":false,"error":"`+code+`"}`)
	}
	for _, response := range responses {
		t.Run(response, func(t *testing.T) {
			falseclock.Test(t, func(t *testing.T) {
				var broken atomic.Bool
				broken.Store(true)
				api := double.NewSlackHandler(token, channel)
				n := &network{api: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					if broken.Load() {
						fmt.Fprint(w, response)
						return
					}
					api.ServeHTTP(w, r)
				})}
				e := n.start(t, nil)
				for i := range 10 {
					require.NoError(t, e.ConsumeLogs(t.Context(), alerts.Logs(at(strconv.Itoa(i), alertevent.Firing, nil))))
				}
				time.Sleep(6 * time.Minute)
				assert.Len(t, n.tried(), 2, "after five minutes, and less often later")
				broken.Store(false)
				time.Sleep(10 * time.Minute)
				require.NoError(t, e.Shutdown(t.Context()))
				require.Len(t, api.Bodies(), 1)
				assert.Contains(t, api.Bodies()[0]["text"], "10 alerts")
			})
		})
	}
}

// A token that Slack does not know is in no log, though Slack may repeat it.
func TestTokenStaysOutOfLogs(t *testing.T) {
	api := double.NewSlackAPI(t, "another", channel)
	api.Refuse(double.Response{Status: 503, Body: "no service for " + token})
	e := startBot(t, api, nil)
	require.NoError(t, e.ConsumeLogs(t.Context(), alerts.Logs(alerts.Firing())))
	require.Eventually(t, func() bool { return strings.Contains(e.Logged(), "invalid_auth") }, 10*time.Second, time.Millisecond)
	e.Finish(t, api.Inbox, 0, token)
}

// network is a middleware of the HTTP client that replaces the connection and the API.
// The clock of a synctest bubble does not advance while a goroutine waits for a real
// connection.
type network struct {
	component.StartFunc
	component.ShutdownFunc
	api   http.Handler
	down  func() bool
	mu    sync.Mutex
	times []time.Time
}

// tried are the times of all tries.
func (n *network) tried() []time.Time {
	n.mu.Lock()
	defer n.mu.Unlock()
	return slices.Clone(n.times)
}

// GetHTTPRoundTripper takes the place of the connection.
func (n *network) GetHTTPRoundTripper(context.Context) (extensionmiddleware.WrapHTTPRoundTripperFunc, error) {
	return func(context.Context, http.RoundTripper) (http.RoundTripper, error) { return n, nil }, nil
}

// RoundTrip fails or calls the API.
func (n *network) RoundTrip(r *http.Request) (*http.Response, error) {
	n.mu.Lock()
	n.times = append(n.times, time.Now())
	n.mu.Unlock()
	if n.down != nil && n.down() {
		return nil, errors.New("connection refused")
	}
	w := httptest.NewRecorder()
	n.api.ServeHTTP(w, r)
	return w.Result(), nil
}

func (n *network) start(t *testing.T, change func(*Config)) exporter.Logs {
	t.Helper()
	id := component.MustNewID("network")
	cfg := createDefaultConfig().(*Config)
	cfg.BotToken, cfg.Channel = token, channel
	cfg.HTTP.Middlewares = []configmiddleware.Config{{ID: id}}
	if change != nil {
		change(cfg)
	}
	e, err := NewFactory().CreateLogs(t.Context(), exportertest.NewNopSettings(NewFactory().Type()), cfg)
	require.NoError(t, err)
	require.NoError(t, e.Start(t.Context(), testhost.Host{id: n}))
	return e
}

// Slack accepts one message a second for a channel, including edits.
func TestRateLimit(t *testing.T) {
	falseclock.Test(t, func(t *testing.T) {
		api := double.NewSlackHandler(token, channel)
		n := &network{api: api}
		e := n.start(t, nil)
		for i := range 10 {
			require.NoError(t, e.ConsumeLogs(t.Context(), alerts.Logs(at(strconv.Itoa(i), alertevent.Firing, nil))))
			time.Sleep(10 * time.Millisecond)
			require.NoError(t, e.ConsumeLogs(t.Context(), alerts.Logs(at(strconv.Itoa(i), alertevent.Resolved, nil))))
			time.Sleep(900 * time.Millisecond)
		}
		time.Sleep(time.Minute)
		require.NoError(t, e.Shutdown(t.Context()))
		times := n.tried()
		require.GreaterOrEqual(t, len(times), 10)
		for i := range times[1:] {
			assert.GreaterOrEqual(t, times[i+1].Sub(times[i]), 999*time.Millisecond)
		}
	})
}

// Slack is unavailable for an hour, in which alerts fire and are resolved: after that
// it is sent the state of each of them, in two messages. Meanwhile it was tried with
// backoff.
func TestOutageOfAnHour(t *testing.T) {
	for name, webhook := range map[string]bool{"bot": false, "webhook": true} {
		t.Run(name, func(t *testing.T) {
			falseclock.Test(t, func(t *testing.T) {
				began := time.Now()
				api := double.NewSlackHandler(token, channel)
				var sent []string
				n := &network{api: api, down: func() bool { return time.Since(began) < time.Hour }}
				if webhook {
					n.api = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
						sent = append(sent, fallbacks(t, r.Body)...)
						fmt.Fprint(w, "ok")
					})
				}
				e := n.start(t, func(cfg *Config) {
					if webhook {
						cfg.WebhookURL, cfg.Channel = "https://hooks.slack.example/services/SECRET", ""
					}
				})
				var want []string
				for i := range 19 {
					a := at(strconv.Itoa(i), alertevent.Firing, nil)
					a.Annotations["summary"] = strconv.Itoa(i)
					require.NoError(t, e.ConsumeLogs(t.Context(), alerts.Logs(a)))
					time.Sleep(90 * time.Second)
					if i%2 == 0 {
						a.State, a.EndsAt = alertevent.Resolved, a.StartsAt.Add(time.Minute)
						require.NoError(t, e.ConsumeLogs(t.Context(), alerts.Logs(a)))
						time.Sleep(90 * time.Second)
					}
					want = append(want, a.Line())
				}
				tries := len(n.tried())
				assert.Greater(t, tries, 60, "it is tried all the time")
				assert.Less(t, tries, 300, "and with backoff")
				time.Sleep(20 * time.Minute)
				require.NoError(t, e.Shutdown(t.Context()))
				if !webhook {
					for i := range api.Bodies() {
						content, err := json.Marshal(api.Bodies()[i])
						require.NoError(t, err)
						sent = append(sent, fallbacks(t, bytes.NewReader(content))...)
					}
				}
				assert.ElementsMatch(t, want, sent)
				assert.LessOrEqual(t, len(n.tried())-tries, 60)
			})
		})
	}
}

// withStorage runs an exporter over a storage in a directory.
func withStorage(t *testing.T, dir string, api *double.SlackAPI, do func(consume func(...alertevent.Alert))) {
	t.Helper()
	ctx := context.Background()
	testhost.WithStorage(t, dir, func(host component.Host, storage component.ID) {
		cfg := createDefaultConfig().(*Config)
		cfg.Endpoint, cfg.BotToken, cfg.Channel = api.URL, token, channel
		cfg.Storage = &storage
		notifier.Impatient(&cfg.Retry)
		set := exportertest.NewNopSettings(NewFactory().Type())
		set.ID = component.MustNewIDWithName("slack", "x")
		e, err := newFactory(time.Microsecond).CreateLogs(ctx, set, cfg)
		require.NoError(t, err)
		require.NoError(t, e.Start(ctx, host))
		do(func(raised ...alertevent.Alert) { require.NoError(t, e.ConsumeLogs(ctx, alerts.Logs(raised...))) })
		require.NoError(t, e.Shutdown(ctx))
	})
}

// After a restart the resolved alert is a reply to the message of the firing one.
func TestThreadsAcrossRestarts(t *testing.T) {
	api := double.NewSlackAPI(t, token, channel)
	dir := t.TempDir()
	until := func(messages int) {
		require.Eventually(t, func() bool { return len(api.Messages()) == messages }, 10*time.Second, time.Millisecond)
	}
	group := &alertevent.Group{Key: "search"}
	withStorage(t, dir, api, func(consume func(...alertevent.Alert)) {
		consume(at("a", alertevent.Firing, nil))
		consume(at("b", alertevent.Firing, group), at("c", alertevent.Firing, group))
		until(2)
	})
	withStorage(t, dir, api, func(consume func(...alertevent.Alert)) {
		over := at("a", alertevent.Resolved, nil)
		over.StartsAt = over.StartsAt.Add(time.Second) // that of the rule after the restart
		consume(over)
		consume(at("b", alertevent.Resolved, group), at("c", alertevent.Resolved, group))
		until(4)
	})
	assert.Equal(t, []string{
		"#36a64f edit 1 [RESOLVED] HighErrorRate: High error rate detected",
		"#36a64f#36a64f edit 1 [RESOLVED] HighErrorRate: 2 alerts",
		"#36a64f reply [RESOLVED] HighErrorRate: High error rate detected",
		"#36a64f#36a64f reply [RESOLVED] HighErrorRate: 2 alerts",
	}, summarize(api))
}

// A storage that the configuration names but the collector does not have stops it.
func TestStorageIsMissing(t *testing.T) {
	id := component.MustNewID("file_storage")
	cfg := createDefaultConfig().(*Config)
	cfg.BotToken, cfg.Channel = configopaque.String(token), channel
	cfg.Storage = &id
	e, err := NewFactory().CreateLogs(t.Context(), exportertest.NewNopSettings(NewFactory().Type()), cfg)
	require.NoError(t, err)
	require.ErrorContains(t, e.Start(t.Context(), componenttest.NewNopHost()), "file_storage")
	require.NoError(t, e.Shutdown(t.Context()))
}
