// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package slackexporter

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/slack-go/slack"
	"go.opentelemetry.io/collector/consumer/consumererror"
	"go.uber.org/zap"

	"github.com/otelcol-arc/otelcol-arc/internal/alertevent"
	"github.com/otelcol-arc/otelcol-arc/internal/notify"
)

// The methods of the Web API that are called.
const (
	methodPost   = "chat.postMessage"
	methodUpdate = "chat.update"
)

// bot sends by the Web API, which, unlike a webhook, returns where a message is:
// the message is updated, and later changes are replies to it.
type bot struct {
	cfg      *Config
	renderer renderer
	threads  *threads
	logger   *zap.Logger
	wait     func(context.Context) error
}

// call is the body of a call to either method.
// https://docs.slack.dev/reference/methods/chat.postMessage
// https://docs.slack.dev/reference/methods/chat.update
type call struct {
	Channel string `json:"channel"`
	TS      string `json:"ts,omitempty"` // of the message to update
	Text    string `json:"text"`
	// Without Attachments those of the message stay.
	Attachments []slack.Attachment `json:"attachments,omitempty"`
	ThreadTS    string             `json:"thread_ts,omitempty"`
	Broadcast   bool               `json:"reply_broadcast,omitempty"` // show the reply in the channel too
	Parse       string             `json:"parse"`
	UnfurlLinks *bool              `json:"unfurl_links,omitempty"`
	UnfurlMedia *bool              `json:"unfurl_media,omitempty"`
}

// reply is the response of either method.
type reply struct {
	OK      bool   `json:"ok"`
	Error   string `json:"error"`
	Channel string `json:"channel"`
	TS      string `json:"ts"`
}

// send posts a message, or updates the one that reported the alerts before. The caller
// has waited for the rate limit of the first call.
func (b *bot) send(ctx context.Context, client *http.Client, m notify.Message) error {
	alerts := m.Alerts
	if in := b.threads.sharedThread(alerts); in != nil {
		err := b.follow(ctx, client, in, alerts)
		if !hasCode(err, goneCodes) {
			return err
		}
		b.threads.forget(in)
		if err := b.wait(ctx); err != nil {
			return err
		}
	}
	rendered := b.render(alerts, alerts)
	response, err := b.post(ctx, client, call{Channel: b.cfg.Channel, Text: rendered.text, Attachments: rendered.attachments})
	if err != nil {
		return err
	}
	b.threads.remember(ctx, &thread{Channel: response.Channel, TS: response.TS, Total: len(alerts)}, alerts)
	return nil
}

// follow updates a message and replies to it with what is new. When it is tried
// again, the update changes nothing.
func (b *bot) follow(ctx context.Context, client *http.Client, in *thread, alerts []alertevent.Alert) error {
	update := call{Channel: in.Channel, TS: in.TS, Parse: parseNone}
	if alerts[0].Group != nil || in.Total == 1 {
		// They are all that the message reports.
		now := b.render(alerts, nil)
		update.Text, update.Attachments = now.text, now.attachments
	} else {
		update.Text = b.rest(in, alerts)
	}
	_, err := b.do(ctx, client, methodUpdate, update)
	switch {
	case err == nil:
	case consumererror.IsPermanent(err) && !hasCode(err, goneCodes):
		// For example, it cannot be edited any more; the reply is still possible.
		b.logger.Warn("Updating a message failed", zap.String("error", err.Error()))
	default:
		return err
	}

	news := slices.DeleteFunc(slices.Clone(alerts), func(a alertevent.Alert) bool {
		return a.State == alertevent.Firing && b.threads.has(in, a)
	})
	var began []alertevent.Alert
	for _, alert := range news {
		if alert.State == alertevent.Firing {
			began = append(began, alert)
		}
	}
	if len(news) == 0 {
		news = alerts // a reminder
	}
	if err := b.wait(ctx); err != nil {
		return err
	}
	rendered := b.render(news, began)
	_, err = b.post(ctx, client, call{
		Channel: in.Channel, Text: rendered.text, Attachments: rendered.attachments, ThreadTS: in.TS, Broadcast: len(began) > 0,
	})
	if err != nil {
		return err
	}
	b.threads.remember(ctx, in, alerts)
	return nil
}

// rest is the headline of a message that reported several alerts without a group,
// once some of them are resolved.
func (b *bot) rest(in *thread, alerts []alertevent.Alert) string {
	firing := b.threads.firing(in)
	for _, alert := range alerts {
		if alert.State == alertevent.Resolved {
			firing--
		}
	}
	if firing <= 0 {
		return fmt.Sprintf("[RESOLVED] %d alerts", in.Total)
	}
	return fmt.Sprintf("%d alerts, %d of them resolved", in.Total, max(0, in.Total-firing))
}

// render makes a message that mentions the users configured for some of the alerts.
func (b *bot) render(alerts, mention []alertevent.Alert) message {
	m, err := b.renderer.render(alerts)
	if err != nil {
		b.logger.Error("Rendering a template failed, the notification is sent without it", zap.Error(err))
	}
	return m.mentioning(b.cfg.Mentions, mention)
}

func (b *bot) post(ctx context.Context, client *http.Client, c call) (reply, error) {
	no := false
	c.Parse, c.UnfurlLinks, c.UnfurlMedia = parseNone, &no, &no
	return b.do(ctx, client, methodPost, c)
}

// do calls a method.
func (b *bot) do(ctx context.Context, client *http.Client, method string, c call) (reply, error) {
	var response reply
	body, err := json.Marshal(c)
	if err != nil {
		return response, consumererror.NewPermanent(fmt.Errorf("encode message: %w", err))
	}
	text, err := notify.PostAs(ctx, client, strings.TrimSuffix(b.cfg.Endpoint, "/")+"/"+method, string(b.cfg.BotToken), body)
	if err != nil {
		return response, err
	}
	if err := json.Unmarshal([]byte(text), &response); err != nil {
		return response, notify.StrangerError(text)
	}
	if !response.OK {
		return response, refusalError(method, response.Error)
	}
	return response, nil
}

// hasCode reports whether Slack responded with one of the error codes.
func hasCode(err error, codes []string) bool {
	var r *refusal
	return errors.As(err, &r) && slices.Contains(codes, r.code)
}

// place is the thread of an alert: those without a group may be in different ones,
// and one message is in one.
func (b *bot) place(alert alertevent.Alert) string {
	if alert.Group != nil {
		return ""
	}
	if in := b.threads.of(alert); in != nil {
		return in.TS
	}
	return ""
}
