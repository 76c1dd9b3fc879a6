// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package emailexporter

import (
	"errors"
	"fmt"
	"net"
	"net/mail"
	"slices"
	"strings"
	"time"

	"go.opentelemetry.io/collector/config/configopaque"
	"go.opentelemetry.io/collector/config/configtls"
	"go.opentelemetry.io/collector/confmap"

	"github.com/otelcol-arc/otelcol-arc/internal/notify"
)

// The ways to authenticate.
const (
	authAuto    = "auto"
	authPlain   = "plain"
	authLogin   = "login"
	authCRAMMD5 = "cram_md5"
	authXOAUTH2 = "xoauth2"
	authNone    = "none"
)

// The ways to encrypt the connection.
const (
	tlsAuto     = "auto"
	tlsStartTLS = "starttls"
	tlsImplicit = "tls"
	tlsNone     = "none"
	// tlsLocal is the meaning of auto for a server on this machine: STARTTLS with any
	// certificate if the server offers it, and else no TLS.
	tlsLocal = "local"
)

// Config sets who is notified, through which server, of which alerts.
type Config struct {
	// Server is the name or address of the SMTP server. Default: "", which
	// switches the exporter off.
	Server string `mapstructure:"server"`

	// Port is that of the server. Default: 587, which 0 means too.
	Port int `mapstructure:"port"`

	// Username and Password authenticate the sender. Without a username there is no
	// authentication. With xoauth2 the password is
	// the access token. Default: "".
	Username string              `mapstructure:"username"`
	Password configopaque.String `mapstructure:"password"`

	// Auth is the authentication mechanism: plain, login, cram_md5, xoauth2, none,
	// or auto, the safest that the server offers of SCRAM-SHA-256, SCRAM-SHA-1,
	// CRAM-MD5, PLAIN and LOGIN. Default: auto.
	Auth string `mapstructure:"auth"`

	// TLSMode is starttls, which fails when the server does not offer it; tls, which
	// encrypts from the first byte on; none, for a server on this machine only; or
	// auto, which is tls at port 465 and starttls at others. With a server on this
	// machine, auto also works without STARTTLS. Default: auto.
	TLSMode string `mapstructure:"tls_mode"`

	// TLS sets the trusted CAs and the client certificate. Default: the system's CAs.
	TLS configtls.ClientConfig `mapstructure:"tls"`

	// From is the sender, an address with or without a name. Default: username.
	From string `mapstructure:"from"`

	// To, Cc and Bcc are the recipients: addresses, also several in one entry with
	// commas between. Empty entries are ignored. Default: none; without any, the
	// sender is the recipient.
	To  []string `mapstructure:"to"`
	Cc  []string `mapstructure:"cc"`
	Bcc []string `mapstructure:"bcc"`

	// Receivers are other recipients, by the names that routes of the alert processor
	// choose them by. Default: none.
	Receivers map[string]ReceiverConfig `mapstructure:"receivers"`

	// Subject, Text and HTML are Go templates over Alertmanager's data, such as
	// {{ .CommonLabels.alertname }}, that take the place of those parts of a
	// message. Default: "", the exporter's own.
	Subject string `mapstructure:"subject"`
	Text    string `mapstructure:"text"`
	HTML    string `mapstructure:"html"`

	// PageURL is the address of the dashboard, for links to the alerts and to a silence.
	// Default: "", no links.
	PageURL string `mapstructure:"page_url"`

	// TemplateFiles are globs of files that define templates which the others
	// call. Default: none.
	TemplateFiles []string `mapstructure:"template_files"`

	// Timeout bounds one try to send, from the connection on. Default: 30s.
	Timeout time.Duration `mapstructure:"timeout"`

	// DeliveryConfig is what all notifiers are configured with.
	notify.DeliveryConfig `mapstructure:",squash"`

	// prevent unkeyed literal initialization
	_ struct{}
}

// ReceiverConfig are recipients that routes of the alert processor choose.
type ReceiverConfig struct {
	// To, Cc and Bcc are the recipients: addresses, also several in one entry with
	// commas between. At least one is required.
	To  []string `mapstructure:"to"`
	Cc  []string `mapstructure:"cc"`
	Bcc []string `mapstructure:"bcc"`

	// SendResolved sets whether it is notified when an alert is resolved. Default:
	// send_resolved of the exporter.
	SendResolved *bool `mapstructure:"send_resolved"`

	// prevent unkeyed literal initialization
	_ struct{}
}

// ofReceiver are the settings with the recipients of a receiver.
func (c *Config) ofReceiver(r ReceiverConfig) *Config {
	own := *c
	own.To, own.Cc, own.Bcc = r.To, r.Cc, r.Bcc
	return &own
}

func (r ReceiverConfig) hasRecipient() bool {
	for _, entry := range slices.Concat(r.To, r.Cc, r.Bcc) {
		if strings.TrimSpace(entry) != "" {
			return true
		}
	}
	return false
}

var (
	_ confmap.Validator   = (*Config)(nil)
	_ confmap.Unmarshaler = (*Config)(nil)
)

// Unmarshal reads the settings. Secrets may come from files.
func (c *Config) Unmarshal(conf *confmap.Conf) error {
	err := conf.Unmarshal(c)
	c.Password = notify.Secret(c.Password)
	return err
}

// Validate names everything that is wrong. What only a server needs is not
// asked for while the exporter is off.
func (c *Config) Validate() error {
	errs := c.Problems()
	if c.Timeout <= 0 {
		errs = append(errs, fmt.Errorf("timeout: must be more than 0, or a silent server would hold up every alert; is %s", c.Timeout))
	}
	if _, err := newRenderer(c, ""); err != nil {
		errs = append(errs, err)
	}
	if c.PageURL != "" && notify.Address(c.PageURL) == "" {
		errs = append(errs, errors.New("page_url: must be an http or https URL"))
	}
	errs = append(errs, c.validateServer()...)
	errs = append(errs, c.validateAuth()...)
	errs = append(errs, c.validateAddresses()...)
	return errors.Join(errs...)
}

func (c *Config) validateServer() []error {
	var errs []error
	if net.ParseIP(c.Server) == nil && strings.ContainsAny(c.Server, ":/@ \t\r\n") {
		errs = append(errs, fmt.Errorf("server: must be a host name or address without port or scheme; is %q", c.Server))
	}
	if c.Port < 0 || c.Port > 65535 {
		errs = append(errs, fmt.Errorf("port: must be from 1 to 65535; is %d", c.Port))
	}
	modes := []string{tlsAuto, tlsStartTLS, tlsImplicit, tlsNone}
	switch {
	case !slices.Contains(modes, c.TLSMode):
		errs = append(errs, fmt.Errorf("tls_mode: %q is none of %v", c.TLSMode, modes))
	case c.TLSMode == tlsNone && c.Server != "" && !isLoopback(c.Server):
		errs = append(errs, errors.New("tls_mode: none is for a server on this machine (localhost, 127.0.0.1, ::1) alone, because alerts and the password would be readable on the way"))
	}
	if c.TLS.Insecure {
		errs = append(errs, errors.New("tls::insecure: must be false, use tls_mode to switch TLS off"))
	}
	return errs
}

func (c *Config) validateAuth() []error {
	var errs []error
	known := []string{authAuto, authPlain, authLogin, authCRAMMD5, authXOAUTH2, authNone}
	switch {
	case !slices.Contains(known, c.Auth):
		errs = append(errs, fmt.Errorf("auth: %q is none of %v", c.Auth, known))
	case c.Server == "" || c.Auth == authNone:
	case c.Username == "" && (c.Password != "" || c.Auth != authAuto):
		errs = append(errs, errors.New("username: must not be empty when there is a password or a way to give it (auth)"))
	case c.Username != "" && c.Password == "":
		errs = append(errs, errors.New("password: must not be empty when there is a username, unless auth is none"))
	}
	return errs
}

func (c *Config) validateAddresses() []error {
	var errs []error
	if c.From != "" || c.Server != "" {
		_, err := mail.ParseAddress(c.sender())
		switch {
		case err == nil:
		case c.From != "":
			errs = append(errs, fmt.Errorf("from: must be an address: %w", err))
		default:
			errs = append(errs, errors.New("from: must not be empty when username is not an address"))
		}
	}
	errs = append(errs, validateRecipients("", c.To, c.Cc, c.Bcc)...)
	for name, r := range c.Receivers {
		errs = append(errs, validateRecipients("receivers::"+name+"::", r.To, r.Cc, r.Bcc)...)
	}
	return append(errs, notify.ValidateReceivers(c.Receivers, true, ReceiverConfig.hasRecipient, "to")...)
}

func validateRecipients(key string, to, cc, bcc []string) []error {
	var errs []error
	for _, list := range []struct {
		key     string
		entries []string
	}{{"to", to}, {"cc", cc}, {"bcc", bcc}} {
		for i, entry := range list.entries {
			if _, err := addresses(entry); err != nil {
				errs = append(errs, fmt.Errorf("%s%s::%d: must be an address, or several with commas between: %w", key, list.key, i, err))
			}
		}
	}
	return errs
}

// mode is how the connection is encrypted.
func (c *Config) mode() string {
	switch {
	case c.TLSMode != tlsAuto:
		return c.TLSMode
	case c.Port == implicitPort:
		return tlsImplicit
	case isLoopback(c.Server):
		return tlsLocal
	default:
		return tlsStartTLS
	}
}

// isLoopback reports whether a host is this machine, by its name or address alone.
func isLoopback(host string) bool {
	ip := net.ParseIP(host)
	return strings.EqualFold(host, "localhost") || ip != nil && ip.IsLoopback()
}
