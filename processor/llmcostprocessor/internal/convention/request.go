// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package convention

import (
	"cmp"
	"strings"

	"go.opentelemetry.io/collector/pdata/pcommon"
)

// requestedModel is the model in what was requested, for calls that failed before
// their record had one.
func (r *record) requestedModel() string {
	if name := r.text(requestModel); name != "" {
		return name
	}
	if !r.has(parameters) {
		return ""
	}
	m, ok := parseMap(r.values[parameters])
	if !ok {
		if r.values[parameters].Type() != pcommon.ValueTypeStr {
			return ""
		}
		// An attribute "model", as MLflow writes it next to the conventions' keys.
		if text := r.text(parameters); !strings.ContainsAny(text, "{}[] ") {
			return text
		}
		return ""
	}
	return modelOf(m)
}

// parameterKeys are those of the parameters of requests that name the model.
var parameterKeys = [...]string{"llm.invocation_parameters", "mlflow.spanInputs", "request_data", "langfuse.observation.model.parameters"}

// RequestedModel is the model in the parameters of a request, of a record that has it
// nowhere else.
func RequestedModel(attributes pcommon.Map) string {
	for _, key := range parameterKeys {
		value, ok := attributes.Get(key)
		if !ok {
			continue
		}
		if m, ok := parseMap(value); ok {
			if name := modelOf(m); name != "" {
				return name
			}
		}
	}
	return ""
}

func modelOf(m map[string]any) string {
	for _, key := range [...]string{"model", "model_name", "modelId", "model_id"} {
		if name, ok := m[key].(string); ok && strings.TrimSpace(name) != "" {
			return strings.TrimSpace(name)
		}
	}
	return ""
}

func (r *record) requestedTier() string {
	m, ok := parseMap(r.values[parameters])
	if !ok {
		return ""
	}
	name, _ := m["service_tier"].(string)
	return name
}

// maxTierDistance is how far from its end the response of an API has the tier, in bytes:
// the counts and what was requested come behind it.
const maxTierDistance = 4 << 10

// tierIn is the tier in the response of an API, which is JSON. It is not parsed, since most of
// it is text of the model, in which the quotes of such a name would be escaped.
func tierIn(value pcommon.Value) string {
	if value.Type() != pcommon.ValueTypeStr {
		return ""
	}
	text := value.Str()
	text = text[max(0, len(text)-maxTierDistance):]
	const name = `"service_tier"`
	at := strings.LastIndex(text, name)
	if at < 0 || at > 0 && text[at-1] == '\\' {
		return ""
	}
	rest, isMember := strings.CutPrefix(strings.TrimLeft(text[at+len(name):], " \t\n"), ":")
	rest, isText := strings.CutPrefix(strings.TrimLeft(rest, " \t\n"), `"`)
	tier, _, ends := strings.Cut(rest, `"`)
	if !isMember || !isText || !ends {
		return ""
	}
	return tier
}

// serviceTier is how the provider served the call. Anthropic's speed is a tier of
// its own, where it is not the normal one.
func (r *record) serviceTier() string { return cmp.Or(r.namedTier(), r.objectTier) }

func (r *record) namedTier() string {
	if s := r.text(speed); s != "" && !strings.EqualFold(s, "normal") && !strings.EqualFold(s, "standard") {
		return s
	}
	return r.text(tier)
}
