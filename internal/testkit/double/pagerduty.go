// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package double

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode/utf8"
)

// PagerDuty is the Events API v2. The events that it accepted are in the inbox;
// Alerts are what they opened.
// https://developer.pagerduty.com/docs/events-api-v2-overview
type PagerDuty struct {
	*Inbox

	mu     sync.Mutex
	alerts map[string]PagerDutyAlert
}

// PagerDutyAlert is one that events opened.
type PagerDutyAlert struct {
	// Status is triggered, acknowledged or resolved.
	Status string
	// Pages is how often somebody was called: an event for an alert that is open
	// already calls nobody.
	Pages int
}

// NewPagerDuty serves until the test ends. It accepts events for the routing keys only.
func NewPagerDuty(tb testing.TB, routingKeys ...string) *PagerDuty {
	tb.Helper()
	p := &PagerDuty{Inbox: &Inbox{}, alerts: map[string]PagerDutyAlert{}}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /v2/enqueue", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		if p.refuses(w) {
			return
		}
		content, err := io.ReadAll(r.Body)
		if err == nil {
			err = CheckEvent(content, routingKeys...)
		}
		var body map[string]any
		if err == nil {
			err = json.Unmarshal(content, &body)
		}
		if err != nil {
			w.WriteHeader(http.StatusBadRequest)
			fmt.Fprintf(w, `{"status":"invalid event","message":"Event object is invalid","errors":[%q]}`, err)
			return
		}
		p.process(body)
		p.accept(body)
		w.WriteHeader(http.StatusAccepted)
		fmt.Fprintf(w, `{"status":"success","message":"Event processed","dedup_key":%q}`, body["dedup_key"])
	})
	server := httptest.NewServer(mux)
	tb.Cleanup(server.Close)
	p.URL = server.URL
	return p
}

// Alerts are all that were ever opened, by dedup key.
func (p *PagerDuty) Alerts() map[string]PagerDutyAlert {
	p.mu.Lock()
	defer p.mu.Unlock()
	return maps.Clone(p.alerts)
}

func (p *PagerDuty) process(body map[string]any) {
	p.mu.Lock()
	defer p.mu.Unlock()
	key, _ := body["dedup_key"].(string)
	alert := p.alerts[key]
	isOpen := alert.Status == "triggered" || alert.Status == "acknowledged"
	switch action := body["event_action"]; {
	case action == "trigger" && !isOpen:
		alert.Status = "triggered"
		alert.Pages++
	case action == "acknowledge" && isOpen:
		alert.Status = "acknowledged"
	case action == "resolve" && isOpen:
		alert.Status = "resolved"
	}
	if alert.Status != "" {
		p.alerts[key] = alert
	}
}

// Limits of the Events API v2, in characters, and of a whole event in bytes.
// https://developer.pagerduty.com/docs/send-alert-event
// https://support.pagerduty.com/main/docs/events-api-v2-size-limits
const (
	maxEvent      = 512 * 1000
	maxSummary    = 1024
	maxDedupKey   = 255
	lenRoutingKey = 32
)

// event is all that the API documents of an event.
// https://github.com/PagerDuty/api-schema/blob/main/reference/events-v2/openapiv3.json
type event struct {
	RoutingKey  string `json:"routing_key"`
	EventAction string `json:"event_action"`
	DedupKey    string `json:"dedup_key"`
	Client      string `json:"client"`
	ClientURL   string `json:"client_url"`
	Links       []struct {
		Href string `json:"href"`
		Text string `json:"text"`
	} `json:"links"`
	Images []struct {
		Src  string `json:"src"`
		Href string `json:"href"`
		Alt  string `json:"alt"`
	} `json:"images"`
	Payload *struct {
		Summary       string         `json:"summary"`
		Source        string         `json:"source"`
		Severity      string         `json:"severity"`
		Timestamp     string         `json:"timestamp"`
		Component     string         `json:"component"`
		Group         string         `json:"group"`
		Class         string         `json:"class"`
		CustomDetails map[string]any `json:"custom_details"`
	} `json:"payload"`
}

// CheckEvent applies the documented rules for an event. What is not documented
// is refused.
func CheckEvent(content []byte, routingKeys ...string) error {
	if len(content) > maxEvent {
		return fmt.Errorf("event of %d bytes is too large", len(content))
	}
	decoder := json.NewDecoder(bytes.NewReader(content))
	decoder.DisallowUnknownFields()
	var e event
	if err := decoder.Decode(&e); err != nil {
		return err
	}
	switch {
	case len(e.RoutingKey) != lenRoutingKey:
		return fmt.Errorf("length of routing_key is incorrect (should be %d characters)", lenRoutingKey)
	case !slices.Contains(routingKeys, e.RoutingKey):
		return errors.New("routing_key is unknown")
	case utf8.RuneCountInString(e.DedupKey) > maxDedupKey:
		return fmt.Errorf("dedup_key is longer than %d", maxDedupKey)
	case e.EventAction == "trigger":
		return e.checkTrigger()
	case e.EventAction != "acknowledge" && e.EventAction != "resolve":
		return fmt.Errorf("event_action is %q", e.EventAction)
	case e.DedupKey == "":
		return errors.New("dedup_key is missing")
	default:
		return nil
	}
}

func (e *event) checkTrigger() error {
	p := e.Payload
	switch {
	case p == nil:
		return errors.New("payload is missing")
	case p.Summary == "" || utf8.RuneCountInString(p.Summary) > maxSummary:
		return errors.New("payload.summary is missing or too long")
	case p.Source == "":
		return errors.New("payload.source is missing")
	case !slices.Contains([]string{"critical", "error", "warning", "info"}, p.Severity):
		return fmt.Errorf("payload.severity is %q", p.Severity)
	}
	if p.Timestamp != "" {
		if _, err := time.Parse(time.RFC3339, p.Timestamp); err != nil {
			return fmt.Errorf("payload.timestamp: %w", err)
		}
	}
	if e.ClientURL != "" && !isURL(e.ClientURL, "http", "https") {
		return fmt.Errorf("client_url is %q", e.ClientURL)
	}
	for i, link := range e.Links {
		if !isURL(link.Href, "http", "https") {
			return fmt.Errorf("links.%d.href is %q", i, link.Href)
		}
	}
	for i, image := range e.Images {
		if !isURL(image.Src, "https") || (image.Href != "" && !isURL(image.Href, "http", "https")) {
			return fmt.Errorf("images.%d has a wrong src or href", i)
		}
	}
	return nil
}

func isURL(text string, schemes ...string) bool {
	u, err := url.Parse(text)
	return err == nil && u.Host != "" && slices.Contains(schemes, strings.ToLower(u.Scheme))
}
