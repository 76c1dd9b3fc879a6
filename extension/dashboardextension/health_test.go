// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package dashboardextension

import (
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componentstatus"
	"go.opentelemetry.io/collector/pipeline"
)

// A degraded component is shown on every page and by the API, until it is healthy.
func TestHealth(t *testing.T) {
	r := newRig(t)
	llmCost := func(signal pipeline.Signal) *componentstatus.InstanceID {
		return componentstatus.NewInstanceID(component.MustNewID("llm_cost"), component.KindProcessor, pipeline.NewID(signal))
	}
	jaeger := componentstatus.NewInstanceID(component.MustNewIDWithName("otlp", "jaeger"), component.KindExporter, pipeline.NewID(pipeline.SignalTraces))
	onStatus := r.server.Changed
	full := errors.New("write the ledger: no space left on device <b>")

	for _, path := range []string{"/", "/alerts", "/rules"} {
		assert.NotContains(t, r.get(path).Body.String(), "degraded", path)
	}
	require.Equal(t, healthJSON{Healthy: true, Problems: []problemJSON{}, Deprecated: []problemJSON{}}, data[healthJSON](r, "/api/health"))

	first := componentstatus.NewRecoverableErrorEvent(errors.New("write the journal"))
	onStatus(llmCost(pipeline.SignalTraces), componentstatus.NewEvent(componentstatus.StatusStarting))
	onStatus(llmCost(pipeline.SignalTraces), first)
	onStatus(llmCost(pipeline.SignalTraces), componentstatus.NewRecoverableErrorEvent(full))
	onStatus(llmCost(pipeline.SignalLogs), componentstatus.NewRecoverableErrorEvent(full))
	onStatus(jaeger, componentstatus.NewPermanentErrorEvent(errors.New(strings.Repeat("x", 2*maxErrorRunes))))
	for _, path := range []string{"/", "/alerts", "/rules"} {
		body := r.get(path).Body.String()
		assert.Contains(t, body, "processor llm_cost", path)
		assert.Contains(t, body, "no space left on device &lt;b&gt;", path)
		assert.Contains(t, body, "exporter otlp/jaeger", path)
	}
	health := data[healthJSON](r, "/api/health")
	require.Len(t, health.Problems, 2, "one of each component")
	assert.Equal(t, health.Problems, health.Deprecated, "under its name before")
	assert.False(t, health.Healthy)
	assert.Equal(t, "exporter", health.Problems[0].Kind)
	assert.Equal(t, "StatusPermanentError", health.Problems[0].Status)
	assert.LessOrEqual(t, len([]rune(health.Problems[0].Error)), maxErrorRunes+1)
	assert.Equal(t, problemJSON{
		Kind: "processor", ID: "llm_cost", Status: "StatusRecoverableError", Error: full.Error(), Since: first.Timestamp().UTC(),
	}, health.Problems[1])

	for _, instance := range []*componentstatus.InstanceID{llmCost(pipeline.SignalTraces), llmCost(pipeline.SignalLogs), jaeger} {
		onStatus(instance, componentstatus.NewEvent(componentstatus.StatusOK))
	}
	assert.True(t, data[healthJSON](r, "/api/health").Healthy)
	assert.NotContains(t, r.get("/").Body.String(), "degraded")
}
