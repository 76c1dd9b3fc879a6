// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package price

import "strings"

// cutMark cuts the mark that Claude Code puts behind models of a long context, whose
// price follows from the tokens.
func cutMark(name string) (string, bool) {
	return strings.CutSuffix(name, "[1m]")
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
	if !hasVendor(name) {
		return name, false
	}
	return cutAnyVersion(name)
}

func cutAnyVersion(name string) (string, bool) {
	short, version, found := strings.CutLast(name, "-v")
	version, _, _ = strings.Cut(version, ":")
	if !found || version == "" || !digits(version) {
		return name, false
	}
	return short, true
}

// cutDate cuts a date: -2024-08-06, -20241022, @20241022. Four digits stay,
// since they distinguish models of different prices: mistral-large-2411.
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

// cutRevision cuts what Vertex puts behind names: gemini-2.0-flash-001, mistral-large-2411@001.
func cutRevision(name string) (string, bool) {
	n := len(name) - len("-001")
	if n <= 0 || name[n+1] != '0' || !digits(name[n+1:]) {
		return name, false
	}
	if name[n] == '@' || name[n] == '-' && strings.HasPrefix(name, "gemini-") {
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

// cutLatest cuts the suffix that asks for the newest version.
func cutLatest(name string) (string, bool) {
	for _, suffix := range [...]string{"-latest", "@latest", "@default"} {
		if short, ok := strings.CutSuffix(name, suffix); ok {
			return short, true
		}
	}
	return name, false
}
