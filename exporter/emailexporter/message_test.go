// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package emailexporter

import (
	"bytes"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net/mail"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-arc/otelcol-arc/internal/alertevent"
	"github.com/otelcol-arc/otelcol-arc/internal/testkit/alerts"
)

// message is an email as a client parses it.
type message struct {
	header              mail.Header
	subject, text, html string
}

func read(tb testing.TB, content []byte) message {
	tb.Helper()
	parsed, err := mail.ReadMessage(bytes.NewReader(content))
	require.NoError(tb, err)
	m := message{header: parsed.Header}
	m.subject, err = new(mime.WordDecoder).DecodeHeader(parsed.Header.Get("Subject"))
	require.NoError(tb, err)
	kind, parameters, err := mime.ParseMediaType(parsed.Header.Get("Content-Type"))
	require.NoError(tb, err)
	require.Equal(tb, "multipart/alternative", kind)
	parts := multipart.NewReader(parsed.Body, parameters["boundary"])
	for _, want := range []struct {
		kind string
		to   *string
	}{{"text/plain; charset=UTF-8", &m.text}, {"text/html; charset=UTF-8", &m.html}} {
		part, err := parts.NextRawPart()
		require.NoError(tb, err)
		require.Equal(tb, want.kind, part.Header.Get("Content-Type"))
		require.Equal(tb, "quoted-printable", part.Header.Get("Content-Transfer-Encoding"))
		body, err := io.ReadAll(quotedprintable.NewReader(part))
		require.NoError(tb, err)
		*want.to = strings.ReplaceAll(string(body), "\r\n", "\n")
	}
	_, err = parts.NextRawPart()
	require.ErrorIs(tb, err, io.EOF)
	return m
}

var testEnvelope = envelope{
	from: &mail.Address{Name: "Arc", Address: "arc@arc.example"},
	to:   []*mail.Address{{Address: "ops@arc.example"}},
}

func write(tb testing.TB, raised []alertevent.Alert) []byte {
	tb.Helper()
	rendered, err := renderer{}.render(raised)
	require.NoError(tb, err)
	var b bytes.Buffer
	_, err = newMessage(testEnvelope, rendered, raised, "ID", alerts.Start).WriteTo(&b)
	require.NoError(tb, err)
	return b.Bytes()
}

func TestMessages(t *testing.T) {
	for name, raised := range alerts.Cases() {
		t.Run(name, func(t *testing.T) {
			m := read(t, write(t, raised))
			compare(t, name+".txt", m.text)
			compare(t, name+".html", m.html)
			delete(m.header, "Content-Type") // has the boundary, which is random
			m.header["Subject"] = []string{m.subject}
			alerts.CompareJSON(t, name, m.header)
		})
	}
}

// compare compares a text with testdata/golden/NAME, or writes it there with
// UPDATE_GOLDEN=1 in the environment.
func compare(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", "golden", name)
	if os.Getenv("UPDATE_GOLDEN") == "1" {
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
		require.NoError(t, os.WriteFile(path, []byte(got), 0o644))
	}
	want, err := os.ReadFile(path)
	require.NoError(t, err)
	assert.Equal(t, string(want), got)
}

func TestColors(t *testing.T) {
	for severity, want := range map[string]string{
		"info": "#36a64f", "warning": "#ff9900", "critical": "#ff0000", "CRITICAL": "#ff0000", "error": "#808080", "": "#808080",
	} {
		a := alerts.Firing()
		a.Labels["severity"] = severity
		assert.Contains(t, read(t, write(t, []alertevent.Alert{a})).html, "border-left:6px solid "+want, severity)
	}
	assert.Contains(t, read(t, write(t, []alertevent.Alert{alerts.Resolved()})).html, "border-left:6px solid #36a64f")
}

func TestSubjectIsOfTheMostSevere(t *testing.T) {
	several := alerts.Cases()["several"]
	m := read(t, write(t, []alertevent.Alert{several[2], several[1], several[0]}))
	assert.Equal(t, "[CRITICAL] HighErrorRate: High error rate detected (+2 more: 1 critical, 1 warning)", m.subject)
	m = read(t, write(t, []alertevent.Alert{several[2], several[1]}))
	assert.Equal(t, "[WARNING] HighLatency: P99 latency is 12s (+1 more)", m.subject)
}

// The most severe alert is first, also when not all are shown.
func TestTheWorstIsShown(t *testing.T) {
	raised := alerts.Cases()["storm"]
	for i := range raised {
		raised[i].Labels["severity"] = "info"
	}
	raised[0] = alerts.Resolved()
	raised[len(raised)-1].Labels["severity"] = "critical"
	m := read(t, write(t, raised))
	assert.True(t, strings.HasPrefix(m.text, "[CRITICAL] "), m.text)
	assert.NotContains(t, m.text, "RESOLVED")
	assert.Contains(t, m.text, "… 30 more")
}

func TestNoHeaderCanBeAdded(t *testing.T) {
	for _, text := range []string{
		"x\r\nBcc: thief@evil.example", "x\nBcc: thief@evil.example", "x\rBcc: thief@evil.example",
		"x\u2028Bcc: thief@evil.example", "x\u0085Bcc: thief@evil.example", "x\r\n\r\n<script>alert(1)</script>",
		strings.Repeat("é", 500) + "\r\nBcc: thief@evil.example",
	} {
		a := alerts.Firing()
		a.Labels["alertname"] = text
		a.Labels["severity"] = text
		a.Annotations["summary"] = text
		content := write(t, []alertevent.Alert{a})
		m := read(t, content)
		checkHeader(t, m)
		head, _, _ := bytes.Cut(content, []byte("\r\n\r\n"))
		assert.NotContains(t, strings.ReplaceAll(string(head), "\r\n ", ""), "\r\nBcc:")
		assert.NotContains(t, m.html, "<script")
	}
}

// checkHeader checks that there are all required fields and no others.
func checkHeader(tb testing.TB, m message) {
	tb.Helper()
	var names []string
	for name, values := range m.header {
		names = append(names, name)
		assert.Len(tb, values, 1, name)
	}
	assert.ElementsMatch(tb, []string{
		"Auto-Submitted", "Content-Type", "Date", "From", "In-Reply-To", "Message-Id", "Mime-Version", "References",
		"Subject", "To", "X-Auto-Response-Suppress",
	}, names)
	assert.NotContains(tb, m.subject, "\n")
	assert.NotContains(tb, m.subject, "\r")
}

func FuzzMessage(f *testing.F) {
	f.Add("team", "<!channel>", "summary", "https://runbooks.example")
	f.Add("a\r\nb", "</td><script>alert(1)</script>", "x\r\nBcc: y", "javascript:alert(1)")
	f.Add("\x00", "{{.}}", "\u202e=?utf-8?q?=0A?=", "https://x/\"onmouseover=alert(1)")
	f.Fuzz(func(t *testing.T, name, value, summary, runbook string) {
		a := alerts.Firing()
		a.Labels[name] = value
		a.Annotations = map[string]string{"summary": summary, "description": value, "runbook_url": runbook}
		a.GeneratorURL = ""
		content := write(t, []alertevent.Alert{a})
		assert.Less(t, len(content), 100<<10)
		for line := range bytes.Lines(content) {
			require.LessOrEqual(t, len(line), 1000, "the longest line of RFC 5322")
		}
		m := read(t, content)
		checkHeader(t, m)
		assert.NotContains(t, m.html, "<script")
		// Nothing adds an element: the message shows one alert.
		assert.Equal(t, 1, strings.Count(m.html, "border-left:6px"))
		assert.LessOrEqual(t, strings.Count(m.html, "<a "), 1, "the link to the runbook alone")
		assert.Equal(t, strings.Count(m.html, "<a "), strings.Count(m.html, `href="http`))
		assert.Equal(t, 2, strings.Count(m.html, "<table"))
	})
}

// Messages lead to the dashboard, where the alerts that did not fit are.
func TestLinksToTheDashboard(t *testing.T) {
	for _, raised := range [][]alertevent.Alert{alerts.Cases()["storm"], {alerts.Firing()}} {
		rendered, err := renderer{pageURL: "https://collector.example:8124/"}.render(raised)
		require.NoError(t, err)
		silence := "https://collector.example:8124/alerts?silence=" + raised[0].Fingerprint() + "#new"
		for _, want := range []string{"All alerts: https://collector.example:8124/alerts\n", "  Silence: " + silence + "\n"} {
			assert.Contains(t, rendered.text, want)
		}
		for _, want := range []string{`<a href="https://collector.example:8124/alerts" `, `<a href="` + silence + `" `} {
			assert.Contains(t, rendered.html, want)
		}
	}
	rendered, err := renderer{pageURL: "https://collector.example:8124"}.render([]alertevent.Alert{alerts.Resolved()})
	require.NoError(t, err)
	assert.NotContains(t, rendered.text, "Silence")
	cfg := createDefaultConfig().(*Config)
	cfg.PageURL = "javascript:alert(1)"
	assert.ErrorContains(t, cfg.Validate(), "page_url: must be an http or https URL")
}
