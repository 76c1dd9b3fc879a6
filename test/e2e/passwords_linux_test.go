// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/crypto/bcrypt"

	"github.com/otelcol-arc/otelcol-arc/internal/testkit/collector"
)

// processorTime is how long processors have worked for a process.
func processorTime(t *testing.T, pid int) time.Duration {
	t.Helper()
	stat, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	require.NoError(t, err)
	fields := strings.Fields(string(stat[strings.LastIndexByte(string(stat), ')')+2:]))
	var ticks int64
	for _, field := range fields[11:13] { // utime and stime, of 10 ms
		n, err := strconv.ParseInt(field, 10, 64)
		require.NoError(t, err)
		ticks += n
	}
	return time.Duration(ticks) * 10 * time.Millisecond
}

// Somebody guesses passwords of the dashboard from 20 connections at once. That takes
// a fraction of a processor, telemetry is accepted, and who is logged in stays so.
func TestGuessedPasswords(t *testing.T) {
	s := newSite(t)
	hash, err := bcrypt.GenerateFromPassword([]byte(password), 12)
	require.NoError(t, err)
	users := filepath.Join(t.TempDir(), "users")
	require.NoError(t, os.WriteFile(users, append([]byte("viewer:"), hash...), 0o600))
	s.options.Env = append(without(s.options.Env, "OTELCOL_ARC_PAGE_USERS"), "OTELCOL_ARC_PAGE_USERS="+users)
	process := collector.Start(t, s.options)
	transport := &http.Transport{TLSClientConfig: s.security.tls(), MaxIdleConnsPerHost: 20}
	defer transport.CloseIdleConnections()
	client := &http.Client{Transport: transport, Timeout: 30 * time.Second}
	try := func(secret string) int {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "https://"+s.dashboard+"/api/alerts", http.NoBody)
		if err != nil {
			return 0
		}
		request.SetBasicAuth("viewer", secret)
		response, err := client.Do(request)
		if err != nil {
			return 0
		}
		_ = response.Body.Close()
		return response.StatusCode
	}
	require.Equal(t, http.StatusOK, try(password))

	var guesses atomic.Int64
	var stop atomic.Bool
	var wg sync.WaitGroup
	before, began := processorTime(t, process.PID()), time.Now()
	for range 20 {
		wg.Go(func() {
			for !stop.Load() {
				assert.Equal(t, http.StatusUnauthorized, try("guess "+strconv.FormatInt(guesses.Add(1), 10)))
			}
		})
	}
	for time.Since(began) < 10*time.Second {
		require.Equal(t, http.StatusOK, postStatus(t, s.arcURL(), s.security, `{"level":"INFO","logger":"arc","message":"hello"}`))
		require.Equal(t, http.StatusOK, try(password))
		time.Sleep(200 * time.Millisecond)
	}
	took, elapsed := processorTime(t, process.PID())-before, time.Since(began)
	stop.Store(true)
	wg.Wait()
	t.Logf("%d guesses: %s of processors in %s", guesses.Load(), took, elapsed)
	assert.Less(t, took, elapsed/2)
	process.Terminate(t, 20*time.Second)
}
