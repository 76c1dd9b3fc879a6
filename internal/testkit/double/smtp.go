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
// email. Instead of the Inbox's Refuse use RefuseCommand.
// https://www.rfc-editor.org/rfc/rfc5321
type SMTP struct {
	*Inbox
	Port int

	settings SMTPSettings
	mu       sync.Mutex
	emails   []Email
	refusals []refusal
	sessions []net.Conn
}

// SMTPSettings specify what a mail server offers and requires.
type SMTPSettings struct {
	// Certificate switches TLS on: with Implicit from the first byte, and else
	// after STARTTLS.
	Certificate *Certificate
	Implicit    bool
	// Mechanisms are the ways to authenticate: PLAIN, LOGIN, CRAM-MD5, XOAUTH2.
	// When there are any, only the authenticated user can send.
	Mechanisms         []string
	Username, Password string
}

// Email is a message that a server accepted.
type Email struct {
	From string
	To   []string
	// Message is as it was sent, with line ends of CRLF.
	Message []byte
	TLS     bool
	// Mechanism is how the sender authenticated; "" when not.
	Mechanism string
}

type refusal struct{ command, response string }

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

// RefuseCommand sets the responses to the next commands with this prefix, one
// each. The command is "CONNECT" for the greeting and "." for the end of a
// message. After a response that begins with 421 the server closes the connection.
// Instead of the response "" it closes the connection too, and after "." it has
// then accepted the message.
func (s *SMTP) RefuseCommand(command string, responses ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, response := range responses {
		s.refusals = append(s.refusals, refusal{command, response})
	}
}

// Emails are all that were accepted so far.
func (s *SMTP) Emails() []Email {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.emails)
}

func (s *SMTP) findRefusal(line string) (response string, found bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i, r := range s.refusals {
		if strings.HasPrefix(strings.ToUpper(line), strings.ToUpper(r.command)) {
			s.refusals = slices.Delete(s.refusals, i, i+1)
			return r.response, true
		}
	}
	return "", false
}

// session is one connection.
type session struct {
	*textproto.Conn
	server     *SMTP
	connection net.Conn
	email      Email
	greeted    bool
}

// errSessionClosed ends a session.
var errSessionClosed = errors.New("session closed")

func (s *SMTP) serve(connection net.Conn) {
	c := &session{Conn: textproto.NewConn(connection), server: s, connection: connection}
	c.email.TLS = s.settings.Implicit
	line, response := "CONNECT", "220 localhost ESMTP"
	for {
		if refusal, found := s.findRefusal(line); found {
			response = refusal
		} else if line != "CONNECT" {
			var err error
			if response, err = c.do(line); err != nil {
				return
			}
		}
		if response == "" {
			return
		}
		if err := c.PrintfLine("%s", response); err != nil || strings.HasPrefix(response, "421") || strings.HasPrefix(response, "221") {
			return
		}
		if strings.HasPrefix(line, "STARTTLS") && strings.HasPrefix(response, "220") {
			c.connection = tls.Server(c.connection, s.settings.tls())
			c.Conn, c.email, c.greeted = textproto.NewConn(c.connection), Email{TLS: true}, false
		}
		var err error
		if line, err = c.ReadLine(); err != nil {
			return
		}
	}
}

// do executes a command and returns the response.
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
	case verb == "STARTTLS" && settings.Certificate != nil && !c.email.TLS:
		return "220 2.0.0 go ahead", nil
	case verb == "AUTH":
		return c.authenticate(argument)
	case verb == "MAIL" && len(settings.Mechanisms) > 0 && c.email.Mechanism == "":
		return "530 5.7.0 authentication required", nil
	case verb == "MAIL":
		c.reset()
		c.email.From = between(argument)
		return "250 2.1.0 ok", nil
	case verb == "RCPT" && c.email.From != "":
		c.email.To = append(c.email.To, between(argument))
		return "250 2.1.5 ok", nil
	case verb == "DATA" && len(c.email.To) > 0:
		return c.data()
	default:
		return "503 5.5.1 bad sequence of commands", nil
	}
}

func (c *session) extensions() []string {
	lines := []string{"250-localhost", "250-8BITMIME", "250-SMTPUTF8", "250-ENHANCEDSTATUSCODES"}
	if c.server.settings.Certificate != nil && !c.email.TLS {
		lines = append(lines, "250-STARTTLS")
	}
	if mechanisms := c.server.settings.Mechanisms; len(mechanisms) > 0 {
		lines = append(lines, "250-AUTH "+strings.Join(mechanisms, " "))
	}
	return append(lines, "250 SIZE 10485760")
}

// reset forgets the email, but keeps the authentication.
func (c *session) reset() { c.email = Email{TLS: c.email.TLS, Mechanism: c.email.Mechanism} }

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
			return "", errSessionClosed
		}
		message.WriteString(strings.TrimPrefix(line, "."))
	}
	response, found := c.server.findRefusal(".")
	if found && response != "" {
		return response, nil
	}
	c.email.Message = message.Bytes()
	c.server.mu.Lock()
	c.server.emails = append(c.server.emails, c.email)
	c.server.mu.Unlock()
	c.server.accept(map[string]any{"from": c.email.From, "to": c.email.To, "message": message.String()})
	if found {
		return "", errSessionClosed
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
	var got, want string
	var err error
	switch mechanism {
	case "PLAIN":
		got, want = decode(initial), "\x00"+settings.Username+"\x00"+settings.Password
	case "XOAUTH2":
		got, want = decode(initial), "user="+settings.Username+"\x01auth=Bearer "+settings.Password+"\x01\x01"
	case "LOGIN":
		want = settings.Username + "\n" + settings.Password
		var user, password string
		if user, err = c.ask("Username:"); err == nil {
			password, err = c.ask("Password:")
		}
		got = user + "\n" + password
	case "CRAM-MD5":
		const challenge = "<1896.697170952@localhost>"
		mac := hmac.New(md5.New, []byte(settings.Password))
		if _, err := io.WriteString(mac, challenge); err != nil {
			return "", err
		}
		want = settings.Username + " " + hex.EncodeToString(mac.Sum(nil))
		got, err = c.ask(challenge)
	}
	if err != nil {
		return "", err
	}
	if got != want {
		return "535 5.7.8 authentication failed", nil
	}
	c.email.Mechanism = mechanism
	return "235 2.7.0 welcome", nil
}

// ask sends a challenge and returns the response.
func (c *session) ask(challenge string) (string, error) {
	if err := c.PrintfLine("334 %s", base64.StdEncoding.EncodeToString([]byte(challenge))); err != nil {
		return "", err
	}
	response, err := c.ReadLine()
	return decode(response), err
}

func decode(text string) string {
	content, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		return ""
	}
	return string(content)
}
