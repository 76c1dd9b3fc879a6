// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package traffic

import (
	"bytes"
	"fmt"
	"time"
)

// Events are n Arc events, a line each, that happen now: percent of each hundred
// are LLM calls, as many again requests and agent runs, and the rest log lines.
// The number distinguishes them from those of other batches. What calls use hardly repeats.
func Events(n, percent int, number uint64) []byte {
	var b bytes.Buffer
	now := time.Now().UTC().Format("2006-01-02T15:04:05.000000")
	for i := range n {
		model := Models[i%len(Models)]
		switch of := i % 100; {
		case of < percent:
			fmt.Fprintf(&b, `{"timestamp": "%s", "model": "%s", "prompt_tokens": %d, "completion_tokens": %d, "duration_seconds": 1.5, "status": "success", `+
				`"agent_name": "researcher", "user_id": "user_%d", "request_id": "%d-%d"}`+"\n", now, model, 1000+(uint64(i)+7*number)%4096, 200+i, i%50, number, i)
		case of < 2*percent && of%2 == 0:
			fmt.Fprintf(&b, `{"timestamp": "%s", "method": "POST", "endpoint": "/chat", "status": 200, "duration": 0.31, "request_id": "%d-%d"}`+"\n", now, number, i)
		case of < 2*percent:
			fmt.Fprintf(&b, `{"timestamp": "%s", "agent_name": "researcher", "status": "success", "duration_ms": 2500, "request_id": "%d-%d"}`+"\n", now, number, i)
		default:
			fmt.Fprintf(&b, `{"timestamp": "%s", "level": "INFO", "logger": "arc.agents", "message": "Agent invoked", "module": "agents", `+
				`"function": "invoke", "line": 42, "task_id": "%d", "user_id": "user_%d", "request_id": "%d-%d"}`+"\n", now, i, i%50, number, i)
		}
	}
	return b.Bytes()
}
