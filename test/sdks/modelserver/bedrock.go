// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package modelserver

import (
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"net/http"
	"strconv"
	"strings"
)

func (s *Server) routeBedrock() {
	s.post("/model/{model}/converse", s.converse)
	s.post("/model/{model}/converse-stream", s.converse)
	s.post("/model/{model}/invoke", s.invokeModel)
	s.post("/model/{model}/invoke-with-response-stream", s.invokeModel)
}

// bedrockTokens has cached tokens in addition to the input, as Converse does; it
// does not report for how long they are written.
func bedrockTokens(model string) func(int64) Tokens {
	return func(n int64) Tokens {
		if !strings.Contains(model, "anthropic") {
			return Tokens{Input: 800 + n, Output: 450 + n}
		}
		fresh := 9000 + n
		if n%2 == 1 {
			fresh = 200 + n
		}
		return Tokens{Input: fresh + 3200 + n + 1600 + n, CacheRead: 3200 + n, CacheWrite: 1600 + n, Output: 450 + n}
	}
}

func bedrockReported(t Tokens) map[string][]int64 {
	return map[string][]int64{"input": {t.Input}, "cache_read": {t.CacheRead}, "cache_write": {t.CacheWrite}, "output": {t.Output}}
}

// failBedrock names the exception in a header, as AWS does.
func (s *Server) failBedrock(w http.ResponseWriter, c *Call, conversation string) bool {
	return s.fail(w, c, conversation, func(status int, _ string) object {
		name := map[int]string{http.StatusBadRequest: "ValidationException", http.StatusTooManyRequests: "ThrottlingException"}[status]
		if name == "" {
			name = "InternalServerException"
		}
		w.Header().Set("X-Amzn-Errortype", name)
		return object{"message": fmt.Sprintf("stand-in failure %d", status)}
	})
}

func (s *Server) bedrockCall(r *http.Request, api, streamSuffix string) *Call {
	return &Call{
		API: api, Provider: "aws.bedrock", Model: r.PathValue("model"), Stream: strings.HasSuffix(r.URL.Path, streamSuffix),
		Status: http.StatusOK, UsageInResponse: true,
	}
}

func (s *Server) converse(w http.ResponseWriter, r *http.Request, body object) {
	c := s.bedrockCall(r, "converse", "-stream")
	conversation := asked(body)
	if s.failBedrock(w, c, conversation) {
		return
	}
	s.ledger.add(c, "", bedrockTokens(c.Model))
	c.Reported, c.Implied = bedrockReported(c.Tokens), impliedInput(c.Tokens)
	t := c.Tokens
	usage := object{"inputTokens": fresh(t), "outputTokens": t.Output, "totalTokens": t.Input + t.Output}
	if t.CacheRead > 0 {
		usage["cacheReadInputTokens"], usage["cacheWriteInputTokens"] = t.CacheRead, t.CacheWrite
	}
	config, _ := body["toolConfig"].(object)
	tool := wantsTool(toolNames(list(config, "tools"), "toolSpec"), conversation, `"toolResult"`)
	use := object{"toolUseId": fmt.Sprintf("tooluse_%d", c.N), "name": tool}
	stop := "end_turn"
	if tool != "" {
		stop = "tool_use"
	}
	if !c.Stream {
		content := object{"text": weatherText}
		if tool != "" {
			content = object{"toolUse": with(use, object{"input": weatherArguments})}
		}
		respond(w, http.StatusOK, object{
			"output": object{"message": object{"role": "assistant", "content": []any{content}}}, "stopReason": stop,
			"usage": usage, "metrics": object{"latencyMs": 5},
		})
		return
	}
	w.Header().Set("Content-Type", "application/vnd.amazon.eventstream")
	write := func(name string, payload object) { _, _ = w.Write(eventStreamMessage(name, payload)) }
	write("messageStart", object{"role": "assistant"})
	if tool != "" {
		write("contentBlockStart", object{"contentBlockIndex": 0, "start": object{"toolUse": use}})
		write("contentBlockDelta", object{"contentBlockIndex": 0, "delta": object{"toolUse": object{"input": encode(weatherArguments)}}})
	} else {
		write("contentBlockDelta", object{"contentBlockIndex": 0, "delta": object{"text": weatherText}})
	}
	write("contentBlockStop", object{"contentBlockIndex": 0})
	write("messageStop", object{"stopReason": stop})
	write("metadata", object{"usage": usage, "metrics": object{"latencyMs": 5}})
}

func (s *Server) invokeModel(w http.ResponseWriter, r *http.Request, body object) {
	c := s.bedrockCall(r, "invoke model", "-stream")
	conversation := asked(body)
	if s.failBedrock(w, c, conversation) {
		return
	}
	s.ledger.add(c, "msg_bdrk_%d", bedrockTokens(c.Model))
	c.Reported, c.Implied = bedrockReported(c.Tokens), impliedInput(c.Tokens)
	t := c.Tokens
	for header, n := range map[string]int64{
		"Input": fresh(t), "Output": t.Output, "Cache-Read-Input": t.CacheRead, "Cache-Write-Input": t.CacheWrite,
	} {
		w.Header().Set("X-Amzn-Bedrock-"+header+"-Token-Count", strconv.FormatInt(n, 10))
	}
	content, stop := anthropicContent(body, conversation, c.N)
	named := *c
	named.Model = "claude-sonnet-4-5-20250929" // as Anthropic's own body has it
	message := anthropicMessage(&named, content, stop)
	if !c.Stream {
		respond(w, http.StatusOK, message)
		return
	}
	w.Header().Set("Content-Type", "application/vnd.amazon.eventstream")
	parts := anthropicStream(message, content, stop, t)
	parts[len(parts)-1]["amazon-bedrock-invocationMetrics"] = object{
		"inputTokenCount": fresh(t), "outputTokenCount": t.Output, "invocationLatency": 5, "firstByteLatency": 3,
		"cacheReadInputTokenCount": t.CacheRead, "cacheWriteInputTokenCount": t.CacheWrite,
	}
	for _, part := range parts {
		_, _ = w.Write(eventStreamMessage("chunk", object{"bytes": base64.StdEncoding.EncodeToString([]byte(encode(part)))}))
	}
}

// eventStreamMessage is one message of application/vnd.amazon.eventstream:
// lengths, their checksum, headers, payload, and the checksum of it all.
func eventStreamMessage(name string, payload object) []byte {
	var headers []byte
	for _, header := range [][2]string{{":event-type", name}, {":content-type", "application/json"}, {":message-type", "event"}} {
		headers = append(headers, byte(len(header[0])))
		headers = append(headers, header[0]...)
		headers = append(headers, 7) // a string
		headers = binary.BigEndian.AppendUint16(headers, uint16(len(header[1])))
		headers = append(headers, header[1]...)
	}
	content := encode(payload)
	const overhead = 4 + 4 + 4 + 4
	message := binary.BigEndian.AppendUint32(nil, uint32(overhead+len(headers)+len(content)))
	message = binary.BigEndian.AppendUint32(message, uint32(len(headers)))
	message = binary.BigEndian.AppendUint32(message, crc32.ChecksumIEEE(message))
	message = append(append(message, headers...), content...)
	return binary.BigEndian.AppendUint32(message, crc32.ChecksumIEEE(message))
}
