// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package emailexporter

import (
	"encoding/base64"
	"strconv"
	"strings"
)

// secrets are the texts that no error may hold, even when a server repeats what
// it was sent: the password, and the forms in which mechanisms send it.
func (c *Config) secrets() []string {
	if c.Password == "" {
		return nil
	}
	password := string(c.Password)
	var list []string
	for _, sent := range []string{
		"\x00" + c.Username + "\x00" + password,                           // PLAIN
		"user=" + c.Username + "\x01auth=Bearer " + password + "\x01\x01", // XOAUTH2
		password, // LOGIN
	} {
		list = append(list, base64.StdEncoding.EncodeToString([]byte(sent)))
	}
	// A response is shown as a quoted string.
	quoted := strconv.Quote(password)
	return append(list, quoted[1:len(quoted)-1], password)
}

// redact shows an error without secrets.
func (m *mailer) redact(err error) string {
	text := err.Error()
	for _, secret := range m.cfg.secrets() {
		text = strings.ReplaceAll(text, secret, "[REDACTED]")
	}
	return text
}
