// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package webhookexporter

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/prometheus/alertmanager/template"

	"github.com/otelcol-arc/otelcol-arc/internal/alertevent"
	"github.com/otelcol-arc/otelcol-arc/internal/notify"
)

// message is the JSON of Alertmanager's webhook receiver.
// https://prometheus.io/docs/alerting/latest/configuration/#webhook_config
type message struct {
	*template.Data
	Version         string `json:"version"`
	GroupKey        string `json:"groupKey"`
	TruncatedAlerts uint64 `json:"truncatedAlerts"`
}

// renderer makes requests of alerts. A template that is nil is not set.
type renderer struct {
	cfg       *Config
	receiver  string
	url, body *notify.Template
	headers   map[string]*notify.Template
}

// newRenderer reads the templates of a configuration. The receiver is what they
// know the exporter as.
func newRenderer(c *Config, receiver string) (renderer, error) {
	r := renderer{cfg: c, receiver: receiver, headers: map[string]*notify.Template{}}
	parts := []notify.TemplateSetting{
		{Key: "url", Text: string(c.URL), Secret: true, To: &r.url},
		{Key: "body", Text: c.Body, Exact: true, To: &r.body},
	}
	headers := map[string]**notify.Template{}
	for name, text := range c.Headers {
		headers[name] = new(*notify.Template)
		parts = append(parts, notify.TemplateSetting{Key: "headers::" + name, Text: string(text), Secret: true, To: headers[name]})
	}
	err := notify.ParseTemplates(c.TemplateFiles, parts...)
	for name, to := range headers {
		r.headers[name] = *to
	}
	if err == nil && r.url != nil {
		err = r.url.Check(func(rendered string) error {
			if !notify.IsWebURL(rendered) {
				return errors.New("url: must be an http or https URL")
			}
			return nil
		})
	}
	return r, err
}

// request makes the request of a message.
func (r renderer) request(ctx context.Context, m notify.Message) (*http.Request, error) {
	data := notify.TemplateData(r.receiver, r.cfg.ExternalURL, m.Alerts, nil)
	address, err := r.url.Render(data)
	if err != nil {
		return nil, fmt.Errorf("url: %w", notify.RedactURL(err))
	}
	body, err := r.render(data, m.Alerts)
	if err != nil {
		return nil, fmt.Errorf("body: %w", err)
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, strings.TrimSpace(address), bytes.NewReader(body))
	if err != nil {
		return nil, notify.RedactURL(err)
	}
	request.Header.Set("Content-Type", "application/json; charset=utf-8")
	// The same for every attempt, so that a receiver can recognize a repetition.
	request.Header.Set("Idempotency-Key", m.ID)
	for name, header := range r.headers {
		if header == nil {
			continue
		}
		value, err := header.Render(data)
		if err != nil {
			return nil, fmt.Errorf("headers::%s: %w", name, err)
		}
		// A line break would begin another header.
		request.Header.Set(name, strings.Join(strings.Fields(notify.Clean(value)), " "))
	}
	if r.cfg.SigningSecret != "" {
		request.Header.Set(r.cfg.SignatureHeader, sign(string(r.cfg.SigningSecret), body))
	}
	return request, nil
}

func (r renderer) render(data *template.Data, alerts []alertevent.Alert) ([]byte, error) {
	if r.body != nil {
		text, err := r.body.Render(data)
		return []byte(text), err
	}
	key := "{}:{}"
	if group := alerts[0].Group; group != nil {
		key = group.Key
	}
	return json.Marshal(message{Data: data, Version: "4", GroupKey: key})
}

// sign is the signature of a body, in the form that GitHub made usual.
// https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries
func sign(secret string, body []byte) string {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write(body)
	return "sha256=" + hex.EncodeToString(mac.Sum(nil))
}
