// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package double

import (
	"bytes"
	"crypto/hmac"
	"crypto/md5"
	"crypto/tls"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"io"
	"net"
	"net/textproto"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

// SMTP is a mail server for message submission. The Inbox has a body for each
// email; what Refuse of the Inbox is for, RefuseCommand does here.
// https://www.rfc-editor.org/rfc/rfc5321
type SMTP struct {
	*Inbox
	Port int

	settings SMTPSettings
	mu       sync.Mutex
	mails    []Mail
	refusals []refusal
	sessions []net.Conn
}

// SMTPSettings specify how a mail server is to be talked to.
type SMTPSettings struct {
	// Certificate switches TLS on: with Implicit from the first byte, and else
	// after STARTTLS.
	Certificate *Certificate
	Implicit    bool
	// Mechanisms are the ways to authenticate: PLAIN, LOGIN, CRAM-MD5, XOAUTH2.
	// With any, email is accepted from the user alone.
	Mechanisms         []string
	Username, Password string
}

// Mail is one that a server took.
type Mail struct {
	From string
	To   []string
	// Message is as it was sent, with line ends of CRLF.
	Message []byte
	TLS     bool
	// Mechanism is how the sender authenticated; "" when not.
	Mechanism string
}

type refusal struct{ command, answer string }

// NewSMTP serves on 127.0.0.1 until the test ends.
func NewSMTP(tb testing.TB, settings SMTPSettings) *SMTP {
	tb.Helper()
	listener, err := (&net.ListenConfig{}).Listen(tb.Context(), "tcp", "127.0.0.1:0")
	require.NoError(tb, err)
	address, _ := listener.Addr().(*net.TCPAddr)
	server := &SMTP{Inbox: &Inbox{}, Port: address.Port, settings: settings}
	if settings.Implicit {
		listener = tls.NewListener(listener, settings.tls())
	}
	var wg sync.WaitGroup
	wg.Go(func() {
		for {
			connection, err := listener.Accept()
			if err != nil {
				return
			}
			server.mu.Lock()
			server.sessions = append(server.sessions, connection)
			server.mu.Unlock()
			wg.Go(func() {
				server.serve(connection)
				_ = connection.Close()
			})
		}
	})
	tb.Cleanup(func() {
		_ = listener.Close()
		server.mu.Lock()
		for _, connection := range server.sessions {
			_ = connection.Close()
		}
		server.mu.Unlock()
		wg.Wait()
	})
	return server
}

func (s SMTPSettings) tls() *tls.Config {
	return &tls.Config{Certificates: []tls.Certificate{s.Certificate.TLS}, MinVersion: tls.VersionTLS12}
}

// RefuseCommand makes the server give these answers, one each, to the next
// commands that begin so. The command is "CONNECT" for the greeting and "." for
// the end of a message. After a response that begins with 421 the server hangs
// up; so it does instead of the response "", but has accepted the message then.
func (s *SMTP) RefuseCommand(command string, answers ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, answer := range answers {
		s.refusals = append(s.refusals, refusal{command, answer})
	}
}

// Emails are all that were accepted so far.
func (s *SMTP) Emails() []Mail {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.mails)
}

func (s *SMTP) refused(line string) (answer string, found bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i, r := range s.refusals {
		if strings.HasPrefix(strings.ToUpper(line), strings.ToUpper(r.command)) {
			s.refusals = slices.Delete(s.refusals, i, i+1)
			return r.answer, true
		}
	}
	return "", false
}

// session is one connection.
type session struct {
	*textproto.Conn
	server     *SMTP
	connection net.Conn
	mail       Mail
	greeted    bool
}

// errHangUp ends a session.
var errHangUp = errors.New("hang up")

func (s *SMTP) serve(connection net.Conn) {
	c := &session{Conn: textproto.NewConn(connection), server: s, connection: connection}
	c.mail.TLS = s.settings.Implicit
	line, answer := "CONNECT", "220 localhost ESMTP"
	for {
		if refusal, found := s.refused(line); found {
			answer = refusal
		} else if line != "CONNECT" {
			var err error
			if answer, err = c.do(line); err != nil {
				return
			}
		}
		if answer == "" {
			return
		}
		if err := c.PrintfLine("%s", answer); err != nil || strings.HasPrefix(answer, "421") || strings.HasPrefix(answer, "221") {
			return
		}
		if strings.HasPrefix(line, "STARTTLS") && strings.HasPrefix(answer, "220") {
			c.connection = tls.Server(c.connection, s.settings.tls())
			c.Conn, c.mail, c.greeted = textproto.NewConn(c.connection), Mail{TLS: true}, false
		}
		var err error
		if line, err = c.ReadLine(); err != nil {
			return
		}
	}
}

// do answers one command.
func (c *session) do(line string) (string, error) {
	verb, argument, _ := strings.Cut(line, " ")
	settings := c.server.settings
	switch verb = strings.ToUpper(verb); {
	case verb == "EHLO":
		c.greeted = true
		return strings.Join(c.extensions(), "\r\n"), nil
	case verb == "QUIT":
		return "221 2.0.0 bye", nil
	case verb == "NOOP":
		return "250 2.0.0 ok", nil
	case verb == "RSET":
		c.reset()
		return "250 2.0.0 ok", nil
	case !c.greeted:
		return "503 5.5.1 EHLO first", nil
	case verb == "STARTTLS" && settings.Certificate != nil && !c.mail.TLS:
		return "220 2.0.0 go ahead", nil
	case verb == "AUTH":
		return c.authenticate(argument)
	case verb == "MAIL" && len(settings.Mechanisms) > 0 && c.mail.Mechanism == "":
		return "530 5.7.0 authentication required", nil
	case verb == "MAIL":
		c.reset()
		c.mail.From = between(argument)
		return "250 2.1.0 ok", nil
	case verb == "RCPT" && c.mail.From != "":
		c.mail.To = append(c.mail.To, between(argument))
		return "250 2.1.5 ok", nil
	case verb == "DATA" && len(c.mail.To) > 0:
		return c.data()
	default:
		return "503 5.5.1 bad sequence of commands", nil
	}
}

func (c *session) extensions() []string {
	lines := []string{"250-localhost", "250-8BITMIME", "250-SMTPUTF8", "250-ENHANCEDSTATUSCODES"}
	if c.server.settings.Certificate != nil && !c.mail.TLS {
		lines = append(lines, "250-STARTTLS")
	}
	if mechanisms := c.server.settings.Mechanisms; len(mechanisms) > 0 {
		lines = append(lines, "250-AUTH "+strings.Join(mechanisms, " "))
	}
	return append(lines, "250 SIZE 10485760")
}

// reset forgets the email, and not who sends.
func (c *session) reset() { c.mail = Mail{TLS: c.mail.TLS, Mechanism: c.mail.Mechanism} }

// between is the address between angle brackets.
func between(argument string) string {
	_, address, _ := strings.Cut(argument, "<")
	address, _, _ = strings.Cut(address, ">")
	return address
}

// data takes a message whose lines are no longer than allowed and end as they must.
// https://www.rfc-editor.org/rfc/rfc5321#section-4.5.3.1.6
func (c *session) data() (string, error) {
	if err := c.PrintfLine("354 go ahead"); err != nil {
		return "", err
	}
	var message bytes.Buffer
	for {
		line, err := c.R.ReadString('\n')
		if err != nil {
			return "", err
		}
		if line == ".\r\n" {
			break
		}
		if !strings.HasSuffix(line, "\r\n") || len(line) > 1000 {
			return "", errHangUp
		}
		message.WriteString(strings.TrimPrefix(line, "."))
	}
	answer, found := c.server.refused(".")
	if found && answer != "" {
		return answer, nil
	}
	c.mail.Message = message.Bytes()
	c.server.mu.Lock()
	c.server.mails = append(c.server.mails, c.mail)
	c.server.mu.Unlock()
	c.server.accept(map[string]any{"from": c.mail.From, "to": c.mail.To, "message": message.String()})
	if found {
		return "", errHangUp
	}
	return "250 2.0.0 queued", nil
}

// authenticate plays the server's part of a mechanism.
// https://www.rfc-editor.org/rfc/rfc4954
func (c *session) authenticate(argument string) (string, error) {
	mechanism, initial, _ := strings.Cut(argument, " ")
	settings := c.server.settings
	if !slices.Contains(settings.Mechanisms, mechanism) {
		return "504 5.5.4 unknown mechanism", nil
	}
	var said, want string
	var err error
	switch mechanism {
	case "PLAIN":
		said, want = decode(initial), "\x00"+settings.Username+"\x00"+settings.Password
	case "XOAUTH2":
		said, want = decode(initial), "user="+settings.Username+"\x01auth=Bearer "+settings.Password+"\x01\x01"
	case "LOGIN":
		want = settings.Username + "\n" + settings.Password
		var user, password string
		if user, err = c.ask("Username:"); err == nil {
			password, err = c.ask("Password:")
		}
		said = user + "\n" + password
	case "CRAM-MD5":
		const challenge = "<1896.697170952@localhost>"
		mac := hmac.New(md5.New, []byte(settings.Password))
		if _, err := io.WriteString(mac, challenge); err != nil {
			return "", err
		}
		want = settings.Username + " " + hex.EncodeToString(mac.Sum(nil))
		said, err = c.ask(challenge)
	}
	if err != nil {
		return "", err
	}
	if said != want {
		return "535 5.7.8 authentication failed", nil
	}
	c.mail.Mechanism = mechanism
	return "235 2.7.0 welcome", nil
}

// ask sends a challenge and returns the response.
func (c *session) ask(challenge string) (string, error) {
	if err := c.PrintfLine("334 %s", base64.StdEncoding.EncodeToString([]byte(challenge))); err != nil {
		return "", err
	}
	answer, err := c.ReadLine()
	return decode(answer), err
}

func decode(text string) string {
	content, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		return ""
	}
	return string(content)
}
