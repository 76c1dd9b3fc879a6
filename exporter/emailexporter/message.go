// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package emailexporter

import (
	"slices"
	"strings"
	"time"

	"github.com/wneessen/go-mail"

	"github.com/otelcol-arc/otelcol-arc/internal/alertevent"
)

// headerAutoSubmitted suppresses automatic replies, such as out-of-office notices.
// https://www.rfc-editor.org/rfc/rfc3834#section-5
const headerAutoSubmitted mail.Header = "Auto-Submitted"

// newMessage writes one message of alerts that are sent together. The id is the part
// of its Message-ID before the @; at is its date.
func newMessage(e envelope, c content, alerts []alertevent.Alert, id string, at time.Time) *mail.Msg {
	m := mail.NewMsg(mail.WithNoDefaultUserAgent())
	m.FromMailAddress(e.from)
	m.ToMailAddress(e.to...)
	m.CcMailAddress(e.cc...)
	m.BccMailAddress(e.bcc...)
	m.Subject(c.subject)
	m.SetDateWithValue(at)
	m.SetMessageIDWithValue(id + "@" + e.domain())
	threads := threads(alerts, e.domain())
	m.SetGenHeader(mail.HeaderReferences, strings.Join(threads, " "))
	m.SetGenHeader(mail.HeaderInReplyTo, threads[0])
	m.SetGenHeader(headerAutoSubmitted, "auto-generated")
	m.SetGenHeader(mail.HeaderXAutoResponseSuppress, "All")
	m.SetBodyString(mail.TypeTextPlain, c.text)
	m.AddAlternativeString(mail.TypeTextHTML, c.html)
	return m
}

// threads are Message-IDs made of the alerts' fingerprints; no message with these IDs
// is ever sent. All messages about an alert refer to its ID, so that email clients
// show the firing and the resolved message in one thread.
func threads(alerts []alertevent.Alert, domain string) []string {
	var ids []string
	for _, alert := range alerts[:min(len(alerts), maxAlerts)] {
		if id := "<alert-" + alert.Fingerprint() + "@" + domain + ">"; !slices.Contains(ids, id) {
			ids = append(ids, id)
		}
	}
	return ids
}
