//go:build e2e

// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"html"
	"image"
	"image/color"
	"image/png"
	"io"
	"mime"
	"net"
	"net/http"
	"net/mail"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-arc/otelcol-arc/exporter/alertmanagerexporter"
	"github.com/otelcol-arc/otelcol-arc/internal/testkit/alerts"
	"github.com/otelcol-arc/otelcol-arc/internal/testkit/collector"
	"github.com/otelcol-arc/otelcol-arc/internal/testkit/double"
	"github.com/otelcol-arc/otelcol-arc/internal/testkit/notifier"
)

// run runs a server until the test ends, and returns when its address answers.
func run(t *testing.T, address, name string, arguments ...string) {
	t.Helper()
	log, err := os.Create(filepath.Join(t.TempDir(), "log"))
	require.NoError(t, err)
	cmd := exec.CommandContext(context.Background(), name, arguments...)
	cmd.Stdout, cmd.Stderr = log, log
	require.NoError(t, cmd.Start())
	t.Cleanup(func() {
		assert.NoError(t, cmd.Process.Kill())
		_ = cmd.Wait()
		assert.NoError(t, log.Close())
	})
	require.Eventually(t, func() bool {
		connection, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", address)
		if err != nil {
			return false
		}
		return connection.Close() == nil
	}, 30*time.Second, 50*time.Millisecond, "%s does not answer", name)
}

// alerting starts a Collector whose rules fire while a cache is large, and that sends
// the alerts to the given exporter. raise makes the alert fire, calm resolves it.
func alerting(t *testing.T, exporter, settings string, env ...string) (raise, calm func()) {
	t.Helper()
	p, set := quick(t)
	collector.Start(t, collector.Options{
		Configs: []string{"config/default.yaml", "yaml:exporters:\n  " + exporter + ": " + settings + "\n"},
		Set: append(set,
			"processors::alert::rule_files=[test/e2e/testdata/rules.yml]",
			"exporters::prometheus::endpoint="+p.page,
			"service::pipelines::logs/alerts::exporters=["+exporter+"]",
		),
		Env: env,
	})
	size := func(bytes int) func() {
		return func() {
			postEvents(t, "http://"+p.arc, security{}, fmt.Sprintf(`{"cache_type":"embedding","hit":true,"size_bytes":%d}`, bytes))
		}
	}
	return size(5000), size(10)
}

// An alert appears in a real Alertmanager, lives on while it fires because it is
// sent again before it expires, and ends when it is over.
func TestRealAlertmanager(t *testing.T) {
	address := runAlertmanager(t)
	// An alert expires after four intervals, 4 s.
	raise, calm := alerting(t, "alertmanager", "{endpoints: ['http://"+address+"'], resend_interval: 1s}")
	raise()
	var first gettableAlert
	require.EventuallyWithT(t, func(c *assert.CollectT) {
		all := alertsOf(c, address)
		if assert.Len(c, all, 1) {
			first = all[0]
		}
	}, 30*time.Second, 100*time.Millisecond)
	assert.Equal(t, "CacheTooLarge", first.Labels["alertname"])
	assert.Equal(t, "critical", first.Labels["severity"])
	assert.NotEmpty(t, first.Annotations["summary"])

	require.EventuallyWithT(t, func(c *assert.CollectT) {
		all := alertsOf(c, address)
		if assert.Len(c, all, 1, "expired though it fires") {
			assert.Greater(c, all[0].EndsAt.Sub(first.EndsAt), 5*time.Second, "outlived its first time to live")
			assert.True(c, first.StartsAt.Equal(all[0].StartsAt), "the same alert")
		}
	}, 30*time.Second, 200*time.Millisecond)
	calm()
	require.EventuallyWithT(t, func(c *assert.CollectT) {
		assert.Empty(c, alertsOf(c, address))
	}, 30*time.Second, 100*time.Millisecond)
}

// A Collector that is killed continues with the firing alerts after its restart: in a
// real Alertmanager the alert is not resolved meanwhile, though the rule is not
// notified again.
func TestRealAlertmanagerOverKill(t *testing.T) {
	address := runAlertmanager(t)
	p, set := quick(t)
	dir := t.TempDir()
	options := collector.Options{
		Configs: []string{"config/default.yaml", fmt.Sprintf(`yaml:
extensions:
  file_storage: {directory: %q, create_directory: true}
processors:
  alert:
    storage: {directory: %q}
exporters:
  alertmanager:
    endpoints: [http://%s]
    resend_interval: 3s
    sending_queue: {storage: file_storage}
`, filepath.Join(dir, "queue"), filepath.Join(dir, "alert"), address)},
		Set: append(set,
			"processors::alert::rule_files=[test/e2e/testdata/rules.yml]",
			"exporters::prometheus::endpoint="+p.page,
			"service::extensions=[health_check,file_storage]",
			"service::pipelines::logs/alerts::exporters=[alertmanager]",
		),
	}
	process := collector.Start(t, options)
	postEvents(t, "http://"+p.arc, security{}, `{"cache_type":"embedding","hit":true,"size_bytes":5000}`)
	var before gettableAlert
	require.EventuallyWithT(t, func(c *assert.CollectT) {
		all := alertsOf(c, address)
		if assert.Len(c, all, 1) {
			before = all[0]
		}
	}, 30*time.Second, 100*time.Millisecond)
	// The notification state is written within a second.
	require.Eventually(t, func() bool {
		state, err := os.ReadFile(filepath.Join(dir, "alert", "notices.json"))
		return err == nil && strings.Contains(string(state), "CacheTooLarge")
	}, 30*time.Second, 50*time.Millisecond)
	process.Kill()

	collector.Start(t, options)
	require.EventuallyWithT(t, func(c *assert.CollectT) {
		all := alertsOf(c, address)
		if assert.Len(c, all, 1) {
			assert.Greater(c, all[0].EndsAt.Sub(before.EndsAt), 12*time.Second, "outlived what it was given before")
			assert.True(c, before.StartsAt.Equal(all[0].StartsAt), "the same alert")
		}
	}, 60*time.Second, 200*time.Millisecond)
}

// An alert whose labels have UTF-8 names arrives in whatever Alertmanager is
// installed, also one from before 0.27.
func TestRealAlertmanagerTakesEveryName(t *testing.T) {
	address := runAlertmanager(t)
	factory := alertmanagerexporter.NewFactory()
	cfg, _ := factory.CreateDefaultConfig().(*alertmanagerexporter.Config)
	cfg.Endpoints = []string{"http://" + address}
	e := notifier.Start(t, factory, cfg)
	alert := alerts.Firing()
	alert.Labels["service.name"] = "arc"
	require.NoError(t, e.ConsumeLogs(t.Context(), alerts.Logs(alert)))
	require.EventuallyWithT(t, func(c *assert.CollectT) {
		all := alertsOf(c, address)
		if assert.Len(c, all, 1) {
			assert.Equal(c, "arc", all[0].Labels["service.name"]+all[0].Labels["service_name"])
			assert.Equal(c, alert.Annotations, all[0].Annotations)
		}
	}, 30*time.Second, 100*time.Millisecond)
	require.NoError(t, e.Shutdown(t.Context()))
	assert.Zero(t, e.Count(t, "failed"))
}

// runAlertmanager runs a server without receivers, until the test ends.
func runAlertmanager(t *testing.T) (address string) {
	t.Helper()
	dir := t.TempDir()
	config := filepath.Join(dir, "alertmanager.yml")
	require.NoError(t, os.WriteFile(config, []byte("route: {receiver: none}\nreceivers: [{name: none}]\n"), 0o600))
	address = collector.FreeAddress(t)
	run(t, address, "prometheus-alertmanager", "--config.file="+config, "--storage.path="+dir,
		"--web.listen-address="+address, "--cluster.listen-address=")
	return address
}

type gettableAlert struct {
	Labels, Annotations map[string]string
	StartsAt, EndsAt    time.Time
}

func alertsOf(t require.TestingT, address string) []gettableAlert {
	client := http.Client{Timeout: 5 * time.Second}
	defer client.CloseIdleConnections()
	response, err := client.Get("http://" + address + "/api/v2/alerts?active=true")
	require.NoError(t, err)
	defer response.Body.Close()
	var all []gettableAlert
	require.NoError(t, json.NewDecoder(response.Body).Decode(&all))
	return all
}

// With nothing but the environment variables of the Arc guide, email arrives by
// STARTTLS and AUTH in the maildir of a real mail server, the firing and the resolved
// one in one thread.
func TestRealEmail(t *testing.T) {
	const user, password = "arc@arc.example", "a password"
	certificate := double.NewCertificate(t)
	maildir := filepath.Join(t.TempDir(), "maildir")
	address := collector.FreeAddress(t)
	host, port, err := net.SplitHostPort(address)
	require.NoError(t, err)
	run(t, address, filepath.Join(collector.Root(), "build", "smtpd", "bin", "python"),
		"testdata/smtpd.py", host, port, certificate.CertFile, certificate.KeyFile, user, password, maildir)

	raise, calm := alerting(t, "email", "{tls: {ca_file: '"+certificate.CertFile+"'}}",
		"SMTP_SERVER="+host, "SMTP_PORT="+port, "SMTP_USER="+user, "SMTP_PASSWORD="+password, "SMTP_TO=Ops <ops@arc.example>")
	raise()
	firing := emailsIn(t, maildir, 1)[0]
	calm()
	emails := emailsIn(t, maildir, 2)
	resolved := emails[slices.IndexFunc(emails, func(h mail.Header) bool { return h.Get("Message-Id") != firing.Get("Message-Id") })]
	for state, header := range map[string]mail.Header{"[CRITICAL] CacheTooLarge": firing, "[RESOLVED] CacheTooLarge": resolved} {
		subject, err := new(mime.WordDecoder).DecodeHeader(header.Get("Subject"))
		require.NoError(t, err)
		assert.Contains(t, subject, state)
		assert.Equal(t, `"Ops" <ops@arc.example>`, header.Get("To"))
		assert.Equal(t, "<"+user+">", header.Get("From"))
		assert.Equal(t, firing.Get("References"), header.Get("References"))
		assert.Equal(t, user, header.Get("X-MailFrom"))
	}
}

// emailsIn waits for n emails, and returns their headers.
func emailsIn(t *testing.T, maildir string, n int) []mail.Header {
	t.Helper()
	var headers []mail.Header
	require.EventuallyWithT(t, func(c *assert.CollectT) {
		headers = nil
		files, err := filepath.Glob(filepath.Join(maildir, "new", "*"))
		require.NoError(c, err)
		assert.Len(c, files, n)
		for _, file := range files {
			f, err := os.Open(file)
			require.NoError(c, err)
			message, err := mail.ReadMessage(f)
			if assert.NoError(c, err) {
				headers = append(headers, message.Header)
			}
			require.NoError(c, f.Close())
		}
	}, 30*time.Second, 100*time.Millisecond)
	return headers
}

// A real browser shows the email without horizontal scrolling, on phone and desktop
// widths, in light and dark mode, with the bar in the severity's color.
func TestRealEmailInChromium(t *testing.T) {
	if os.Getenv("E2E_SCREENSHOTS") != "" {
		require.NoError(t, os.MkdirAll(os.Getenv("E2E_SCREENSHOTS"), 0o755))
	}
	for _, name := range []string{"single", "several", "resolved", "long", "hostile", "non-ascii", "storm"} {
		t.Run(name, func(t *testing.T) {
			page := filepath.Join(collector.Root(), "exporter", "emailexporter", "testdata", "golden", name+".html")
			content, err := os.ReadFile(page)
			require.NoError(t, err)
			for _, width := range []int{360, 800} {
				assert.LessOrEqual(t, widthOf(t, string(content), width), width, "scrolls sideways at %d", width)
			}
			bar := color.RGBA{R: 0xff, A: 0xff}
			if name == "resolved" {
				bar = color.RGBA{R: 0x36, G: 0xa6, B: 0x4f, A: 0xff}
			}
			for scheme, background := range map[string]color.RGBA{
				"1": {R: 0xff, G: 0xff, B: 0xff, A: 0xff}, // light
				"0": {R: 0x1e, G: 0x1e, B: 0x1e, A: 0xff}, // dark
			} {
				shot := filepath.Join(t.TempDir(), "shot.png")
				if dir := os.Getenv("E2E_SCREENSHOTS"); dir != "" {
					shot = filepath.Join(dir, name+"-"+scheme+".png")
				}
				chromium(t, "--blink-settings=preferredColorScheme="+scheme, "--hide-scrollbars", "--window-size=800,600", "--screenshot="+shot, "file://"+page)
				seen := colorsOf(t, shot)
				assert.Contains(t, seen, bar, "no bar of the severity's color")
				assert.Contains(t, seen, background, "not on the scheme's background")
			}
		})
	}
}

// widthOf is how wide a page is in a window of the width, in pixels.
func widthOf(t *testing.T, content string, width int) int {
	t.Helper()
	frame := filepath.Join(t.TempDir(), "frame.html")
	require.NoError(t, os.WriteFile(frame, fmt.Appendf(nil, `<!DOCTYPE html><title></title>
<iframe style="border:0;width:%dpx;height:600px" srcdoc="%s"
 onload="document.title='width='+this.contentDocument.documentElement.scrollWidth+';'"></iframe>`, width, html.EscapeString(content)), 0o600))
	dom := chromium(t, "--dump-dom", "file://"+frame)
	_, after, found := strings.Cut(dom, "<title>width=")
	require.True(t, found, "%s", dom)
	var got int
	_, err := fmt.Sscanf(after, "%d;", &got)
	require.NoError(t, err)
	return got
}

// chromium runs the browser with a profile of its own, and returns what it prints.
func chromium(t *testing.T, arguments ...string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, "chromium", append([]string{
		"--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
		"--disable-component-update", "--disable-sync", "--user-data-dir=" + t.TempDir(),
	}, arguments...)...)
	cmd.Stderr = io.Discard
	output, err := cmd.Output()
	require.NoError(t, err)
	return string(output)
}

// colorsOf are the colors of a picture's points.
func colorsOf(t *testing.T, path string) map[color.RGBA]bool {
	t.Helper()
	f, err := os.Open(path)
	require.NoError(t, err)
	picture, err := png.Decode(f)
	require.NoError(t, err)
	require.NoError(t, f.Close())
	require.Equal(t, image.Pt(800, 600), picture.Bounds().Size())
	seen := map[color.RGBA]bool{}
	for y := range 600 {
		for x := range 800 {
			point, _ := color.RGBAModel.Convert(picture.At(x, y)).(color.RGBA)
			seen[point] = true
		}
	}
	return seen
}
