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

// headerAutoSubmitted tells mail servers that nobody waits for an answer, such
// as a note of absence.
// https://www.rfc-editor.org/rfc/rfc3834#section-5
const headerAutoSubmitted mail.Header = "Auto-Submitted"

// newMessage writes one message of alerts that were raised together. The id is
// what stands before the @ of its Message-ID; at is its date.
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

// threads are the messages, which were never sent, that everything about an
// alert answers, so that mail readers show its beginning and its end together.
func threads(alerts []alertevent.Alert, domain string) []string {
	var ids []string
	for _, alert := range alerts[:min(len(alerts), maxAlerts)] {
		if id := "<alert-" + alert.Fingerprint() + "@" + domain + ">"; !slices.Contains(ids, id) {
			ids = append(ids, id)
		}
	}
	return ids
}
