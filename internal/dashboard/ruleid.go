// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package dashboard

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
)

// RuleID identifies a rule: it is the same as long as the rule and the name of its group are.
func RuleID(group *RuleGroup, rule *Rule) string {
	hash := sha256.New()
	add := func(part string) { _, _ = fmt.Fprintf(hash, "%d:%s", len(part), part) }
	for _, part := range []string{group.File, group.Name, rule.Kind, rule.Name, rule.Expr} {
		add(part)
	}
	for _, name := range slices.Sorted(maps.Keys(rule.Labels)) {
		add(name + "=" + rule.Labels[name])
	}
	return hex.EncodeToString(hash.Sum(nil)[:8])
}
