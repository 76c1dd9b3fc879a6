// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"time"
)

// sendEvents posts, as one NDJSON body, the events of the parts of an Arc application:
// its loggers, LLM monitor, request middleware, agents and caches.
func sendEvents(ctx context.Context, endpoint string, n int) error {
	var body bytes.Buffer
	lines := json.NewEncoder(&body)
	for range n {
		if err := lines.Encode(randomEvent()); err != nil {
			return err
		}
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+endpoint+"/v1/events", &body)
	if err != nil {
		return err
	}
	request.Header.Set("Content-Type", "application/x-ndjson")
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		return err
	}
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("%s: %s", response.Status, text)
	}
	return nil
}

func randomEvent() map[string]any {
	// What datetime.utcnow().isoformat() prints.
	timestamp := time.Now().UTC().Format("2006-01-02T15:04:05.000000")
	switch rand.IntN(5) {
	case 0:
		return map[string]any{
			"timestamp": timestamp, "level": "WARNING", "logger": "arc.agents", "message": "Retrying after a rate limit",
			"module": "agents", "function": "execute", "line": 118, "agent_name": "researcher", "user_id": "user_456",
		}
	case 1:
		m := models[rand.IntN(len(models))]
		input, output := around(m.input), around(m.output)
		return map[string]any{
			"timestamp": timestamp, "model": m.name, "prompt_tokens": input, "completion_tokens": output,
			"total_tokens": input + output, "duration_seconds": float64(around(m.milliseconds)) / 1000, "status": "success",
		}
	case 2:
		status := http.StatusOK
		if rand.IntN(8) == 0 {
			status = http.StatusBadGateway
		}
		return map[string]any{
			"timestamp": timestamp, "method": http.MethodPost, "endpoint": "/v1/research",
			"status": status, "duration": float64(around(900)) / 1000,
		}
	case 3:
		return map[string]any{
			"timestamp": timestamp, "agent_name": "researcher", "status": "success", "duration": float64(around(6000)) / 1000,
		}
	default:
		return map[string]any{"timestamp": timestamp, "cache_type": "llm", "hit": rand.IntN(3) > 0, "size_bytes": around(48 << 20)}
	}
}
