// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package emailexporter

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net/textproto"
	"time"

	"github.com/wneessen/go-mail"
	"github.com/wneessen/go-mail/smtp"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/consumer/consumererror"
	"go.uber.org/zap"

	"github.com/otelcol-arc/otelcol-arc/internal/alertevent"
	"github.com/otelcol-arc/otelcol-arc/internal/notify"
)

// mailer sends messages, each over a connection of its own: alerts are rare,
// and servers close what is silent.
type mailer struct {
	cfg      *Config
	envelope envelope
	renderer   renderer
	logger   *zap.Logger
	tls      *tls.Config
	ids      messageIDs
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
	m.tls = settings
	return nil
}

// tell sends alerts as one message.
func (m *mailer) tell(ctx context.Context, alerts []alertevent.Alert) error {
	ctx, cancel := context.WithTimeout(ctx, m.cfg.Timeout)
	defer cancel()
	said, err := m.renderer.render(alerts)
	if err != nil {
		m.logger.Error("A template failed; the alerts are told without it", zap.Error(err))
	}
	message := newMessage(m.envelope, said, alerts, m.ids.of(alerts), time.Now())
	if err := m.deliver(ctx, message); err != nil {
		if ctx.Err() != nil {
			// What is seen of it is a closed connection.
			err = fmt.Errorf("%w: %w", ctx.Err(), err)
		}
		return m.classify(err)
	}
	m.ids.forget()
	return nil
}

// deliver hands a message to the server. It is taken once its last line is
// answered; what happens to the connection after that does not matter.
func (m *mailer) deliver(ctx context.Context, message *mail.Msg) error {
	session, hangUp, err := m.connect(ctx)
	defer hangUp()
	if err != nil {
		return err
	}
	from, err := message.GetSender(false)
	if err != nil {
		return err
	}
	recipients, err := message.GetRecipients()
	if err != nil {
		return err
	}
	if err := session.Mail(from); err != nil {
		return fmt.Errorf("sender: %w", err)
	}
	if err := m.address(session, recipients); err != nil {
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
	return nil
}

// address names the recipients. Those that the server refuses while it takes
// others are left out and logged: one closed mailbox must not keep an alert
// from everybody else. It fails when none is taken, to be tried again when one
// of them was refused for now.
func (m *mailer) address(session *smtp.Client, recipients []string) error {
	var refused, temporary error
	taken := 0
	for _, recipient := range recipients {
		err := session.Rcpt(recipient)
		var answer *textproto.Error
		switch {
		case err == nil:
			taken++
			continue
		case !errors.As(err, &answer) || answer.Code == codeClosing:
			return fmt.Errorf("recipient: %w", err)
		}
		err = fmt.Errorf("recipient %s: %w", recipient, err)
		refused = errors.Join(refused, err)
		if temporary == nil && !isPermanent(answer) {
			temporary = err
		}
	}
	switch {
	case taken == 0 && temporary != nil:
		return temporary
	case taken == 0:
		return refused
	case refused != nil:
		m.logger.Error("Recipients were refused and are not told",
			zap.String("error", m.quote(refused)))
	}
	return nil
}

// codeClosing is what a server that shuts down answers to whatever it is sent.
const codeClosing = 421

// maxDetail bounds what a log quotes of an answer, in runes.
const maxDetail = 500

// isPermanent says whether the server would answer the same again. Among these
// answers is that to a wrong password (535): trying it again and again locks
// accounts.
// https://www.rfc-editor.org/rfc/rfc5321#section-4.2.1
func isPermanent(answer *textproto.Error) bool { return answer.Code >= 500 && answer.Code <= 599 }

// classify marks the errors that no further try mends. Everything that is no
// answer of the server can be: a network, a certificate, a missing extension.
func (m *mailer) classify(err error) error {
	var answer *textproto.Error
	if !errors.As(err, &answer) {
		return err
	}
	err = fmt.Errorf("%w: %s", notify.ErrRefused, m.quote(err))
	if isPermanent(answer) {
		return consumererror.NewPermanent(err)
	}
	return err
}

// quote shows what the server said, without secrets. They are taken out before
// a limit can leave half of one.
func (m *mailer) quote(err error) string {
	return notify.Truncate(notify.Clean(m.redact(err)), maxDetail)
}
