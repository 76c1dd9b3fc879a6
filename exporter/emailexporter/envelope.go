// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package emailexporter

import (
	"net/mail"
	"strings"
)

// envelope is the sender and the recipients.
type envelope struct {
	from        *mail.Address
	to, cc, bcc []*mail.Address
}

// newEnvelope reads the addresses of a configuration. Without any recipient
// the sender is one.
func newEnvelope(c *Config) (envelope, error) {
	from, err := mail.ParseAddress(c.sender())
	if err != nil {
		return envelope{}, err
	}
	e := envelope{from: from}
	for _, list := range []struct {
		to      *[]*mail.Address
		entries []string
	}{{&e.to, c.To}, {&e.cc, c.Cc}, {&e.bcc, c.Bcc}} {
		for _, entry := range list.entries {
			some, err := addresses(entry)
			if err != nil {
				return envelope{}, err
			}
			*list.to = append(*list.to, some...)
		}
	}
	if len(e.to)+len(e.cc)+len(e.bcc) == 0 {
		e.to = []*mail.Address{from}
	}
	return e, nil
}

// sender is the address that alerts come from, as it is configured.
func (c *Config) sender() string {
	if c.From != "" {
		return c.From
	}
	return c.Username
}

// addresses reads an entry of a list of recipients; an empty one has none.
func addresses(entry string) ([]*mail.Address, error) {
	if strings.TrimSpace(entry) == "" {
		return nil, nil
	}
	return mail.ParseAddressList(entry)
}

// domain is that of the sender, which names messages and threads.
func (e envelope) domain() string {
	return e.from.Address[strings.LastIndexByte(e.from.Address, '@')+1:]
}

// isASCII reports whether every address can be sent to a server without SMTPUTF8.
func (e envelope) isASCII() bool {
	for _, list := range [][]*mail.Address{{e.from}, e.to, e.cc, e.bcc} {
		for _, address := range list {
			if strings.ContainsFunc(address.Address, func(r rune) bool { return r > 127 }) {
				return false
			}
		}
	}
	return true
}
