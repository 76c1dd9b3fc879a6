// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package notifier

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/confmap"
	"go.opentelemetry.io/collector/exporter"

	"github.com/otelcol-arc/otelcol-arc/internal/notify"
	"github.com/otelcol-arc/otelcol-arc/internal/testkit/alerts"
)

// Vendor starts a server that accepts nothing and repeats what it was sent. It returns
// the address, host:port. The server ends with the test.
type Vendor func(t *testing.T) (address string)

// KeepsSecrets checks that an exporter shows no secret: not in its printed
// configuration, and, however its vendor fails, neither in an error nor in a log.
// configure makes the exporter send to an address, with the secrets.
func KeepsSecrets(t *testing.T, factory exporter.Factory, vendors map[string]Vendor, configure func(cfg component.Config, address string), secrets ...string) {
	t.Helper()
	for name, vendor := range vendors {
		t.Run(name, func(t *testing.T) {
			address := vendor(t)
			cfg := withSettings(t, factory, map[string]any{"retry_on_failure": map[string]any{"initial_interval": "10ms"}})
			configure(cfg, address)
			assertHidden(t, printConfig(t, cfg), secrets)
			e := Start(t, factory, cfg)
			results := e.Logs.(*notify.Exporter).SendNow(t.Context(), alerts.Firing())
			require.NotEmpty(t, results)
			for _, result := range results {
				require.Error(t, result.Err)
				assertHidden(t, fmt.Sprintf("%v %+v", result.Err, result.Err), secrets)
			}
			// The worker logs its errors.
			require.NoError(t, e.ConsumeLogs(t.Context(), alerts.Logs(alerts.Firing())))
			require.Eventually(t, func() bool {
				return strings.Contains(e.Logged(), "Sending") || strings.Contains(e.Logged(), "rejected")
			}, 10*time.Second, time.Millisecond)
			require.NoError(t, e.Shutdown(t.Context()))
			assertHidden(t, e.Logged(), secrets)
		})
	}
}

func assertHidden(t *testing.T, text string, secrets []string) {
	t.Helper()
	for _, secret := range secrets {
		assert.NotContains(t, text, secret)
	}
}

// Logged is all that was logged.
func (r Running) Logged() string {
	var b strings.Builder
	for _, entry := range r.Log.All() {
		fmt.Fprintln(&b, entry.Message, entry.ContextMap())
	}
	return b.String()
}

func withSettings(t *testing.T, factory exporter.Factory, settings map[string]any) component.Config {
	t.Helper()
	cfg := factory.CreateDefaultConfig()
	require.NoError(t, confmap.NewFromStringMap(settings).Unmarshal(cfg))
	return cfg
}

// printConfig is a configuration in all the ways in which it can be printed.
func printConfig(t *testing.T, cfg component.Config) string {
	t.Helper()
	conf := confmap.New()
	require.NoError(t, conf.Marshal(cfg)) // as the command print-config does
	encoded, err := json.Marshal(conf.ToStringMap())
	require.NoError(t, err)
	return fmt.Sprintf("%s\n%v\n%+v", encoded, cfg, cfg)
}

// HTTPVendors fail over HTTP.
func HTTPVendors() map[string]Vendor {
	vendors := map[string]Vendor{
		"nobody": func(t *testing.T) string {
			t.Helper()
			listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
			require.NoError(t, err)
			defer func() { _ = listener.Close() }()
			return listener.Addr().String()
		},
		"closes the connection": func(t *testing.T) string {
			t.Helper()
			return serve(t, func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) })
		},
		"closes the connection within the response": func(t *testing.T) string {
			t.Helper()
			return serve(t, func(w http.ResponseWriter, r *http.Request) {
				w.Header().Set("Content-Length", "1000000")
				_, _ = io.WriteString(w, requestText(r))
			})
		},
		"sends elsewhere": func(t *testing.T) string {
			t.Helper()
			return serve(t, func(w http.ResponseWriter, r *http.Request) {
				http.Redirect(w, r, "http://127.0.0.1:1"+r.URL.String(), http.StatusTemporaryRedirect)
			})
		},
		"answers in HTTP/9": func(t *testing.T) string {
			t.Helper()
			return listen(t, func(lines *bufio.Scanner, w io.Writer) {
				lines.Scan()
				fmt.Fprintf(w, "HTTP/9 %s\r\n\r\n", lines.Text())
			})
		},
	}
	for _, status := range []int{400, 401, 404, 408, 429, 500, 503} {
		vendors[fmt.Sprint(status, " repeats")] = func(t *testing.T) string {
			t.Helper()
			return serve(t, func(w http.ResponseWriter, r *http.Request) {
				w.WriteHeader(status)
				_, _ = io.WriteString(w, requestText(r))
			})
		}
	}
	return vendors
}

// RepeatsAs is an HTTP vendor that returns 200 with what it was sent, within a format.
func RepeatsAs(format string) Vendor {
	return func(t *testing.T) string {
		t.Helper()
		return serve(t, func(w http.ResponseWriter, r *http.Request) { fmt.Fprintf(w, format, requestText(r)) })
	}
}

// requestText are the address, headers and body of a request. The headers come first, so that
// they are not lost when the response is truncated.
func requestText(r *http.Request) string {
	body, _ := io.ReadAll(r.Body)
	return fmt.Sprint(r.URL.String(), " ", r.Header.Get("Authorization"), " ", r.Header.Get("X-Key"), " ", string(body))
}

func serve(t *testing.T, handler http.HandlerFunc) string {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	return server.Listener.Addr().String()
}

// SMTPVendors greet, offer what the exporter needs, and refuse one command with
// the line that they were sent, and the one before.
func SMTPVendors() map[string]Vendor {
	vendors := map[string]Vendor{}
	for _, command := range []string{"EHLO", "AUTH", "MAIL", "RCPT", "DATA"} {
		for _, code := range []int{421, 451, 535, 550} {
			vendors[fmt.Sprint(command, " ", code)] = func(t *testing.T) string {
				t.Helper()
				return listen(t, func(lines *bufio.Scanner, w io.Writer) { smtpRepeating(lines, w, command, code) })
			}
		}
	}
	return vendors
}

func smtpRepeating(lines *bufio.Scanner, w io.Writer, command string, code int) {
	fmt.Fprint(w, "220 ready\r\n")
	auth := ""
	for lines.Scan() {
		line := lines.Text()
		if strings.HasPrefix(line, "AUTH") {
			auth = line
		}
		switch {
		case strings.HasPrefix(line, command) || command == "EHLO" && strings.HasPrefix(line, "HELO"):
			fmt.Fprintf(w, "%d no: %s %s\r\n", code, line, auth)
		case strings.HasPrefix(line, "EHLO"):
			fmt.Fprint(w, "250-here\r\n250 AUTH PLAIN\r\n")
		case strings.HasPrefix(line, "AUTH"):
			fmt.Fprint(w, "235 come in\r\n")
		default:
			fmt.Fprint(w, "250 ok\r\n")
		}
	}
}

// listen talks to each that connects, line by line.
func listen(t *testing.T, talk func(lines *bufio.Scanner, w io.Writer)) string {
	t.Helper()
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	var wg sync.WaitGroup
	wg.Go(func() {
		for {
			connection, err := listener.Accept()
			if err != nil {
				return
			}
			wg.Go(func() {
				defer func() { _ = connection.Close() }()
				defer context.AfterFunc(ctx, func() { _ = connection.Close() })()
				talk(bufio.NewScanner(connection), connection)
			})
		}
	})
	t.Cleanup(func() {
		cancel()
		_ = listener.Close()
		wg.Wait()
	})
	return listener.Addr().String()
}
