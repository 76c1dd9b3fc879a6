// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package emailexporter

import (
	"context"
	"encoding/base64"
	"fmt"
	"net"
	"net/textproto"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/config/configopaque"
	"go.opentelemetry.io/collector/exporter/exportertest"
	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/otelcol-arc/otelcol-arc/internal/alertevent"
	"github.com/otelcol-arc/otelcol-arc/internal/notify"
	"github.com/otelcol-arc/otelcol-arc/internal/testkit/alerts"
	"github.com/otelcol-arc/otelcol-arc/internal/testkit/double"
	"github.com/otelcol-arc/otelcol-arc/internal/testkit/notifier"
)

func TestWaysToAuthenticate(t *testing.T) {
	all := []string{"PLAIN", "LOGIN", "CRAM-MD5", "XOAUTH2"}
	for _, test := range []struct {
		auth    string
		offered []string
		want    string
	}{
		{"plain", all, "PLAIN"},
		{"login", all, "LOGIN"},
		{"cram_md5", all, "CRAM-MD5"},
		{"xoauth2", all, "XOAUTH2"},
		{"auto", all, "CRAM-MD5"},
		{"auto", []string{"LOGIN", "PLAIN"}, "PLAIN"},
		{"auto", []string{"LOGIN"}, "LOGIN"},
		{"none", nil, ""},
	} {
		for _, mode := range []string{tlsStartTLS, tlsImplicit, tlsNone} {
			t.Run(fmt.Sprint(test.auth, test.offered, mode), func(t *testing.T) {
				certificate := double.NewCertificate(t)
				settings := double.SMTPSettings{
					Implicit: mode == tlsImplicit, Mechanisms: test.offered, Username: user, Password: secret,
				}
				if mode != tlsNone {
					settings.Certificate = &certificate
				}
				server := double.NewSMTP(t, settings)
				cfg := newConfig(server, certificate)
				cfg.Auth, cfg.TLSMode = test.auth, mode
				e := notifier.Start(t, NewFactory(), cfg)
				require.NoError(t, e.ConsumeLogs(t.Context(), alerts.Logs(alerts.Firing())))
				e.Finish(t, server.Inbox, 1, secret)
				assert.Equal(t, test.want, server.Emails()[0].Mechanism)
				assert.Equal(t, mode != tlsNone, server.Emails()[0].TLS)
			})
		}
	}
}

func TestRetry(t *testing.T) {
	e, server := start(t, nil)
	server.RefuseCommand("CONNECT", "421 4.3.2 shutting down", "")
	server.RefuseCommand("EHLO", "421 4.3.2 shutting down")
	server.RefuseCommand("AUTH", "454 4.7.0 temporary authentication failure")
	server.RefuseCommand("MAIL", "452 4.3.1 insufficient storage")
	server.RefuseCommand("RCPT", "450 4.2.1 mailbox busy", "421 4.3.2 shutting down")
	server.RefuseCommand("DATA", "451 4.3.0 local error")
	server.RefuseCommand(".", "451 4.3.0 local error")
	e.Deliver(t, alerts.Firing())
	e.Deliver(t, alerts.Resolved())
	e.Finish(t, server.Inbox, 2, secret)
	assert.Contains(t, read(t, server.Emails()[0].Message).subject, "CRITICAL")
	assert.Contains(t, read(t, server.Emails()[1].Message).subject, "RESOLVED")
	assert.Equal(t, int64(0), e.Count(t, "failed"))
	assert.Equal(t, int64(2), e.Count(t, "sent"))
}

func TestMessageIsRejected(t *testing.T) {
	for command, response := range map[string]string{
		"DATA": "554 5.6.0 refused",
		".":    "552 5.3.4 message too large",
	} {
		t.Run(command, func(t *testing.T) {
			e, server := start(t, nil)
			server.RefuseCommand(command, response)
			e.Deliver(t, alerts.Firing())
			e.Deliver(t, alerts.Resolved())
			e.Finish(t, server.Inbox, 1, secret)
			assert.Contains(t, read(t, server.Emails()[0].Message).subject, "RESOLVED")
			assert.Equal(t, int64(1), e.Count(t, "failed"))
			rejected := e.Log.FilterMessageSnippet("rejected").All()
			require.Len(t, rejected, 1)
			assert.Regexp(t, "refused: .*"+response[:3]+".*"+response[4:9], rejected[0].ContextMap()["error"])
		})
	}
}

// The server, the sender, the password or all recipients are rejected: what waits
// is kept, and tried again after minutes, because a wrong password locks accounts.
func TestChannelIsRejected(t *testing.T) {
	for command, response := range map[string]string{
		"CONNECT": "554 5.3.2 no service here",
		"AUTH":    "535 5.7.8 bad password " + secret,
		"MAIL":    "553 5.1.8 sender refused",
		"RCPT":    "550 5.1.1 no such mailbox",
	} {
		t.Run(command, func(t *testing.T) {
			e, server := start(t, nil)
			server.RefuseCommand(command, response)
			require.NoError(t, e.ConsumeLogs(t.Context(), alerts.Logs(alerts.Firing())))
			require.Eventually(t, func() bool { return e.Log.FilterMessage("Sending notifications fails").Len() == 1 }, 10*time.Second, time.Millisecond)
			assert.Equal(t, int64(1), e.Count(t, "failed"))
			assert.Equal(t, 1, e.Logs.(*notify.Exporter).Waiting())
			e.Finish(t, server.Inbox, 0, secret)
		})
	}
}

func TestWrongPasswordIsTriedOnce(t *testing.T) {
	for _, auth := range []string{authPlain, authLogin} {
		t.Run(auth, func(t *testing.T) {
			e, server := start(t, func(cfg *Config) {
				cfg.Auth = auth
				cfg.Password = "wrong-" + secret
			})
			require.NoError(t, e.ConsumeLogs(t.Context(), alerts.Logs(alerts.Firing())))
			require.Eventually(t, func() bool { return e.Count(t, "failed") == 1 }, 5*time.Second, time.Millisecond)
			e.Finish(t, server.Inbox, 0, secret)
			assert.Equal(t, int64(1), e.Count(t, "failed"))
		})
	}
}

func TestRejectedRecipientDoesNotKeepOthersFromIt(t *testing.T) {
	e, server := start(t, func(cfg *Config) { cfg.To = []string{"gone@arc.example", "ops@arc.example"} })
	server.RefuseCommand("RCPT TO:<gone@", "550 5.1.1 no such mailbox")
	e.Deliver(t, alerts.Firing())
	e.Finish(t, server.Inbox, 1, secret)
	assert.Equal(t, []string{"ops@arc.example"}, server.Emails()[0].To)
	rejected := e.Log.FilterMessage("Recipients were rejected and are not notified").All()
	require.Len(t, rejected, 1)
	assert.Contains(t, rejected[0].ContextMap()["error"], "<gone@arc.example>: 550")
}

// A recipient that is rejected for now is sent the message alone, later.
func TestRecipientIsTriedAgainAlone(t *testing.T) {
	e, server := start(t, func(cfg *Config) { cfg.To = []string{"full@arc.example", "ops@arc.example"} })
	server.RefuseCommand("RCPT TO:<full@", "452 4.2.2 mailbox full", "452 4.2.2 mailbox full")
	e.Deliver(t, alerts.Firing())
	e.Finish(t, server.Inbox, 2, secret)
	assert.Equal(t, []string{"ops@arc.example"}, server.Emails()[0].To)
	assert.Equal(t, []string{"full@arc.example"}, server.Emails()[1].To)
	assert.Equal(t, read(t, server.Emails()[0].Message).text, read(t, server.Emails()[1].Message).text)
	assert.NotEmpty(t, e.Log.FilterMessage("A notification was not accepted for some recipients").All())
}

// A local relay without TLS, or with a certificate of its own, is used by the
// variables of the default configuration alone; its client is not authenticated.
func TestLocalRelay(t *testing.T) {
	certificate := double.NewCertificate(t)
	for name, settings := range map[string]double.SMTPSettings{"plain": {}, "own certificate": {Certificate: &certificate}} {
		t.Run(name, func(t *testing.T) {
			server := double.NewSMTP(t, settings)
			cfg := createDefaultConfig().(*Config)
			cfg.Server, cfg.Port, cfg.From, cfg.To = "localhost", server.Port, user, []string{"ops@arc.example"}
			e := notifier.Start(t, NewFactory(), cfg)
			e.Deliver(t, alerts.Firing())
			e.Finish(t, server.Inbox, 1, secret)
			assert.Equal(t, settings.Certificate != nil, server.Emails()[0].TLS)
		})
	}
}

func TestEveryRecipientRefused(t *testing.T) {
	e, server := start(t, func(cfg *Config) { cfg.To = []string{"gone@arc.example", "busy@arc.example"} })
	server.RefuseCommand("RCPT TO:<gone@", "550 5.1.1 no such mailbox")
	server.RefuseCommand("RCPT TO:<busy@", "450 4.2.1 mailbox busy")
	require.NoError(t, e.ConsumeLogs(t.Context(), alerts.Logs(alerts.Firing())))
	e.Finish(t, server.Inbox, 1, secret)
	assert.Equal(t, []string{"gone@arc.example", "busy@arc.example"}, server.Emails()[0].To, "what was refused for now is tried again")
}

func TestLostResponseKeepsMessageID(t *testing.T) {
	e, server := start(t, nil)
	server.RefuseCommand(".", "") // accepted, but the response is lost
	e.Deliver(t, alerts.Firing())
	e.Deliver(t, alerts.Resolved())
	e.Finish(t, server.Inbox, 3, secret)
	id := func(i int) string { return read(t, server.Emails()[i].Message).header.Get("Message-Id") }
	assert.Equal(t, id(0), id(1), "mailboxes recognize the duplicate")
	assert.NotEqual(t, id(1), id(2))
}

func TestReminderIsAnotherMessage(t *testing.T) {
	e, server := start(t, nil)
	e.Deliver(t, alerts.Firing())
	ld, records := alertevent.NewLogs(pcommon.NewResource())
	alertevent.Write(records.AppendEmpty(), alerts.Firing(), alerts.Start.Add(time.Hour))
	require.NoError(t, e.ConsumeLogs(t.Context(), ld))
	e.Finish(t, server.Inbox, 2, secret)
	first, second := read(t, server.Emails()[0].Message), read(t, server.Emails()[1].Message)
	assert.NotEqual(t, first.header.Get("Message-Id"), second.header.Get("Message-Id"), "mailboxes would throw it away")
	assert.Equal(t, first.header.Get("References"), second.header.Get("References"))
}

func TestNothingIsSentReadably(t *testing.T) {
	server := double.NewSMTP(t, double.SMTPSettings{Mechanisms: []string{"PLAIN"}, Username: user, Password: secret})
	cfg := newConfig(server, double.NewCertificate(t))
	cfg.TLSMode = tlsStartTLS
	e := notifier.Start(t, NewFactory(), cfg)
	require.NoError(t, e.ConsumeLogs(t.Context(), alerts.Logs(alerts.Firing())))
	require.Eventually(t, func() bool { return e.Log.FilterMessageSnippet("tried again").Len() > 0 }, 5*time.Second, time.Millisecond)
	require.NoError(t, e.Shutdown(t.Context()))
	assert.Empty(t, server.Emails())
}

func TestStrangerIsNotTrusted(t *testing.T) {
	for _, mode := range []string{tlsStartTLS, tlsImplicit} {
		t.Run(mode, func(t *testing.T) {
			certificate := double.NewCertificate(t)
			server := double.NewSMTP(t, double.SMTPSettings{Certificate: &certificate, Implicit: mode == tlsImplicit})
			cfg := newConfig(server, double.NewCertificate(t))
			cfg.TLSMode = mode
			e := notifier.Start(t, NewFactory(), cfg)
			require.NoError(t, e.ConsumeLogs(t.Context(), alerts.Logs(alerts.Firing())))
			require.Eventually(t, func() bool { return e.Log.FilterMessageSnippet("tried again").Len() > 0 }, 5*time.Second, time.Millisecond)
			require.NoError(t, e.Shutdown(t.Context()))
			assert.Empty(t, server.Emails())
			assert.Contains(t, fmt.Sprint(e.Log.FilterMessageSnippet("tried again").All()[0].ContextMap()), "certificate")
		})
	}
}

// newSilent is a server that accepts connections and sends nothing.
func newSilent(t *testing.T) int {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, listener.Close()) })
	return listener.Addr().(*net.TCPAddr).Port
}

func TestSilentServerHoldsNothingUp(t *testing.T) {
	cfg := createDefaultConfig().(*Config)
	cfg.Server, cfg.Port, cfg.From = "127.0.0.1", newSilent(t), user
	cfg.Timeout = 50 * time.Millisecond
	notifier.Impatient(&cfg.Retry)
	e := notifier.Start(t, NewFactory(), cfg)
	require.NoError(t, e.ConsumeLogs(t.Context(), alerts.Logs(alerts.Firing())))
	require.Eventually(t, func() bool { return e.Log.FilterMessageSnippet("tried again").Len() > 0 }, 5*time.Second, time.Millisecond)
	require.NoError(t, e.Shutdown(t.Context()))
	// The connection and the try have the same limit; either is met first.
	assert.Regexp(t, "i/o timeout|context deadline exceeded", e.Log.FilterMessageSnippet("tried again").All()[0].ContextMap()["error"])
}

func TestShutdownIsBounded(t *testing.T) {
	cfg := createDefaultConfig().(*Config)
	cfg.Server, cfg.Port, cfg.From = "127.0.0.1", newSilent(t), user
	e := notifier.Start(t, NewFactory(), cfg)
	require.NoError(t, e.ConsumeLogs(t.Context(), alerts.Logs(alerts.Firing())))
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	began := time.Now()
	_ = e.Shutdown(ctx)
	assert.Less(t, time.Since(began), 5*time.Second, "one try may take 30s")
}

func TestMissingCertificateFailsStart(t *testing.T) {
	cfg := createDefaultConfig().(*Config)
	cfg.Server, cfg.From = "127.0.0.1", user
	cfg.TLS.CAFile = "testdata/none.pem"
	e, err := NewFactory().CreateLogs(t.Context(), exportertest.NewNopSettings(NewFactory().Type()), cfg)
	require.NoError(t, err)
	require.ErrorContains(t, e.Start(t.Context(), componenttest.NewNopHost()), "testdata/none.pem")
	require.NoError(t, e.Shutdown(t.Context()))
}

func TestSecretsAreRedactedFromResponses(t *testing.T) {
	for _, password := range []string{secret, `a"b\c-é-` + "\x01"} {
		cfg := &Config{Username: user, Password: configopaque.String(password)}
		m := &mailer{cfg: cfg}
		for _, sent := range []string{
			password,
			base64.StdEncoding.EncodeToString([]byte(password)),
			base64.StdEncoding.EncodeToString([]byte("\x00" + user + "\x00" + password)),
			base64.StdEncoding.EncodeToString([]byte("user=" + user + "\x01auth=Bearer " + password + "\x01\x01")),
		} {
			assert.Equal(t, `refused: 535 "no: [REDACTED]"`, m.classify(&textproto.Error{Code: 535, Msg: "no: " + sent}, "").Error()[len("Permanent error: "):])
			long := strings.Repeat("x", maxDetail-20) + sent
			assert.NotContains(t, m.classify(&textproto.Error{Code: 450, Msg: long}, "").Error(), sent[:4])
		}
	}
	assert.Empty(t, (&Config{Username: user}).secrets())
}
