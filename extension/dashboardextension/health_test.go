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
	tell := r.board.ComponentStatusChanged
	full := errors.New("write the ledger: no space left on device <b>")

	for _, path := range []string{"/", "/alerts", "/rules"} {
		assert.NotContains(t, r.get(path).Body.String(), "not well", path)
	}
	require.Equal(t, healthJSON{Healthy: true, Troubles: []troubleJSON{}}, data[healthJSON](r, "/api/health"))

	first := componentstatus.NewRecoverableErrorEvent(errors.New("write the journal"))
	tell(llmCost(pipeline.SignalTraces), componentstatus.NewEvent(componentstatus.StatusStarting))
	tell(llmCost(pipeline.SignalTraces), first)
	tell(llmCost(pipeline.SignalTraces), componentstatus.NewRecoverableErrorEvent(full))
	tell(llmCost(pipeline.SignalLogs), componentstatus.NewRecoverableErrorEvent(full))
	tell(jaeger, componentstatus.NewPermanentErrorEvent(errors.New(strings.Repeat("x", 2*maxErrorRunes))))
	for _, path := range []string{"/", "/alerts", "/rules"} {
		body := r.get(path).Body.String()
		assert.Contains(t, body, "processor llm_cost", path)
		assert.Contains(t, body, "no space left on device &lt;b&gt;", path)
		assert.Contains(t, body, "exporter otlp/jaeger", path)
	}
	health := data[healthJSON](r, "/api/health")
	require.Len(t, health.Troubles, 2, "one of each component")
	assert.False(t, health.Healthy)
	assert.Equal(t, "exporter", health.Troubles[0].Kind)
	assert.Equal(t, "StatusPermanentError", health.Troubles[0].Status)
	assert.LessOrEqual(t, len([]rune(health.Troubles[0].Error)), maxErrorRunes+1)
	assert.Equal(t, troubleJSON{
		Kind: "processor", ID: "llm_cost", Status: "StatusRecoverableError", Error: full.Error(), Since: first.Timestamp().UTC(),
	}, health.Troubles[1])

	for _, well := range []*componentstatus.InstanceID{llmCost(pipeline.SignalTraces), llmCost(pipeline.SignalLogs), jaeger} {
		tell(well, componentstatus.NewEvent(componentstatus.StatusOK))
	}
	assert.True(t, data[healthJSON](r, "/api/health").Healthy)
	assert.NotContains(t, r.get("/").Body.String(), "not well")
}
