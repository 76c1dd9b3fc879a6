//go:build e2e

// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	cdplog "github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	cdppage "github.com/chromedp/cdproto/page"
	cdpruntime "github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-arc/otelcol-arc/internal/testkit/collector"
)

// browser is a Chromium with an empty profile that reports its errors.
type browser struct {
	*testing.T
	ctx context.Context

	mu       sync.Mutex
	problems []string
	hosts    map[string]bool
}

func newBrowser(t *testing.T) *browser {
	t.Helper()
	options := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath("chromium"), chromedp.NoSandbox, chromedp.DisableGPU, chromedp.UserDataDir(t.TempDir()),
		chromedp.Flag("disable-quic", true), chromedp.Flag("disable-component-update", true), chromedp.Flag("disable-sync", true),
		chromedp.Flag("disable-background-networking", true), chromedp.Flag("hide-scrollbars", true), chromedp.WSURLReadTimeout(time.Minute))
	allocator, cancelAllocator := chromedp.NewExecAllocator(context.Background(), options...) // t.Context() ends before the cleanup
	ctx, cancel := chromedp.NewContext(allocator)
	b := &browser{T: t, ctx: ctx, hosts: map[string]bool{}}
	t.Cleanup(func() {
		assert.NoError(t, chromedp.Cancel(ctx)) // waits, so that the profile can be removed
		cancel()
		cancelAllocator()
	})
	require.NoError(t, chromedp.Listen(ctx, b.listen))
	_, err := chromedp.Call(ctx, network.Enable, network.EnableParams{})
	require.NoError(t, err)
	_, err = chromedp.Call(ctx, cdplog.Enable, cdp.Empty{})
	require.NoError(t, err)
	return b
}

func (b *browser) listen(event any) {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch e := event.(type) {
	case *cdpruntime.EventExceptionThrown:
		b.problems = append(b.problems, exceptionText(e.ExceptionDetails))
	case *cdpruntime.EventConsoleAPICalled:
		b.problems = append(b.problems, fmt.Sprintf("console.%s: %v", e.Type, consoleText(e.Args)))
	case *cdplog.EventEntryAdded:
		if e.Entry.Level == cdplog.EntryLevelError || e.Entry.Level == cdplog.EntryLevelWarning {
			b.problems = append(b.problems, e.Entry.Text+" "+e.Entry.URL)
		}
	case *network.EventRequestWillBeSent:
		if strings.HasPrefix(e.Request.URL, "data:") {
			break // the icons of the browser's own date fields, which nobody is asked for
		}
		host, _, _ := strings.Cut(strings.TrimPrefix(e.Request.URL, "http://"), "/")
		b.hosts[host] = true
	}
}

func (b *browser) run(actions ...chromedp.Action[chromedp.Void]) {
	b.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, time.Minute)
	defer cancel()
	require.NoError(b, chromedp.Do(ctx, actions...))
}

// read runs an action, and returns its result.
func read[T any](b *browser, action chromedp.Action[T]) T {
	b.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, time.Minute)
	defer cancel()
	result, err := chromedp.Run(ctx, action)
	require.NoError(b, err)
	return result
}

// callBrowser runs a command of the protocol, and returns its result.
func callBrowser[P, R any](b *browser, command cdp.Command[P, R], params P) R {
	b.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, time.Minute)
	defer cancel()
	result, err := chromedp.Call(ctx, command, params)
	require.NoError(b, err, command.Method)
	return result
}

// setView sets the size in CSS pixels and the color scheme.
func (b *browser) setView(width, height int64, scheme string) {
	b.Helper()
	callBrowser(b, emulation.SetDeviceMetricsOverride, emulation.SetDeviceMetricsOverrideParams{
		Width: width, Height: height, DeviceScaleFactor: 1, Mobile: width < 500,
	})
	callBrowser(b, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
		Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}},
	})
}

// screenshot writes what is shown, cut at a height, to docs/images when
// UPDATE_SCREENSHOTS is set. Figures and times differ each time, so the
// repository would otherwise change with every run.
func (b *browser) screenshot(name string, width, height float64) {
	b.Helper()
	folder := b.TempDir()
	if os.Getenv("UPDATE_SCREENSHOTS") != "" {
		folder = filepath.Join(collector.Root(), "docs", "images")
	}
	shot := callBrowser(b, cdppage.CaptureScreenshot, cdppage.CaptureScreenshotParams{
		CaptureBeyondViewport: new(true), Clip: &cdppage.Viewport{Width: width, Height: height, Scale: 1},
	})
	require.NoError(b, os.WriteFile(filepath.Join(folder, name), shot.Data, 0o644))
}

// axe returns what axe-core finds serious or critical.
func (b *browser) axe() []string {
	b.Helper()
	source, err := os.ReadFile(filepath.Join(collector.Root(), "build", "axe", "node_modules", "axe-core", "axe.min.js"))
	require.NoError(b, err)
	b.run(chromedp.Evaluate[chromedp.Void](string(source) + "; undefined"))
	found := read(b, chromedp.Evaluate[string](`axe.run().then((r) => { if (r.passes.length < 10) throw new Error('axe checked nothing');
		return JSON.stringify(r.violations.filter((v) => ['serious', 'critical'].includes(v.impact))
			.map((v) => v.id + ': ' + v.help + ': ' + v.nodes.map((n) => n.html).slice(0, 3).join(' '))) })`, chromedp.EvalAwaitPromise))
	var violations []string
	require.NoError(b, json.Unmarshal([]byte(found), &violations))
	return violations
}

// loadTime is from the navigation's start until the document and all it needs were loaded.
func (b *browser) loadTime() time.Duration {
	b.Helper()
	ms := read(b, chromedp.Evaluate[float64](`performance.getEntriesByType('navigation')[0].loadEventEnd`))
	return time.Duration(ms * float64(time.Millisecond))
}

func (b *browser) text(selector string) string {
	b.Helper()
	return read(b, chromedp.Text(chromedp.CSS(selector)))
}

func (b *browser) reportProblems(url string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	assert.Empty(b, b.problems)
	delete(b.hosts, "")
	for host := range b.hosts {
		assert.Contains(b, url, host, "no other host is asked")
	}
}

// cents parses an amount as the dashboard writes it: $1,234.56.
func cents(t *testing.T, text string) int64 {
	t.Helper()
	var amount float64
	_, err := fmt.Sscan(strings.NewReplacer("$", "", ",", "").Replace(strings.TrimSpace(text)), &amount)
	require.NoError(t, err, text)
	return int64(math.Round(100 * amount))
}

func exceptionText(details *cdpruntime.ExceptionDetails) string {
	if details.Exception != nil {
		return details.Text + " " + details.Exception.Description
	}
	return details.Text
}

func consoleText(arguments []*cdpruntime.RemoteObject) []string {
	var texts []string
	for _, argument := range arguments {
		texts = append(texts, string(argument.Value)+argument.Description)
	}
	return texts
}
