// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package convention

import (
	"encoding/json"
	"errors"
	"strings"

	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/otelcol-arc/otelcol-arc/internal/usage"
)

// maxJSON bounds the objects of counts and costs that are read, in bytes.
const maxJSON = 16 << 10

// langfuseUsage is Langfuse's object of token counts. Its kinds are beside each other:
// input holds no cached tokens. Of one kind at most one name is used.
type langfuseUsage struct {
	Input               tokens `json:"input"`
	Output              tokens `json:"output"`
	CacheRead           tokens `json:"cache_read_input_tokens"`
	InputCacheRead      tokens `json:"input_cache_read"`
	InputCached         tokens `json:"input_cached_tokens"`
	CacheWrite          tokens `json:"cache_creation_input_tokens"`
	InputCacheCreation  tokens `json:"input_cache_creation"`
	InputCacheCreation1 tokens `json:"input_cache_creation_1h"`
	InputCacheCreation5 tokens `json:"input_cache_creation_5m"`
	InputEphemeral1h    tokens `json:"input_ephemeral_1h_input_tokens"`
	InputEphemeral5m    tokens `json:"input_ephemeral_5m_input_tokens"`
	InputAudio          tokens `json:"input_audio"`
	InputAudioTokens    tokens `json:"input_audio_tokens"`
	OutputAudio         tokens `json:"output_audio"`
	OutputAudioTokens   tokens `json:"output_audio_tokens"`
	OutputReasoning     tokens `json:"output_reasoning"`
	OutputReasonings    tokens `json:"output_reasoning_tokens"`
	apiUsage
}

// apiUsage is the object as the APIs of OpenAI and Anthropic answer it, which
// Langfuse's wrappers of these hand on.
type apiUsage struct {
	PromptTokens      tokens   `json:"prompt_tokens"`
	CompletionTokens  tokens   `json:"completion_tokens"`
	InputTokens       tokens   `json:"input_tokens"`
	OutputTokens      tokens   `json:"output_tokens"`
	PromptDetails     apiParts `json:"prompt_tokens_details"`
	CompletionDetails apiParts `json:"completion_tokens_details"`
	InputDetails      apiParts `json:"input_tokens_details"`
	OutputDetails     apiParts `json:"output_tokens_details"`
}

// apiParts are within the count that they are details of.
type apiParts struct {
	Cached    tokens `json:"cached_tokens"`
	Audio     tokens `json:"audio_tokens"`
	Reasoning tokens `json:"reasoning_tokens"`
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
func object(value pcommon.Value) (t usage.Amounts, said, ok bool) {
	var u langfuseUsage
	if !unmarshal(value, &u) {
		return usage.Amounts{}, false, false
	}
	if u.apiUsage != (apiUsage{}) {
		return u.asAnswered(), true, true
	}
	t = usage.Amounts{
		usage.Input:        u.Input.n,
		usage.CacheRead:    max(u.CacheRead.n, u.InputCacheRead.n, u.InputCached.n),
		usage.CacheWrite:   max(u.CacheWrite.n, u.InputCacheCreation.n, u.InputCacheCreation5.n, u.InputEphemeral5m.n),
		usage.CacheWrite1h: max(u.InputCacheCreation1.n, u.InputEphemeral1h.n),
		usage.Output:       u.Output.n,
		usage.Reasoning:    max(u.OutputReasoning.n, u.OutputReasonings.n),
		usage.AudioInput:   max(u.InputAudio.n, u.InputAudioTokens.n),
		usage.AudioOutput:  max(u.OutputAudio.n, u.OutputAudioTokens.n),
	}
	return t, u != langfuseUsage{}, true
}

// asAnswered makes the counts of an API disjoint. Anthropic's names of cached
// tokens are those of counts beside the input.
func (u *langfuseUsage) asAnswered() (t usage.Amounts) {
	var n counts
	n[input] = max(u.PromptTokens.n, u.InputTokens.n, u.Input.n)
	n[output] = max(u.CompletionTokens.n, u.OutputTokens.n, u.Output.n)
	n[cacheRead] = max(u.PromptDetails.Cached.n, u.InputDetails.Cached.n, u.CacheRead.n)
	n[cacheWrite] = u.CacheWrite.n
	n[audioInput] = max(u.PromptDetails.Audio.n, u.InputDetails.Audio.n)
	n[audioOutput] = max(u.CompletionDetails.Audio.n, u.OutputDetails.Audio.n)
	n[reasoning] = max(u.CompletionDetails.Reasoning.n, u.OutputDetails.Reasoning.n)
	policy := inside
	if u.CacheRead.said || u.CacheWrite.said {
		policy = beside
	}
	n.split(&t, policy, "")
	return t
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
