// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package arcreceiver

import (
	"context"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/processor/memorylimiterprocessor"
	"go.opentelemetry.io/collector/processor/processortest"
)

// TestMemoryLimiter has the real processor refuse, as one MiB is always used.
func TestMemoryLimiter(t *testing.T) {
	r := newRig(t)
	factory := memorylimiterprocessor.NewFactory()
	cfg := factory.CreateDefaultConfig().(*memorylimiterprocessor.Config)
	cfg.CheckInterval, cfg.MemoryLimitMiB = time.Millisecond, 1
	limiter, err := factory.CreateLogs(t.Context(), processortest.NewNopSettings(factory.Type()), cfg, r.nextLogs)
	require.NoError(t, err)
	require.NoError(t, limiter.Start(t.Context(), componenttest.NewNopHost()))
	defer func() { require.NoError(t, limiter.Shutdown(context.WithoutCancel(t.Context()))) }()
	r.nextLogs = limiter
	require.Eventually(t, func() bool {
		return r.post(eventsPath, logLine).Code == http.StatusTooManyRequests
	}, 20*time.Second, time.Millisecond)
	recorder := r.post(eventsPath, logLine)
	assert.Equal(t, http.StatusTooManyRequests, recorder.Code)
	assert.Equal(t, "1", recorder.Header().Get("Retry-After"))
}
