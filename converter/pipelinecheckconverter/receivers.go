// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package pipelinecheckconverter

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/otelcol-arc/otelcol-arc/internal/rawconf"
	"github.com/otelcol-arc/otelcol-arc/internal/routing"
	"github.com/otelcol-arc/otelcol-arc/internal/spelling"
)

// checkReceivers finds routes to receivers that no notifier has, with which an alert processor
// does not start.
func checkReceivers(conf map[string]any, pipelines []pipeline) (problems []problem) {
	used, processors, known := componentsOf(pipelines), rawconf.Section(conf, "processors"), receiversOf(conf, pipelines)
	for _, id := range slices.Sorted(maps.Keys(processors)) {
		var cfg alertConfig
		if rawconf.TypeOf(id) != "alert" || !slices.Contains(used["processors"], id) || decode(rawconf.Section(processors, id), &cfg) != nil || cfg.Route == nil {
			continue
		}
		tree := cfg.tree()
		if tree == nil {
			continue
		}
		for _, receiver := range tree.Receivers() {
			if !slices.Contains(known, receiver) {
				problems = append(problems, problem{"processors::" + id + "::route", fmt.Sprintf(
					"no notifier has the receiver %q: it must be the ID of a notifier in a logs pipeline, a name under receivers of one, or %q, which is nobody; there are %q%s",
					receiver, routing.Nobody, known, spelling.Suggestion(receiver, known))})
			}
		}
	}
	return problems
}

// receiversOf are the names that routes can address the notifiers in logs pipelines by, also those
// that are switched off.
func receiversOf(conf map[string]any, pipelines []pipeline) (names []string) {
	exporters := rawconf.Section(conf, "exporters")
	for i := range pipelines {
		signal, _, _ := strings.Cut(strings.TrimPrefix(pipelines[i].key, "service::pipelines::"), "/")
		if signal != "logs" {
			continue
		}
		for _, id := range pipelines[i].exporters {
			if slices.Contains(notifierTypes, rawconf.TypeOf(id)) {
				names = append(names, id)
				names = slices.AppendSeq(names, maps.Keys(rawconf.Section(rawconf.Section(exporters, id), "receivers")))
			}
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}
