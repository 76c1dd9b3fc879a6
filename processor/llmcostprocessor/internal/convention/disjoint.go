// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package convention

import (
	"strings"

	"github.com/otelcol-arc/otelcol-arc/internal/usage"
)

// readDisjoint reads Langfuse's object of counts. Its kinds are disjoint: input has
// no cached, audio or other tokens that have a name of their own, and there can be
// any number of such names. What begins with input or output and is nothing else is
// text. Some of its wrappers forward the object of an API instead, and some older
// ones leave the parts in the whole, which the total shows.
func (r *record) readDisjoint() {
	m, ok := parseMap(r.values[usageDisjoint])
	if !ok {
		return
	}
	var o object
	o.read(m, "", 0)
	if o.tier != "" {
		r.objectTier = o.tier
	}
	if !isDisjoint(m) {
		r.relate(&o)
		r.counts = o.tally
		if o.raw && !hasDetails(m) {
			// Anthropic's names are those of counts that its input leaves out.
			r.cachedIs, r.cachedProven = exclusive, o.cached() > 0 && (o.n[total] == 0 || o.n[total] != o.n[input]+o.n[output])
		}
		return
	}
	for name, value := range m {
		addUnnamed(&o, normalize(name), value)
	}
	r.counts = o.join()
	// What is cached of a modality is in addition to the rest of it, too.
	for _, part := range [...]struct{ cached, kind usage.Kind }{{usage.CachedAudio, usage.AudioInput}, {usage.CachedImage, usage.ImageInput}} {
		if n := r.counts.n[part.cached]; n > 0 {
			r.counts.set(field(part.kind), r.counts.n[part.kind]+n)
		}
	}
	r.disjoint = true
}

// isDisjoint: the objects of APIs have other names for the input.
func isDisjoint(m map[string]any) bool {
	for name := range m {
		switch normalize(name) {
		case "prompttokens", "completiontokens", "inputtokens", "outputtokens", "prompttokencount", "candidatestokencount":
			return false
		}
	}
	return true
}

func hasDetails(m map[string]any) bool {
	for name := range m {
		if part, known := partsOf[normalize(name)]; known && part == "input" && normalize(name) != "cachecreation" {
			return true
		}
	}
	return false
}

// addUnnamed adds a count whose name no table has to the text of its side.
func addUnnamed(o *object, name string, value any) {
	n, ok := countOf(value)
	if !ok {
		return
	}
	if _, known := names[name]; known {
		return
	}
	switch {
	case strings.HasPrefix(name, "cachedmodality"), strings.HasPrefix(name, "inputcached"), strings.HasPrefix(name, "inputcacheread"):
		o.set(cacheRead, o.n[cacheRead]+n)
		switch {
		case strings.Contains(name, "audio"):
			o.set(kind(usage.CachedAudio), o.n[usage.CachedAudio]+n)
		case strings.Contains(name, "image"):
			o.set(kind(usage.CachedImage), o.n[usage.CachedImage]+n)
		}
	case strings.HasPrefix(name, "inputcachecreation"), strings.HasPrefix(name, "inputcachewrite"):
		o.set(cacheWrite, o.n[cacheWrite]+n)
	case strings.HasPrefix(name, "input"):
		o.set(textInput, o.n[textInput]+n)
	case strings.HasPrefix(name, "output"):
		o.set(textOutput, o.n[textOutput]+n)
	}
}

// join makes counts that include their parts of counts that do not: by the total
// if one way adds up to it, or else as they are meant.
func (t tally) join() tally {
	in := t.cached() + t.n[usage.AudioInput] + t.n[usage.ImageInput] + t.n[usage.VideoInput] + t.n[textInput]
	out := t.n[reasoning] + t.n[thoughts] + t.n[usage.AudioOutput] + t.n[usage.ImageOutput] + t.n[usage.VideoOutput] + t.n[textOutput]
	whole := t
	whole.write(reasoning, max(t.n[reasoning], t.n[thoughts]))
	whole.write(thoughts, 0)
	for _, add := range [...][2]int64{{in, out}, {in, 0}, {0, out}, {0, 0}} {
		if t.n[total] > 0 && t.n[input]+add[0]+t.n[output]+add[1] == t.n[total] {
			in, out = add[0], add[1]
			break
		}
	}
	whole.set(input, t.n[input]+in)
	whole.set(output, t.n[output]+out)
	return whole
}
