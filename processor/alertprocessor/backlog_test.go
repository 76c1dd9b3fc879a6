// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package alertprocessor

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/otelcol-arc/otelcol-arc/internal/alertevent"
)

// decisionsOf has a decision for each word: a name, upper case when it is critical,
// with "-" before it when it is resolved, and after "@" the receiver.
func decisionsOf(words string) []decision {
	var all []decision
	for word := range strings.FieldsSeq(words) {
		name, receiver, _ := strings.Cut(word, "@")
		name, resolved := strings.CutPrefix(name, "-")
		alert := alertevent.Alert{Labels: map[string]string{"alertname": name}, State: alertevent.Firing, Receiver: receiver}
		if resolved {
			alert.State = alertevent.Resolved
		}
		if name == strings.ToUpper(name) {
			alert.Labels["severity"] = "critical"
		}
		all = append(all, decision{alert: alert})
	}
	return all
}

func wordsOf(all []decision) string {
	var words []string
	for _, d := range all {
		word := d.alert.Name()
		if d.alert.State == alertevent.Resolved {
			word = "-" + word
		}
		if d.alert.Receiver != "" {
			word += "@" + d.alert.Receiver
		}
		words = append(words, word)
	}
	return strings.Join(words, " ")
}

func TestCompactDecisions(t *testing.T) {
	for all, want := range map[string]string{
		"a b a":                "b a",               // the later of an alert
		"a@x a@y -a@x":         "a@y -a@x",          // of each receiver
		"a b C d":              "b C d",             // the least severe and oldest gives way
		"A -b -c -d":           "-b -c -d",          // but not a resolution
		"a b c -d -e":          "c -d -e",           //
		"-a -b -C -d -e -f -g": "-b -C -d -e -f -g", // unless they are twice as many
	} {
		assert.Equal(t, want, wordsOf(compactDecisions(decisionsOf(all), 3)), all)
	}
}

// Labels that change at every evaluation, while no pipeline accepts anything, do not
// grow the backlog without end, and a critical resolution outlives the others.
func TestBacklogOfUnstableLabelsIsBounded(t *testing.T) {
	backlog := decisionsOf("-CRITICAL")
	for i := range 100 {
		backlog = compactDecisions(append(backlog, decisionsOf(fmt.Sprintf("a%d -a%d", i+1, i))...), 10)
		assert.LessOrEqual(t, len(backlog), 20)
	}
	assert.Contains(t, wordsOf(backlog), "-CRITICAL")
}
