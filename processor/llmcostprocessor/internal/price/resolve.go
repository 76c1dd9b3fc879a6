// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package price

import "strings"

// resolve finds the entry that a name means. It tries the name as it is
// written, then with less and less of what providers put around it: the date or
// version behind it, the route, region or vendor before it. What is left must
// be a name of the table as a whole: gpt-4o-mini is never taken for gpt-4o.
func (t *Table) resolve(provider, name string) *Model {
	provider, name = CanonicalProvider(provider), strings.ToLower(strings.TrimSpace(name))
	if m := t.listed(provider, name); m != nil {
		return m
	}
	// What is not in the table costs nothing where the whole provider is free.
	if i := strings.IndexAny(name, "/:"); i > 0 && t.free[providers[name[:i]]] != nil {
		return t.free[providers[name[:i]]]
	}
	return t.free[provider]
}

func (t *Table) listed(provider, name string) *Model {
	for {
		for spelling := range spellings(name) {
			if m := t.lookup(provider, spelling); m != nil {
				return m
			}
		}
		before, rest, ok := unwrap(name)
		if !ok {
			return nil
		}
		switch {
		case before == "":
		case provider != local:
			provider = before
		case before != local:
			return nil // the weights are another's, the machine is the user's own
		}
		name = rest
	}
}

// lookup finds a name in the table as it is written.
func (t *Table) lookup(provider, name string) *Model {
	if m := t.byProvider[qualified(provider, name)]; m != nil {
		return m
	}
	if provider == local {
		return nil
	}
	return t.byName[name]
}

func qualified(provider, name string) string {
	return provider + "/" + name
}

// spellings yields the name, and the name without what is behind it, more and
// more of it.
func spellings(name string) func(yield func(string) bool) {
	return func(yield func(string) bool) {
		if !yield(name) {
			return
		}
		for _, cut := range [...]func(string) (string, bool){cutFineTune, cutVersion, cutDate, cutRevision, cutLatest, noDots} {
			short, ok := cut(name)
			if !ok {
				continue
			}
			if !yield(short) {
				return
			}
			name = short
		}
	}
}

// cutFineTune cuts the owner and identifier off ft:BASE:OWNER::ID. The ft:
// stays: a tuned model has a price of its own.
func cutFineTune(name string) (string, bool) {
	if !strings.HasPrefix(name, "ft:") {
		return name, false
	}
	i := strings.IndexByte(name[3:], ':')
	if i < 0 {
		return name, false
	}
	return name[:3+i], true
}

// cutVersion cuts what Bedrock puts behind its names: -v2, -v2:0, -v1:0:200k.
// Only names with a vendor have it; the v3 of deepseek-v3 is part of its name.
func cutVersion(name string) (string, bool) {
	if _, _, ok := cutVendor(name); !ok {
		return name, false
	}
	i := strings.LastIndex(name, "-v")
	if i < 0 {
		return name, false
	}
	version, _, _ := strings.Cut(name[i+2:], ":")
	if version == "" || !digits(version) {
		return name, false
	}
	return name[:i], true
}

// cutDate cuts a date: -2024-08-06, -20241022, @20241022. Four digits stay,
// since they tell models of different prices apart: mistral-large-2411.
func cutDate(name string) (string, bool) {
	if n := len(name) - len("-20241022"); n > 0 && (name[n] == '-' || name[n] == '@') && isDate(name[n+1:]) {
		return name[:n], true
	}
	if n := len(name) - len("-2024-08-06"); n > 0 && name[n] == '-' && name[n+5] == '-' && name[n+8] == '-' &&
		isDate(name[n+1:n+5]+name[n+6:n+8]+name[n+9:]) {
		return name[:n], true
	}
	return name, false
}

func isDate(text string) bool {
	return len(text) == 8 && strings.HasPrefix(text, "20") && digits(text)
}

// cutRevision cuts what Vertex puts behind Google's names: gemini-2.0-flash-001.
func cutRevision(name string) (string, bool) {
	n := len(name) - len("-001")
	if n > 0 && strings.HasPrefix(name, "gemini-") && name[n:n+2] == "-0" && digits(name[n+1:]) {
		return name[:n], true
	}
	return name, false
}

// noDots writes the versions of Claude as Anthropic does: claude-sonnet-4-5.
func noDots(name string) (string, bool) {
	if !strings.HasPrefix(name, "claude-") || !strings.Contains(name, ".") {
		return name, false
	}
	return strings.ReplaceAll(name, ".", "-"), true
}

// cutLatest cuts what says that the newest is meant, and the mark that Claude Code
// puts behind models of a long context, whose price follows from the tokens.
func cutLatest(name string) (string, bool) {
	for _, suffix := range [...]string{"-latest", "@latest", "@default", "[1m]"} {
		if short, ok := strings.CutSuffix(name, suffix); ok {
			return short, true
		}
	}
	return name, false
}

// unwrap takes one layer off the front of a name: a resource path, a provider,
// a region, a vendor. The provider is empty when the layer names none.
func unwrap(name string) (provider, rest string, ok bool) {
	if strings.HasPrefix(name, "arn:") {
		// arn:aws:bedrock:REGION:ACCOUNT:inference-profile/NAME
		if i := strings.LastIndexByte(name, '/'); i >= 0 {
			return Bedrock, name[i+1:], true
		}
		return "", "", false
	}
	if i := strings.LastIndex(name, "models/"); i == 0 || (i > 0 && name[i-1] == '/') {
		// models/NAME, publishers/PUBLISHER/models/NAME
		return "", name[i+len("models/"):], true
	}
	if head, tail, found := strings.Cut(name, "/"); found {
		if id, known := providers[head]; known {
			return id, tail, true
		}
		if head == "converse" {
			return "", tail, true
		}
		return "", "", false
	}
	if head, tail, found := strings.Cut(name, ":"); found && providers[head] != "" {
		return providers[head], tail, true // PROVIDER:MODEL, as frameworks configure it
	}
	if _, tail, found := cutRegion(name); found {
		return Bedrock, tail, true
	}
	if _, _, found := cutVendor(name); found {
		// Without its vendor a version could be part of a name: it goes with it.
		short, _ := cutVersion(name)
		_, tail, _ := cutVendor(short)
		return Bedrock, tail, true
	}
	return "", "", false
}

// cutRegion cuts the region of a Bedrock inference profile.
func cutRegion(name string) (region, rest string, ok bool) {
	region, rest, ok = strings.Cut(name, ".")
	if !ok {
		return "", name, false
	}
	switch region {
	case "us", "eu", "apac", "jp", "au", "ca", "in", "sa", "us-gov", "global":
		if _, _, vendor := cutVendor(rest); vendor {
			return region, rest, true
		}
	}
	return "", name, false
}

// cutVendor cuts the maker of a model, and its region if it has one, off the
// front of a Bedrock name.
func cutVendor(name string) (vendor, rest string, ok bool) {
	vendor, rest, ok = strings.Cut(name, ".")
	if !ok {
		return "", name, false
	}
	switch vendor {
	case "anthropic", "amazon", "meta", "mistral", "cohere", "deepseek", "openai", "ai21", "qwen":
		return vendor, rest, true
	case "us", "eu", "apac", "jp", "au", "ca", "in", "sa", "us-gov", "global":
		return cutVendor(rest)
	}
	return "", name, false
}
