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

// checkReferences finds IDs of components that are not configured, of which the Collector's
// own check ends with the first, and storages of notifiers that are not started.
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
	notifierStorages, _ := checkStorages(conf, pipelines)
	return append(problems, notifierStorages...)
}

// checkStart finds what keeps a configuration from starting that the Collector finds valid.
func checkStart(conf map[string]any) []problem {
	pipelines := pipelinesOf(conf)
	_, storages := checkStorages(conf, pipelines)
	return slices.Concat(storages, checkReceivers(conf, pipelines), checkListeners(conf, pipelines))
}

// checkStorages finds components that name a storage extension that is not started. A
// notifier without one starts if it is switched off.
func checkStorages(conf map[string]any, pipelines []pipeline) (ofNotifiers, ofOthers []problem) {
	started := rawconf.List(rawconf.Section(conf, "service"), "extensions")
	used := componentsOf(pipelines)
	for _, kind := range []string{"receivers", "processors", "exporters"} {
		components := rawconf.Section(conf, kind)
		for _, id := range slices.Sorted(maps.Keys(components)) {
			if !slices.Contains(used[kind], id) {
				continue
			}
			for _, named := range storagesOf(rawconf.Section(components, id)) {
				if slices.Contains(started, named.id) {
					continue
				}
				p := problem{
					kind + "::" + id + "::" + named.key,
					fmt.Sprintf("%q is not in service::extensions%s", named.id, spelling.Suggestion(named.id, started)),
				}
				if kind == "exporters" && slices.Contains(notifierTypes, rawconf.TypeOf(id)) {
					ofNotifiers = append(ofNotifiers, p)
				} else {
					ofOthers = append(ofOthers, p)
				}
			}
		}
	}
	return ofNotifiers, ofOthers
}

// namedStorage is the ID of a storage extension, and the key that names it.
type namedStorage struct{ key, id string }

// storagesOf are those that a component names. A queue that is off has none.
func storagesOf(component map[string]any) (all []namedStorage) {
	add := func(prefix string, settings map[string]any) {
		if id, _ := settings["storage"].(string); id != "" && settings["enabled"] != false {
			all = append(all, namedStorage{prefix + "storage", id})
		}
	}
	add("", component)
	add("sending_queue::", rawconf.Section(component, "sending_queue"))
	return all
}
