// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package dashboardextension

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"maps"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/otelcol-arc/otelcol-arc/internal/dashboard"
	"github.com/otelcol-arc/otelcol-arc/internal/routing"
)

const (
	pseudonymPrefix = "hidden-"
	// maxPseudonyms bounds the values whose pseudonyms can be used in filters.
	maxPseudonyms = 100_000
	// minReplaced is the least length of a value that is replaced in texts.
	minReplaced = 3
)

var pseudonymForm = regexp.MustCompile(pseudonymPrefix + `[0-9a-f]{16}`)

// pseudonyms replaces values of private dimensions. The same value has the same pseudonym until
// the process ends, and filters by a pseudonym find its value.
type pseudonyms struct {
	key     []byte
	private map[string]bool // names of dimensions
	labels  map[string]bool // the same as labels of metrics

	mu     sync.Mutex
	values map[string]string // by pseudonym
}

func newPseudonyms(private []string) *pseudonyms {
	p := &pseudonyms{key: []byte(rand.Text()), private: map[string]bool{}, labels: map[string]bool{}, values: map[string]string{}}
	for _, name := range private {
		p.private[name] = true
		label := dashboard.MetricLabel(name)
		p.labels[name], p.labels[label], p.labels["exported_"+label] = true, true, true
		if label, err := routing.LabelName(name); err == nil { // of event rules
			p.labels[label] = true
		}
	}
	return p
}

// hide is the pseudonym of a value; "" has none.
func (p *pseudonyms) hide(value string) string {
	if value == "" || value == dashboard.Overflow {
		return value
	}
	mac := hmac.New(sha256.New, p.key)
	mac.Write([]byte(value))
	pseudonym := pseudonymPrefix + hex.EncodeToString(mac.Sum(nil)[:8])
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.values) >= maxPseudonyms {
		clear(p.values)
	}
	p.values[pseudonym] = strings.Clone(value)
	return pseudonym
}

// reveal replaces pseudonyms in a text by their values.
func (p *pseudonyms) reveal(text string) string {
	if !strings.Contains(text, pseudonymPrefix) {
		return text
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	return pseudonymForm.ReplaceAllStringFunc(text, func(pseudonym string) string {
		if value, known := p.values[pseudonym]; known {
			return value
		}
		return pseudonym
	})
}

// hideValues replaces those of private dimensions among values of dimensions.
func (p *pseudonyms) hideValues(names, values []string) []string {
	out := slices.Clone(values)
	for i, name := range names {
		if i < len(out) && p.private[name] {
			out[i] = p.hide(out[i])
		}
	}
	return out
}

// revealWhere replaces pseudonyms of a filter. Who filters by a value has to know it as they see
// it: a value that was guessed finds nothing.
func (p *pseudonyms) revealWhere(where map[string]string) map[string]string {
	out := maps.Clone(where)
	for name, value := range where {
		if !p.private[name] || value == "" || value == dashboard.Overflow {
			continue
		}
		if out[name] = p.reveal(value); out[name] == value {
			out[name] = pseudonymPrefix + "unknown"
		}
	}
	return out
}

func (p *pseudonyms) hideLabels(labels map[string]string) map[string]string {
	out := maps.Clone(labels)
	for name, value := range labels {
		if p.labels[name] {
			out[name] = p.hide(value)
		}
	}
	return out
}

// hideText replaces the values that labels have in a text.
func (p *pseudonyms) hideText(text string, labels map[string]string) string {
	for name, value := range labels {
		if p.labels[name] && len(value) >= minReplaced {
			text = strings.ReplaceAll(text, value, p.hide(value))
		}
	}
	return text
}
