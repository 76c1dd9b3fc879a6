// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package notification

import "github.com/otelcol-arc/otelcol-arc/internal/alertevent"

// observationOf is an observation of a group of rules that has all alerts: what does not fire has ended.
func observationOf(b *Log, firing map[string]alertevent.Alert, pending map[string]bool) Observation {
	o := Observation{Firing: firing, Pending: func(fingerprint string) bool { return pending[fingerprint] }}
	for _, e := range b.alerts {
		if _, fires := firing[e.base]; !fires && e.event == nil {
			o.Ended = append(o.Ended, e.base)
		}
	}
	return o
}

func anyName(string) bool { return true }
