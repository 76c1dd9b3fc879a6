// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package pipelinecheckconverter

import (
	"fmt"
	"maps"
	"slices"
	"strconv"

	"github.com/otelcol-arc/otelcol-arc/internal/rawconf"
	"github.com/otelcol-arc/otelcol-arc/internal/spelling"
)

// checkReferences finds IDs of components that are not configured. The Collector's own
// check ends with the first, and it finds a storage only when it starts.
func checkReferences(conf map[string]any) []problem {
	service, pipelines := rawconf.Section(conf, "service"), pipelinesOf(conf)
	ids := func(kinds ...string) (all []string) {
		for _, kind := range kinds {
			all = slices.AppendSeq(all, maps.Keys(rawconf.Section(conf, kind)))
		}
		slices.Sort(all)
		return all
	}
	var problems []problem
	check := func(key string, named, configured []string, where string) {
		for i, id := range named {
			if slices.Contains(configured, id) {
				continue
			}
			problems = append(problems, problem{
				key + "::" + strconv.Itoa(i),
				fmt.Sprintf("%q is not in %s%s", id, where, spelling.Suggestion(id, configured)),
			})
		}
	}
	check("service::extensions", rawconf.List(service, "extensions"), ids("extensions"), "extensions")
	for _, p := range pipelines {
		check(p.key+"::receivers", p.receivers, ids("receivers", "connectors"), "receivers or connectors")
		check(p.key+"::processors", p.processors, ids("processors"), "processors")
		check(p.key+"::exporters", p.exporters, ids("exporters", "connectors"), "exporters or connectors")
	}
	return append(problems, checkStorages(conf, pipelines, rawconf.List(service, "extensions"))...)
}

// checkStorages finds components that name a storage extension that is not started.
func checkStorages(conf map[string]any, pipelines []pipeline, started []string) []problem {
	var problems []problem
	used := map[string][]string{}
	for _, p := range pipelines {
		used["receivers"] = append(used["receivers"], p.receivers...)
		used["processors"] = append(used["processors"], p.processors...)
		used["exporters"] = append(used["exporters"], p.exporters...)
	}
	for _, kind := range []string{"receivers", "processors", "exporters"} {
		components := rawconf.Section(conf, kind)
		for _, id := range slices.Sorted(maps.Keys(components)) {
			if !slices.Contains(used[kind], id) {
				continue
			}
			settings := rawconf.Section(components, id)
			for _, at := range []struct {
				key string
				in  map[string]any
			}{{"storage", settings}, {"sending_queue::storage", rawconf.Section(settings, "sending_queue")}} {
				storage, _ := at.in["storage"].(string)
				if at.in["enabled"] == false || storage == "" || slices.Contains(started, storage) {
					continue // a queue that is off has no storage
				}
				problems = append(problems, problem{
					kind + "::" + id + "::" + at.key,
					fmt.Sprintf("%q is not in service::extensions%s", storage, spelling.Suggestion(storage, started)),
				})
			}
		}
	}
	return problems
}
