// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package convention

import "strings"

// countPrefixes are those of keys that instrumentations make of the names by which APIs
// report counts: gen_ai.usage.prompt_token_details.cached_read_tokens.
var countPrefixes = [...]string{"gen_ai.usage.", "llm.usage.", "llm.token_count.", responsePrefix}

// responsePrefix is also that of keys which are not counts.
const responsePrefix = "gen_ai.response."

// wholes are the parts of such keys that name what the next part is a part of, in addition
// to those of objects.
var wholes = map[string]string{
	"inputtokens": "input", "prompttokens": "input", "promptdetails": "input", "prompttokendetails": "input",
	"outputtokens": "output", "completiontokens": "output", "completiondetails": "output", "completiontokendetails": "output",
	"details": "",
}

// lastRank is behind that of all keys of the table.
const lastRank = 1<<8 - 1

// fieldOfKey finds the field of a key that no row of the table has, but which is made of the
// names that objects of counts have.
func fieldOfKey(key string) (field, bool) {
	for _, prefix := range countPrefixes {
		if name, ok := strings.CutPrefix(key, prefix); ok {
			return fieldOfPath(name, prefix == responsePrefix)
		}
	}
	return 0, false
}

func fieldOfPath(path string, onlyTokens bool) (field, bool) {
	of := ""
	for {
		head, rest, more := strings.Cut(path, ".")
		name := normalize(head)
		part, known := partsOf[name]
		if !known {
			part, known = wholes[name]
		}
		switch {
		case more && !known:
			return 0, false
		case more:
			of, path = part, rest
			continue
		case known && strings.HasSuffix(name, "details") && part == "input":
			return inputDetails, true
		case known && strings.HasSuffix(name, "details") && part == "output":
			return outputDetails, true
		case onlyTokens && !strings.HasSuffix(name, "tokens") && !strings.HasSuffix(name, "tokencount"):
			return 0, false
		}
		f, known := partNames[of][name]
		if !known {
			f, known = names[name]
		}
		return f, known
	}
}
