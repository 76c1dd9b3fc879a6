// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package emailexporter

import (
	"strconv"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/otelcol-arc/otelcol-arc/internal/alertevent"
	"github.com/otelcol-arc/otelcol-arc/internal/testkit/alerts"
	"github.com/otelcol-arc/otelcol-arc/internal/testkit/double"
	"github.com/otelcol-arc/otelcol-arc/internal/testkit/notifier"
)

const (
	user   = "alerts@arc.example"
	secret = "correct-horse-battery"
)

// newServer is a mail server as providers run them.
func newServer(t *testing.T) (*double.SMTP, double.Certificate) {
	t.Helper()
	certificate := double.NewCertificate(t)
	return double.NewSMTP(t, double.SMTPSettings{
		Certificate: &certificate, Mechanisms: []string{"PLAIN", "LOGIN"}, Username: user, Password: secret,
	}), certificate
}

func newConfig(server *double.SMTP, certificate double.Certificate) *Config {
	cfg := createDefaultConfig().(*Config)
	cfg.Server = "127.0.0.1"
	cfg.Port = server.Port
	cfg.Username, cfg.Password = user, secret
	cfg.TLS.CAFile = certificate.CertFile
	cfg.To = []string{"Ops <ops@arc.example>"}
	notifier.Impatient(&cfg.Retry)
	return cfg
}

func start(t *testing.T, change func(*Config)) (notifier.Running, *double.SMTP) {
	t.Helper()
	server, certificate := newServer(t)
	cfg := newConfig(server, certificate)
	if change != nil {
		change(cfg)
	}
	return notifier.Start(t, NewFactory(), cfg), server
}

func TestAlertArrives(t *testing.T) {
	e, server := start(t, func(cfg *Config) {
		cfg.From = "Arc <arc@arc.example>"
		cfg.To = []string{"", "Ops <ops@arc.example>, boss@arc.example"}
		cfg.Cc = []string{"cc@arc.example"}
		cfg.Bcc = []string{"secret-reader@arc.example"}
	})
	e.Deliver(t, alerts.Firing())
	e.Deliver(t, alerts.Resolved())
	e.Finish(t, server.Inbox, 2, secret)
	assert.Equal(t, int64(2), e.Count(t, "sent"))

	first, second := server.Emails()[0], server.Emails()[1]
	assert.True(t, first.TLS)
	assert.Equal(t, "arc@arc.example", first.From)
	assert.Equal(t, []string{"ops@arc.example", "boss@arc.example", "cc@arc.example", "secret-reader@arc.example"}, first.To)
	assert.NotContains(t, string(first.Message), "secret-reader")

	firing, resolved := read(t, first.Message), read(t, second.Message)
	assert.Equal(t, `"Arc" <arc@arc.example>`, firing.header.Get("From"))
	assert.Equal(t, `"Ops" <ops@arc.example>, <boss@arc.example>`, firing.header.Get("To"))
	assert.Equal(t, "<cc@arc.example>", firing.header.Get("Cc"))
	assert.Equal(t, "auto-generated", firing.header.Get("Auto-Submitted"))
	assert.Equal(t, "[CRITICAL] HighErrorRate: High error rate detected", firing.subject)
	assert.Equal(t, "[RESOLVED] HighErrorRate: High error rate detected", resolved.subject)
	_, err := firing.header.Date()
	require.NoError(t, err)

	thread := "<alert-" + alerts.Firing().Fingerprint() + "@arc.example>"
	for _, m := range []message{firing, resolved} {
		assert.Equal(t, thread, m.header.Get("References"))
		assert.Equal(t, thread, m.header.Get("In-Reply-To"))
		assert.Regexp(t, `^<\w{20,}@arc\.example>$`, m.header.Get("Message-Id"))
	}
	assert.NotEqual(t, firing.header.Get("Message-Id"), resolved.header.Get("Message-Id"))
}

func TestStormIsOneEmail(t *testing.T) {
	e, server := start(t, nil)
	require.NoError(t, e.ConsumeLogs(t.Context(), alerts.Logs(alerts.Cases()["storm"]...)))
	e.Finish(t, server.Inbox, 1, secret)
	m := read(t, server.Emails()[0].Message)
	assert.Equal(t, "[CRITICAL] HighErrorRate: High error rate detected (+49 more)", m.subject)
	assert.Contains(t, m.text, "… 30 more")
	assert.Contains(t, m.html, "… 30 more")
}

// Each group is an email of its own, also when alerts of several groups come together.
func TestGroupsAreEmails(t *testing.T) {
	e, server := start(t, nil)
	var raised []alertevent.Alert
	for i, a := range alerts.Cases()["storm"][:6] {
		a.Group = &alertevent.Group{Key: strconv.Itoa(i % 2)}
		raised = append(raised, a)
	}
	require.NoError(t, e.ConsumeLogs(t.Context(), alerts.Logs(raised...)))
	e.Finish(t, server.Inbox, 2, secret)
	for i, instances := range [][]string{{"arc-00", "arc-02", "arc-04"}, {"arc-01", "arc-03", "arc-05"}} {
		m := read(t, server.Emails()[i].Message)
		assert.Contains(t, m.subject, "(+2 more)")
		for _, instance := range instances {
			assert.Contains(t, m.text, instance)
		}
	}
}

func TestOtherLogsAreIgnored(t *testing.T) {
	e, server := start(t, nil)
	ld := plog.NewLogs()
	ld.ResourceLogs().AppendEmpty().ScopeLogs().AppendEmpty().LogRecords().AppendEmpty().SetEventName(alertevent.EventName)
	ld.MarkReadOnly()
	require.NoError(t, e.ConsumeLogs(t.Context(), ld))
	e.Finish(t, server.Inbox, 0, secret)
}

func TestFilter(t *testing.T) {
	e, server := start(t, func(cfg *Config) {
		cfg.Severities = []string{"critical"}
		cfg.SendResolved = false
	})
	e.Deliver(t, alerts.Firing())
	require.NoError(t, e.ConsumeLogs(t.Context(), alerts.Logs(alerts.Cases()["several"][1:]...)))
	e.Finish(t, server.Inbox, 1, secret)
	assert.Equal(t, int64(2), e.Count(t, "filtered"))
	assert.Equal(t, int64(1), e.Count(t, "sent"))
}

func TestSenderIsNotifiedWithoutRecipients(t *testing.T) {
	e, server := start(t, func(cfg *Config) { cfg.To = []string{"", " "} })
	require.NoError(t, e.ConsumeLogs(t.Context(), alerts.Logs(alerts.Firing())))
	e.Finish(t, server.Inbox, 1, secret)
	assert.Equal(t, user, server.Emails()[0].From)
	assert.Equal(t, []string{user}, server.Emails()[0].To)
}

func TestOff(t *testing.T) {
	cfg := createDefaultConfig().(*Config)
	cfg.To = []string{""}
	e := notifier.Start(t, NewFactory(), cfg)
	require.NoError(t, e.ConsumeLogs(t.Context(), alerts.Logs(alerts.Firing())))
	require.NoError(t, e.Shutdown(t.Context()))
	require.Equal(t, 1, e.Log.Len())
	assert.Equal(t, "Switched off: server is empty", e.Log.All()[0].Message)
}

func TestLabelsFilter(t *testing.T) {
	e, server := start(t, func(cfg *Config) { cfg.Filter.Matchers = []string{`instance="arc-8"`} })
	other := alerts.Firing()
	other.Labels["instance"] = "arc-8"
	require.NoError(t, e.ConsumeLogs(t.Context(), alerts.Logs(alerts.Firing())))
	require.NoError(t, e.ConsumeLogs(t.Context(), alerts.Logs(other)))
	e.Finish(t, server.Inbox, 1, secret)
	assert.Contains(t, read(t, server.Emails()[0].Message).text, "arc-8")
	assert.Equal(t, int64(1), e.Count(t, "filtered"))
}
