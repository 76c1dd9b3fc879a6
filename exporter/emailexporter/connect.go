// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package emailexporter

import (
	"context"
	"crypto/tls"
	"net"
	"strconv"

	"github.com/wneessen/go-mail"
	"github.com/wneessen/go-mail/smtp"
)

// connect opens a session: connection, TLS and authentication. Both end with
// ctx. hangUp closes the connection, also after an error.
func (m *mailer) connect(ctx context.Context) (session *smtp.Client, hangUp func(), err error) {
	hangUp = func() {}
	dial := func(short context.Context, network, _ string) (net.Conn, error) {
		connection, err := m.dial(short, network)
		if err != nil {
			return nil, err
		}
		// The library ends dialling with its context, and nothing after that.
		stop := context.AfterFunc(ctx, func() { _ = connection.Close() })
		hangUp = func() {
			stop()
			_ = connection.Close()
		}
		return connection, nil
	}
	options := append(m.authOptions(), mail.WithDialContextFunc(dial), mail.WithTimeout(m.cfg.Timeout))
	switch m.cfg.mode() {
	case tlsStartTLS:
		options = append(options, mail.WithTLSPolicy(mail.TLSMandatory), mail.WithTLSConfig(m.tls))
	case tlsImplicit:
		options = append(options, mail.WithSSL())
	case tlsLocal:
		options = append(options, mail.WithTLSPolicy(mail.TLSOpportunistic), mail.WithTLSConfig(m.tls))
	default:
		options = append(options, mail.WithTLSPolicy(mail.NoTLS))
	}
	if m.envelope.isASCII() {
		// A message that needs SMTPUTF8 cannot be relayed to every server.
		options = append(options, mail.WithoutSMTPUTF8())
	}
	client, err := mail.NewClient(m.cfg.Server, options...)
	if err != nil {
		return nil, hangUp, err
	}
	session, err = client.DialToSMTPClientWithContext(ctx)
	return session, hangUp, err
}

func (m *mailer) dial(ctx context.Context, network string) (net.Conn, error) {
	port := m.cfg.Port
	if port == 0 {
		port = defaultPort
	}
	address := net.JoinHostPort(m.cfg.Server, strconv.Itoa(port))
	if m.cfg.mode() == tlsImplicit {
		return (&tls.Dialer{Config: m.tls}).DialContext(ctx, network, address)
	}
	return (&net.Dialer{}).DialContext(ctx, network, address)
}

// authOptions set how to authenticate. Without TLS, which is allowed for a server on
// this machine only, the password is sent in plain text.
func (m *mailer) authOptions() []mail.Option {
	if m.cfg.Auth == authNone || m.cfg.Username == "" {
		return nil
	}
	plain, login := mail.SMTPAuthPlain, mail.SMTPAuthLogin
	if mode := m.cfg.mode(); mode == tlsNone || mode == tlsLocal {
		plain, login = mail.SMTPAuthPlainNoEnc, mail.SMTPAuthLoginNoEnc
	}
	options := []mail.Option{mail.WithUsername(m.cfg.Username), mail.WithPassword(string(m.cfg.Password))}
	switch m.cfg.Auth {
	case authPlain:
		return append(options, mail.WithSMTPAuth(plain))
	case authLogin:
		return append(options, mail.WithSMTPAuth(login))
	case authCRAMMD5:
		return append(options, mail.WithSMTPAuth(mail.SMTPAuthCramMD5))
	case authXOAUTH2:
		return append(options, mail.WithSMTPAuth(mail.SMTPAuthXOAUTH2))
	default:
		return append(options, mail.WithOpportunisticSMTPAuth(
			mail.SMTPAuthSCRAMSHA256, mail.SMTPAuthSCRAMSHA1, mail.SMTPAuthCramMD5, plain, login))
	}
}
