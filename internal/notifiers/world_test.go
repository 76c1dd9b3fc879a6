// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package notifiers

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"mime/quotedprintable"
	"net"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/alertmanager/api/v2/models"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/confmap"
	"go.opentelemetry.io/collector/exporter"
	"go.opentelemetry.io/collector/exporter/exportertest"
	"go.opentelemetry.io/collector/extension/extensionmiddleware"
	"go.opentelemetry.io/collector/extension/xextension/storage"

	"github.com/otelcol-arc/otelcol-arc/internal/testkit/double"
	"github.com/otelcol-arc/otelcol-arc/internal/testkit/testhost"
)

// states has every alert of a message as NAME=STATE, by whichever template.
const states = `{{ range .Alerts }}{{ .Labels.alertname }}{{ .Labels.i }}={{ .Status }};{{ end }}`

var stateOf = regexp.MustCompile(`([A-Z][a-z]+\d+)=(firing|resolved);`)

// fault is how a vendor fails.
type fault int

const (
	healthy fault = iota
	refuses
	unavailable
	throttles
	hangs
	faults // their number
)

// vendor is what the recipients at one vendor believe: the state of each alert by the
// last message about it. It is a middleware in place of the connection, since the clock
// of a bubble does not advance while a goroutine waits for a real one.
type vendor struct {
	component.StartFunc
	component.ShutdownFunc
	read func(v *vendor, body []byte)
	// perMinute is the most requests in any minute that it accepts; 0: any number.
	perMinute int

	mu       sync.Mutex
	fault    fault
	requests int
	recent   []time.Time
	view     map[string]string
	expires  map[string]time.Time // of alerts that expire, as at Alertmanager
	order    []string             // NAME=STATE, as accepted
	last     time.Time            // of what was news when it was accepted
}

func (v *vendor) GetHTTPRoundTripper(context.Context) (extensionmiddleware.WrapHTTPRoundTripperFunc, error) {
	return func(context.Context, http.RoundTripper) (http.RoundTripper, error) { return v, nil }, nil
}

func (v *vendor) set(f fault) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.fault = f
}

// RoundTrip accepts a message, or fails.
func (v *vendor) RoundTrip(r *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	v.mu.Lock()
	f := v.fault
	v.requests++
	v.recent = slices.DeleteFunc(v.recent, func(at time.Time) bool { return time.Since(at) >= time.Minute })
	if f == healthy && v.perMinute > 0 && len(v.recent) >= v.perMinute {
		f = throttles
	}
	if f == healthy {
		v.recent = append(v.recent, time.Now())
		v.read(v, body)
	}
	v.mu.Unlock()
	respond := func(status int, content string, header http.Header) (*http.Response, error) {
		return &http.Response{StatusCode: status, Header: header, Body: io.NopCloser(strings.NewReader(content)), Request: r}, nil
	}
	switch f {
	case refuses:
		return nil, errors.New("connection refused")
	case unavailable:
		return respond(http.StatusServiceUnavailable, "", nil)
	case throttles:
		return respond(http.StatusTooManyRequests, "", http.Header{"Retry-After": {"20"}})
	case hangs:
		<-r.Context().Done()
		return nil, r.Context().Err()
	default:
		if r.URL.Host == "events.pagerduty.com" {
			return respond(http.StatusAccepted, `{"status":"success"}`, nil)
		}
		return respond(http.StatusOK, "ok", nil)
	}
}

// note takes a state of an alert. The caller holds the lock.
func (v *vendor) note(name, state string) {
	if v.view[name] != state {
		v.last = time.Now()
	}
	v.view[name] = state
	v.order = append(v.order, name+"="+state)
}

func readStates(v *vendor, body []byte) {
	for _, match := range stateOf.FindAllSubmatch(body, -1) {
		v.note(string(match[1]), string(match[2]))
	}
}

func readPagerDuty(v *vendor, body []byte) {
	var event struct {
		Action string `json:"event_action"`
		Key    string `json:"dedup_key"`
	}
	_ = json.Unmarshal(body, &event)
	v.note(event.Key, map[string]string{"trigger": "firing", "resolve": "resolved"}[event.Action])
}

func readAlertmanager(v *vendor, body []byte) {
	var posted models.PostableAlerts
	_ = json.Unmarshal(body, &posted)
	for _, alert := range posted {
		name := alert.Labels["alertname"] + alert.Labels["i"]
		v.expires[name] = time.Time(alert.EndsAt)
		v.note(name, map[bool]string{true: "firing", false: "resolved"}[time.Now().Before(v.expires[name])])
	}
}

// believed is what the recipients believe now.
func (v *vendor) believed() map[string]string {
	v.mu.Lock()
	defer v.mu.Unlock()
	view := maps.Clone(v.view)
	for name, at := range v.expires {
		if !time.Now().Before(at) {
			view[name] = "resolved"
		}
	}
	return view
}

// world has a vendor for each notifier. What it persists survives a restart.
type world struct {
	t       *testing.T
	vendors map[string]*vendor
	smtp    *smtpServer
	storage *memory
	running map[string]exporter.Logs
	resend  string // resend_interval of alertmanager
}

// newWorld must be called outside of a bubble: its SMTP server listens.
func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{t: t, resend: "1m", storage: newMemory(), vendors: map[string]*vendor{
		"slack": {read: readStates, perMinute: 60}, "teams": {read: readStates}, "webhook": {read: readStates},
		"pagerduty": {read: readPagerDuty, perMinute: 120}, "alertmanager": {read: readAlertmanager},
	}}
	for _, v := range w.vendors {
		v.view, v.expires = map[string]string{}, map[string]time.Time{}
	}
	w.smtp = newSMTPServer(t)
	w.vendors["email"] = w.smtp.vendor
	return w
}

// settings are those of each notifier, for every severity.
func (w *world) settings(name string) map[string]any {
	own := map[string]map[string]any{
		"slack":        {"webhook_url": "http://slack", "text": states},
		"teams":        {"webhook_url": "http://teams", "text": states},
		"webhook":      {"url": "http://webhook", "body": states},
		"pagerduty":    {"routing_key": "0123456789abcdef0123456789abcdef", "dedup_key": `{{ .CommonLabels.alertname }}{{ .CommonLabels.i }}`},
		"alertmanager": {"endpoints": []any{"http://alertmanager"}, "resend_interval": w.resend},
		"email":        {"server": "127.0.0.1", "port": w.smtp.port, "from": "arc@arc.example", "text": states, "timeout": "5s"},
	}[name]
	own["storage"] = "memory"
	own["severities"] = []any{"info", "warning", "error", "critical"}
	if name != "email" {
		own["http"] = map[string]any{"middlewares": []any{map[string]any{"id": name}}, "timeout": "4s"}
	}
	return own
}

func (w *world) start() {
	host := testhost.Host{component.MustNewID("memory"): w.storage}
	for name, v := range w.vendors {
		host[component.MustNewID(name)] = v
	}
	w.running = map[string]exporter.Logs{}
	for kind, factory := range Factories() {
		if w.vendors[kind.String()] == nil {
			continue // one that somebody adds, whose vendor has no double here yet
		}
		cfg := factory.CreateDefaultConfig()
		require.NoError(w.t, confmap.NewFromStringMap(w.settings(kind.String())).Unmarshal(cfg))
		require.NoError(w.t, confmap.Validate(cfg))
		set := exportertest.NewNopSettings(kind)
		set.ID = component.NewID(kind) // by which its state is found again
		e, err := factory.CreateLogs(w.t.Context(), set, cfg)
		require.NoError(w.t, err)
		require.NoError(w.t, e.Start(w.t.Context(), host))
		w.running[kind.String()] = e
	}
}

func (w *world) stop() {
	for _, e := range w.running {
		require.NoError(w.t, e.Shutdown(context.Background()))
	}
}

// memory is a storage extension.
type memory struct {
	component.StartFunc
	component.ShutdownFunc
	mu     sync.Mutex
	values map[string][]byte
}

func newMemory() *memory { return &memory{values: map[string][]byte{}} }

// clone is what is left of it after a kill.
func (m *memory) clone() *memory {
	m.mu.Lock()
	defer m.mu.Unlock()
	return &memory{values: maps.Clone(m.values)}
}

func (m *memory) GetClient(_ context.Context, _ component.Kind, id component.ID, name string) (storage.Client, error) {
	return &memoryClient{m, id.String() + "/" + name + "/"}, nil
}

type memoryClient struct {
	memory *memory
	prefix string
}

func (c *memoryClient) Get(ctx context.Context, key string) ([]byte, error) {
	get := storage.GetOperation(key)
	err := c.Batch(ctx, get)
	return get.Value, err
}

func (c *memoryClient) Set(ctx context.Context, key string, value []byte) error {
	return c.Batch(ctx, storage.SetOperation(key, value))
}

func (c *memoryClient) Delete(ctx context.Context, key string) error {
	return c.Batch(ctx, storage.DeleteOperation(key))
}

func (c *memoryClient) Batch(_ context.Context, operations ...*storage.Operation) error {
	c.memory.mu.Lock()
	defer c.memory.mu.Unlock()
	for _, operation := range operations {
		key := c.prefix + operation.Key
		switch operation.Type {
		case storage.Get:
			operation.Value = c.memory.values[key]
		case storage.Set:
			c.memory.values[key] = bytes.Clone(operation.Value)
		case storage.Delete:
			delete(c.memory.values, key)
		}
	}
	return nil
}

func (*memoryClient) Close(context.Context) error { return nil }

// smtpServer is an SMTP server behind a relay that can be down.
type smtpServer struct {
	*vendor
	server *double.SMTP
	port   int
}

// believed is what the recipients of the emails believe.
func (s *smtpServer) believed() map[string]string {
	view := map[string]string{}
	for _, email := range s.server.Emails() {
		text, _ := io.ReadAll(quotedprintable.NewReader(bytes.NewReader(email.Message)))
		for _, match := range stateOf.FindAllSubmatch(text, -1) {
			view[string(match[1])] = string(match[2])
		}
	}
	return view
}

func newSMTPServer(t *testing.T) *smtpServer {
	t.Helper()
	server := double.NewSMTP(t, double.SMTPSettings{})
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	s := &smtpServer{&vendor{}, server, listener.Addr().(*net.TCPAddr).Port}
	var wg sync.WaitGroup
	wg.Go(func() {
		for {
			connection, err := listener.Accept()
			if err != nil {
				return
			}
			wg.Go(func() {
				defer func() { _ = connection.Close() }()
				s.relay(connection)
			})
		}
	})
	t.Cleanup(func() {
		_ = listener.Close()
		wg.Wait()
	})
	return s
}

// relay passes one session on.
func (s *smtpServer) relay(connection net.Conn) {
	s.mu.Lock()
	f := s.fault
	s.requests++
	s.mu.Unlock()
	if f != healthy {
		return // the connection is closed before the greeting
	}
	to, err := net.Dial("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(s.server.Port)))
	if err != nil {
		return
	}
	defer func() { _ = to.Close() }()
	go func() {
		_, _ = io.Copy(to, connection)
		_ = to.Close()
	}()
	_, _ = io.Copy(connection, to)
}
