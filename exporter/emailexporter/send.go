// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package emailexporter

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net/textproto"
	"strings"
	"time"

	"github.com/wneessen/go-mail"
	"github.com/wneessen/go-mail/smtp"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/consumer/consumererror"
	"go.uber.org/zap"

	"github.com/otelcol-arc/otelcol-arc/internal/notify"
)

// mailer sends messages, each over a connection of its own: alerts are rare,
// and servers close idle connections.
type mailer struct {
	cfg      *Config
	envelope envelope
	renderer renderer
	logger   *zap.Logger
	tls      *tls.Config
}

func newMailer(cfg *Config, receiver string, logger *zap.Logger) (*mailer, error) {
	e, err := newEnvelope(cfg)
	if err != nil {
		return nil, err
	}
	d, err := newRenderer(cfg, receiver)
	if err != nil {
		return nil, err
	}
	return &mailer{cfg: cfg, envelope: e, renderer: d, logger: logger}, nil
}

// start reads the certificates.
func (m *mailer) start(ctx context.Context, _ component.Host) error {
	settings, err := m.cfg.TLS.LoadTLSConfig(ctx)
	if err != nil {
		return fmt.Errorf("tls: %w", err)
	}
	if settings.ServerName == "" {
		settings.ServerName = m.cfg.Server
	}
	if m.cfg.mode() == tlsLocal && m.cfg.TLS.CAFile == "" && m.cfg.TLS.CAPem == "" {
		// A local relay has made its certificate itself, and without TLS, which is
		// the alternative, it would not be known either.
		settings.InsecureSkipVerify = true
	}
	m.tls = settings
	return nil
}

// send sends alerts as one message, to all recipients or to one of them.
func (m *mailer) send(ctx context.Context, message notify.Message) error {
	ctx, cancel := context.WithTimeout(ctx, m.cfg.Timeout)
	defer cancel()
	text, err := m.renderer.render(message.Alerts)
	if err != nil {
		m.logger.Error("Rendering a template failed, the notification is sent without it", zap.Error(err))
	}
	err = m.deliver(ctx, newMessage(m.envelope, text, message.Alerts, message.ID, time.Now()), message.Target)
	if err != nil && ctx.Err() != nil {
		// The library reports a closed connection instead.
		err = fmt.Errorf("%w: %w", ctx.Err(), err)
	}
	return m.classify(err, message.Target)
}

// The steps of a session, of which a permanent rejection means the channel: the
// server, the sender, or all recipients.
var (
	errConnect    = errors.New("connect")
	errSender     = errors.New("sender")
	errRecipients = errors.New("recipients")
)

// deliver gives a message to the server, for all recipients or for the target. It
// is accepted once its last line is; what happens to the connection after that does
// not matter. Recipients that were rejected for now are in the error.
func (m *mailer) deliver(ctx context.Context, message *mail.Msg, target string) error {
	session, hangUp, err := m.connect(ctx)
	defer hangUp()
	if err != nil {
		return fmt.Errorf("%w: %w", errConnect, err)
	}
	from, err := message.GetSender(false)
	if err != nil {
		return err
	}
	recipients, err := message.GetRecipients()
	if err != nil {
		return err
	}
	if target != "" {
		recipients = []string{"<" + target + ">"}
	}
	if err := session.Mail(from); err != nil {
		return fmt.Errorf("%w: %w", errSender, err)
	}
	later, err := m.address(session, recipients)
	if err != nil {
		return err
	}
	body, err := session.Data()
	if err != nil {
		return fmt.Errorf("data: %w", err)
	}
	if _, err := message.WriteTo(body); err != nil {
		// Closing the body would send what there is of it.
		return fmt.Errorf("message: %w", err)
	}
	if err := body.Close(); err != nil {
		return fmt.Errorf("message: %w", err)
	}
	_ = session.Quit()
	if later != nil {
		return later
	}
	return nil
}

// address names the recipients. Those that the server rejects while it accepts
// others are left out: one closed mailbox must not keep an alert from everybody
// else. Those rejected for now are returned, to be sent to later. It fails when none
// is accepted.
func (m *mailer) address(session *smtp.Client, recipients []string) (later *notify.PartialError, err error) {
	var rejected, temporary error
	var targets []string
	accepted := 0
	for _, recipient := range recipients {
		err := session.Rcpt(recipient)
		var response *textproto.Error
		switch {
		case err == nil:
			accepted++
			continue
		case !errors.As(err, &response) || response.Code == codeClosing:
			return nil, fmt.Errorf("recipient: %w", err)
		}
		err = fmt.Errorf("recipient %s: %w", recipient, err)
		if isPermanent(response) {
			rejected = errors.Join(rejected, err)
			continue
		}
		temporary = errors.Join(temporary, err)
		targets = append(targets, recipientAddress(recipient))
	}
	switch {
	case accepted == 0 && temporary != nil:
		return nil, temporary
	case accepted == 0:
		return nil, fmt.Errorf("%w: %w", errRecipients, rejected)
	}
	if rejected != nil {
		m.logger.Error("Recipients were rejected and are not notified", zap.String("error", m.quote(rejected)))
	}
	if temporary == nil {
		return nil, nil
	}
	return &notify.PartialError{Err: errors.New(m.quote(temporary)), Targets: targets}, nil
}

// recipientAddress is a recipient without the brackets of the SMTP command.
func recipientAddress(recipient string) string {
	return strings.TrimSuffix(strings.TrimPrefix(recipient, "<"), ">")
}

// codeClosing is the response of a server that shuts down, to any command.
const codeClosing = 421

// maxDetail bounds the part of a response that a log quotes, in runes.
const maxDetail = 500

// isPermanent reports whether the server would respond the same again.
// https://www.rfc-editor.org/rfc/rfc5321#section-4.2.1
func isPermanent(response *textproto.Error) bool { return response.Code >= 500 && response.Code <= 599 }

// classify marks the errors that are permanent, and those for which the channel is
// the cause and not the message. Every error that is not a response of the server is
// retryable: of the network, of a certificate, a missing extension.
func (m *mailer) classify(err error, target string) error {
	var response *textproto.Error
	var partial *notify.PartialError
	if errors.As(err, &partial) || !errors.As(err, &response) {
		return err
	}
	rejected := fmt.Errorf("%w: %s", notify.ErrRefused, m.quote(err))
	if !isPermanent(response) {
		return rejected
	}
	if errors.Is(err, errConnect) || errors.Is(err, errSender) || errors.Is(err, errRecipients) && target == "" {
		rejected = fmt.Errorf("%w: %w", notify.ErrChannel, rejected)
	}
	return consumererror.NewPermanent(rejected)
}

// quote is the server's response without secrets. They are redacted before the
// response is truncated, which could leave half of a secret.
func (m *mailer) quote(err error) string {
	return notify.Truncate(notify.Clean(m.redact(err)), maxDetail)
}
