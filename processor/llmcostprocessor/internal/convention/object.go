// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package convention

import (
	"cmp"
	"encoding/json"
	"strings"

	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/otelcol-arc/otelcol-arc/internal/usage"
)

// maxJSON bounds the objects of counts and costs that are read, in bytes.
const maxJSON = 16 << 10

// maxResponse bounds what a model returned, in bytes: the counts are behind its text.
const maxResponse = 256 << 10

// maxDepth bounds how deep in an object counts are looked for.
const maxDepth = 4

// object is what an object of counts has.
type object struct {
	tally
	// raw: the counts are those of Anthropic's or Bedrock's API, whose input leaves
	// out the cached tokens.
	raw  bool
	tier string
	// region is where the provider served the call, if that has a surcharge.
	region string
}

// names are those of counts in the objects of APIs and SDKs, without underscores
// and in lower case: the same names come in every way of writing.
var names = map[string]field{
	"prompttokens": input, "inputtokens": input, "prompttokencount": input, "inputtokencount": input, "input": input, "prompt": input,
	"completiontokens": output, "outputtokens": output, "candidatestokencount": output, "completiontokencount": output,
	"outputtokencount": output, "responsetokencount": output, "output": output, "completion": output,
	"totaltokens": total, "totaltokencount": total, "total": total,

	"cachereadinputtokens": cacheRead, "cachereadinputtokencount": cacheRead, "cachedinputtokens": cacheRead, "cachedcontenttokencount": cacheRead, "cachedcontenttokens": cacheRead,
	"cachedtokens": cacheRead, "cachedprompttokens": cacheRead, "cachedreadtokens": cacheRead, "cachereadtokens": cacheRead, "inputcachedtokens": cacheRead, "inputcacheread": cacheRead,
	"inputcachedtokencount": cacheRead, "promptcachehittokens": cacheRead, "inputcachereadtokens": cacheRead, "inputcachereadinputtokens": cacheRead,
	"cachecreationinputtokens": cacheWrite, "cachewriteinputtokens": cacheWrite, "cachewriteinputtokencount": cacheWrite,
	"cachecreationtokens": cacheWrite, "cachewritetokens": cacheWrite, "cachedwritetokens": cacheWrite, "inputcachecreation": cacheWrite, "inputcachewrite": cacheWrite,
	"inputcachecreationtokens": cacheWrite, "inputcachecreationinputtokens": cacheWrite,
	"ephemeral5minputtokens": cacheWrite5m, "inputcachecreation5m": cacheWrite5m, "inputephemeral5minputtokens": cacheWrite5m,
	"cachecreationephemeral5minputtokens": cacheWrite5m, "cachecreation5minputtokens": cacheWrite5m, "cachecreation5mtokens": cacheWrite5m,
	"cachedwritetokens5m": cacheWrite5m, "cachewrite5mtokens": cacheWrite5m, "cachewrite5minputtokens": cacheWrite5m,
	"ephemeral1hinputtokens": field(usage.CacheWrite1h), "inputcachecreation1h": field(usage.CacheWrite1h), "inputephemeral1hinputtokens": field(usage.CacheWrite1h),
	"cachecreationephemeral1hinputtokens": field(usage.CacheWrite1h), "cachecreationinputtokensabove1hr": field(usage.CacheWrite1h),
	"cachecreation1hinputtokens": field(usage.CacheWrite1h), "cachecreation1htokens": field(usage.CacheWrite1h),
	"cachedwritetokens1h": field(usage.CacheWrite1h), "cachewrite1htokens": field(usage.CacheWrite1h), "cachewrite1hinputtokens": field(usage.CacheWrite1h),
	"ephemeral12hinputtokens": field(usage.CacheWriteLong), "ephemeral24hinputtokens": field(usage.CacheWriteLong),

	"promptcachedtokens": cacheRead, "promptcachecreationtokens": cacheWrite, "completionreasoningtokens": reasoning, // Braintrust's
	"reasoningtokens": reasoning, "outputreasoningtokens": reasoning, "outputreasoning": reasoning, "reasoningoutputtokens": reasoning,
	"thoughtstokencount": thoughts, "thoughtstokens": thoughts, "tooluseprompttokencount": toolPrompt,

	"inputaudio": field(usage.AudioInput), "inputaudiotokens": field(usage.AudioInput), "promptaudiotokens": field(usage.AudioInput), "inputmodalityaudio": field(usage.AudioInput),
	"inputimage": field(usage.ImageInput), "inputimagetokens": field(usage.ImageInput), "inputmodalityimage": field(usage.ImageInput),
	"inputvideo": field(usage.VideoInput), "inputvideotokens": field(usage.VideoInput), "inputmodalityvideo": field(usage.VideoInput),
	"outputaudio": field(usage.AudioOutput), "outputaudiotokens": field(usage.AudioOutput), "completionaudiotokens": field(usage.AudioOutput), "outputmodalityaudio": field(usage.AudioOutput),
	"outputimage": field(usage.ImageOutput), "outputimagetokens": field(usage.ImageOutput), "outputmodalityimage": field(usage.ImageOutput),
	"outputvideo": field(usage.VideoOutput), "outputvideotokens": field(usage.VideoOutput), "outputmodalityvideo": field(usage.VideoOutput),

	"websearchrequests": field(usage.WebSearches), "searchunits": field(usage.Searches), "totalsearchunits": field(usage.Searches),
}

// partNames are those of parts, by what they are parts of.
var partNames = map[string]map[string]field{
	"input": {
		"cached": cacheRead, "cachedtokens": cacheRead, "cacheread": cacheRead, "flexcacheread": cacheRead, "prioritycacheread": cacheRead, "cachereadtokens": cacheRead,
		"cachecreation": cacheWrite, "cachecreationtokens": cacheWrite, "cachewrite": cacheWrite, "cachewritetokens": cacheWrite,
		"cachewrite5m": cacheWrite5m, "cachewrite1h": field(usage.CacheWrite1h),
		"audio": field(usage.AudioInput), "audiotokens": field(usage.AudioInput), "image": field(usage.ImageInput), "imagetokens": field(usage.ImageInput),
		"video": field(usage.VideoInput), "videotokens": field(usage.VideoInput), "text": textInput, "texttokens": textInput,
	},
	"output": {
		"reasoning": reasoning, "reasoningtokens": reasoning, "thinking": reasoning, "thinkingtokens": reasoning,
		"audio": field(usage.AudioOutput), "audiotokens": field(usage.AudioOutput), "image": field(usage.ImageOutput), "imagetokens": field(usage.ImageOutput),
		"video": field(usage.VideoOutput), "videotokens": field(usage.VideoOutput), "text": textOutput, "texttokens": textOutput,
	},
	"cached": {
		"audio": field(usage.CachedAudio), "audiotokens": field(usage.CachedAudio), "image": field(usage.CachedImage), "imagetokens": field(usage.CachedImage),
	},
}

// partsOf are the names of objects of parts, and what they are parts of.
var partsOf = map[string]string{
	"prompttokensdetails": "input", "inputtokensdetails": "input", "inputtokendetails": "input", "inputdetails": "input", "cachecreation": "input",
	"cachecreationtokendetails": "input", "cachewritetokensdetails": "input", "cachedetails": "input", "tooluseprompttokensdetails": "",
	"completiontokensdetails": "output", "outputtokensdetails": "output", "outputtokendetails": "output", "candidatestokensdetails": "output",
	"outputdetails": "output", "responsetokensdetails": "output",
	"cachedtokensdetails": "cached", "cachetokensdetails": "cached",
}

func normalize(name string) string {
	return strings.ToLower(strings.ReplaceAll(name, "_", ""))
}

// parseObject reads an object of counts, as JSON or as Python writes a dictionary.
// A senseless count in it is left out.
func parseObject(value pcommon.Value) (object, bool) {
	m, ok := parseMap(value)
	if !ok {
		return object{}, false
	}
	var o object
	o.read(m, "", 0)
	if o.n[total] > 0 && o.n[total] == o.n[input]+o.n[output] {
		o.raw = false // as MLflow's, which has added the cached tokens
	}
	return o, true
}

func parseMap(value pcommon.Value) (map[string]any, bool) { return parseBounded(value, maxJSON) }

func parseBounded(value pcommon.Value, maxBytes int) (map[string]any, bool) {
	switch value.Type() {
	case pcommon.ValueTypeMap:
		return value.Map().AsRaw(), true
	case pcommon.ValueTypeStr:
	default:
		return nil, false
	}
	text := value.Str()
	if len(text) > maxBytes {
		return nil, false
	}
	var m map[string]any
	if json.Unmarshal([]byte(text), &m) == nil {
		return m, m != nil
	}
	if json.Unmarshal([]byte(jsonOfPython(text)), &m) == nil {
		return m, m != nil
	}
	return nil, false
}

// read adds the counts of a map; of is the whole that they are parts of.
func (o *object) read(m map[string]any, of string, depth int) {
	if depth > maxDepth {
		return
	}
	_, hasInput := m["input_tokens"]
	_, hasInputTokens := m["inputTokens"]
	for name, value := range m {
		name = normalize(name)
		switch value := value.(type) {
		case map[string]any:
			part, known := partsOf[name]
			if !known {
				part = of
			}
			o.read(value, part, depth+1)
		case []any:
			if part, known := partsOf[name]; known {
				o.readModalities(value, part)
			}
			if name == "iterations" {
				o.readCompactions(value)
			}
		case string:
			if name == "servicetier" {
				o.tier = value
			}
			if name == "inferencegeo" && value != "global" && value != "not_available" {
				o.region = value // Anthropic's, which has a surcharge
			}
			if name == "speed" && value != "standard" && value != "normal" {
				o.tier = value
			}
		default:
			n, ok := countOf(value)
			if !ok {
				continue
			}
			f, known := partNames[of][name]
			if !known {
				f, known = names[name]
			}
			if !known {
				continue
			}
			if (f == cacheRead || f == cacheWrite) && of == "" && (hasInput || hasInputTokens) {
				o.raw = true
			}
			if n > 0 || !o.has(f) {
				o.set(f, max(n, o.n[f]))
			}
		}
	}
}

// readCompactions reads Anthropic's list of the requests that a response is made of. Its other
// counts leave out those that summarize the context, whose cached tokens count as input here.
func (o *object) readCompactions(list []any) {
	var in, out int64
	for _, item := range list {
		m, ok := item.(map[string]any)
		if !ok || m["type"] != "compaction" {
			continue
		}
		for _, name := range [...]string{"input_tokens", "cache_read_input_tokens", "cache_creation_input_tokens"} {
			n, _ := countOf(m[name])
			in += n
		}
		n, _ := countOf(m["output_tokens"])
		out += n
	}
	if in+out > 0 {
		o.set(compactedInput, in)
		o.set(compactedOutput, out)
	}
}

// readModalities reads a list of counts by modality, as Gemini has them.
func (o *object) readModalities(list []any, of string) {
	for _, item := range list {
		m, ok := item.(map[string]any)
		if !ok {
			continue
		}
		modality, _ := m["modality"].(string)
		n, ok := countOf(m["token_count"])
		if !ok {
			n, ok = countOf(m["tokenCount"])
		}
		if f, known := partNames[of][strings.ToLower(modality)]; known && ok {
			o.set(f, o.n[f]+n)
		}
	}
}

// countOf is the count that a value of JSON is.
func countOf(value any) (int64, bool) {
	switch n := value.(type) {
	case float64:
		return whole(n)
	case int64:
		return n, n >= 0 && n <= maxTokens
	}
	return 0, false
}

// readObjects takes from the objects of the record what its own keys do not have.
func (r *record) readObjects() {
	if r.has(usageDisjoint) {
		r.readDisjoint()
	}
	if r.has(response) {
		r.readResponse()
	}
	for _, f := range [...]field{usageObject, metadata} {
		if !r.has(f) {
			continue
		}
		o, ok := parseObject(r.values[f])
		if !ok {
			continue
		}
		r.relate(&o)
		r.counts.fill(&o.tally)
		if r.objectTier == "" {
			r.objectTier = o.tier
		}
		r.region = cmp.Or(r.region, o.region)
	}
	r.readDetails(inputDetails, "input")
	r.readDetails(outputDetails, "output")
	if r.objectTier == "" && r.has(returned) && r.namedTier() == "" {
		r.objectTier = tierIn(r.values[returned])
	}
	if r.objectTier == "" && r.has(parameters) {
		r.objectTier = r.requestedTier()
	}
}

// readResponse takes the counts of what a model returned: a member of it, as everything
// else in there is content.
func (r *record) readResponse() {
	m, ok := parseBounded(r.values[response], maxResponse)
	if !ok {
		return
	}
	if counts, ok := m["usage"].(map[string]any); ok {
		var o object
		o.read(counts, "", 0)
		r.counts.fill(&o.tally)
	}
}

// readDetails takes the counts of an object of parts.
func (r *record) readDetails(f field, of string) {
	if !r.has(f) {
		return
	}
	if m, ok := parseMap(r.values[f]); ok {
		var o object
		o.read(m, of, 1)
		r.counts.fill(&o.tally)
	}
}

// relateThoughts compares the record's output and input with those of Gemini's API,
// which leave out the thoughts and the prompts of tools: then the record's are known
// to include them, or not.
func (r *record) relateThoughts(o *object) {
	if n := o.n[thoughts]; n > 0 && o.has(output) && r.counts.has(output) {
		switch r.counts.n[output] {
		case o.n[output] + n:
			r.reasoningIs, r.reasoningProven = inclusive, true
		case o.n[output]:
			r.reasoningIs, r.reasoningProven = exclusive, true
		}
		if r.reasoningProven && r.counts.n[reasoning] == 0 {
			r.counts.set(reasoning, n)
		}
	}
	if r.counts.n[reasoning] > 0 {
		o.drop(thoughts) // they are those of the record
	}
	if n := o.n[toolPrompt]; n > 0 && o.has(input) && r.counts.n[input] == o.n[input]+n {
		o.drop(toolPrompt)
	}
}

// relate compares the input of the record with the provider's own, which leaves
// out cached tokens if it is raw: then the record's input is known to include
// them, or not.
func (r *record) relate(o *object) {
	r.relateThoughts(o)
	if !o.raw || !o.has(input) || !r.counts.has(input) {
		if o.raw && o.has(input) && !r.counts.has(input) {
			r.cachedIs, r.cachedProven = exclusive, o.cached() > 0
		}
		return
	}
	switch r.counts.n[input] {
	case o.n[input] + o.cached():
		r.cachedIs, r.cachedProven = inclusive, o.cached() > 0
	case o.n[input]:
		r.cachedIs, r.cachedProven = exclusive, o.cached() > 0
	}
}
