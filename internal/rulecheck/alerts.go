// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package rulecheck

// Alert is an alerting rule of a file.
type Alert struct {
	Name, Expr string
	Labels     map[string]string // of the group and of the rule
}

// Alerts are the alerting rules, as far as they can be read.
func (f *File) Alerts() []Alert {
	var all []Alert
	for _, r := range f.rules {
		if !r.isRecording {
			all = append(all, Alert{Name: r.Alert, Expr: r.Expr, Labels: r.labels.Map()})
		}
	}
	return all
}
