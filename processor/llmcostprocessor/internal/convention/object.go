// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package convention

import (
	"encoding/json"
	"errors"
	"strings"

	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/otelcol-arc/otelcol-arc/processor/llmcostprocessor/internal/price"
)

// maxJSON bounds the objects of counts and costs that are read, in bytes.
const maxJSON = 16 << 10

// usage is Langfuse's object of token counts. Its kinds are beside each other:
// input holds no cached tokens. The names of the APIs are handed through.
type usage struct {
	Input               tokens `json:"input"`
	Output              tokens `json:"output"`
	CacheRead           tokens `json:"cache_read_input_tokens"`
	InputCacheRead      tokens `json:"input_cache_read"`
	InputCached         tokens `json:"input_cached_tokens"`
	CacheWrite          tokens `json:"cache_creation_input_tokens"`
	InputCacheCreation  tokens `json:"input_cache_creation"`
	InputCacheCreation1 tokens `json:"input_cache_creation_1h"`
	InputCacheCreation5 tokens `json:"input_cache_creation_5m"`
	InputAudio          tokens `json:"input_audio_tokens"`
	OutputAudio         tokens `json:"output_audio_tokens"`
	OutputReasoning     tokens `json:"output_reasoning_tokens"`
}

// tokens is a count that refuses what no call can use.
type tokens struct {
	n    int64
	said bool
}

func (t *tokens) UnmarshalJSON(text []byte) error {
	var number *float64
	if err := json.Unmarshal(text, &number); err != nil {
		return err
	}
	if number == nil {
		return nil // null: not said
	}
	n, ok := whole(*number)
	if !ok {
		return errCount
	}
	*t = tokens{n: n, said: true}
	return nil
}

var errCount = errors.New("not a number of tokens")

// object reads an object of token counts: nothing said, or false when the
// object or a count in it makes no sense.
func object(value pcommon.Value) (t price.Tokens, said, ok bool) {
	var u usage
	if !unmarshal(value, &u) {
		return price.Tokens{}, false, false
	}
	t = price.Tokens{
		Input: u.Input.n,
		// At most one name of each is used; the larger is it.
		CacheRead:    max(u.CacheRead.n, u.InputCacheRead.n, u.InputCached.n),
		CacheWrite:   max(u.CacheWrite.n, u.InputCacheCreation.n, u.InputCacheCreation5.n),
		CacheWrite1h: u.InputCacheCreation1.n,
		Output:       u.Output.n,
		Reasoning:    u.OutputReasoning.n,
		AudioInput:   u.InputAudio.n,
		AudioOutput:  u.OutputAudio.n,
	}
	return t, u != usage{}, true
}

// details is an object of parts of the input or the output, as LangChain counts them.
type details struct {
	CacheRead         tokens `json:"cache_read"`
	FlexCacheRead     tokens `json:"flex_cache_read"`
	PriorityCacheRead tokens `json:"priority_cache_read"`
	CacheCreation     tokens `json:"cache_creation"`
	Ephemeral5m       tokens `json:"ephemeral_5m_input_tokens"`
	Ephemeral1h       tokens `json:"ephemeral_1h_input_tokens"`
	Audio             tokens `json:"audio"`
	Reasoning         tokens `json:"reasoning"`
}

// said is what providers say besides, as the Vercel AI SDK hands it on.
type said struct {
	Anthropic struct {
		CacheWrite tokens `json:"cacheCreationInputTokens"`
	} `json:"anthropic"`
	Bedrock struct {
		Usage struct {
			CacheWrite tokens `json:"cacheWriteInputTokens"`
		} `json:"usage"`
	} `json:"bedrock"`
}

// python is what LangSmith's SDK has of a dictionary, as JSON.
var python = strings.NewReplacer("'", `"`, "None", "null")

// detail reads an object of parts. The whole stands beside it, so what makes no
// sense is left out.
func (n *counts) detail(of field, value pcommon.Value) {
	if value.Type() != pcommon.ValueTypeStr || len(value.Str()) > maxJSON {
		return
	}
	if of == metadata {
		var s said
		if text := value.Str(); strings.Contains(text, "cache") && json.Unmarshal([]byte(text), &s) == nil {
			n[cacheWrite] = max(s.Anthropic.CacheWrite.n, s.Bedrock.Usage.CacheWrite.n)
		}
		return
	}
	var d details
	if json.Unmarshal([]byte(python.Replace(value.Str())), &d) != nil {
		return
	}
	if of == outputDetails {
		n[audioOutput], n[reasoning] = d.Audio.n, d.Reasoning.n
		return
	}
	n[cacheRead] = max(d.CacheRead.n, d.FlexCacheRead.n, d.PriorityCacheRead.n)
	n[cacheWrite], n[cacheWrite5m], n[cacheWrite1h] = d.CacheCreation.n, d.Ephemeral5m.n, d.Ephemeral1h.n
	n[audioInput] = d.Audio.n
}

// dollars reads an object of costs.
func dollars(value pcommon.Value) (float64, bool) {
	var costs map[string]float64
	if !unmarshal(value, &costs) || len(costs) == 0 {
		return 0, false
	}
	if whole, said := costs["total"]; said {
		return whole, whole >= 0
	}
	var sum float64
	for _, part := range costs {
		if part < 0 {
			return 0, false
		}
		sum += part
	}
	return sum, true
}

func unmarshal(value pcommon.Value, into any) bool {
	if value.Type() != pcommon.ValueTypeStr || len(value.Str()) > maxJSON {
		return false
	}
	return json.Unmarshal([]byte(value.Str()), into) == nil
}
