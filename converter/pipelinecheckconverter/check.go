// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package pipelinecheckconverter

import (
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"go.opentelemetry.io/collector/config/confighttp"
	"go.opentelemetry.io/collector/config/confignet"

	"github.com/otelcol-arc/otelcol-arc/internal/configfile"
	"github.com/otelcol-arc/otelcol-arc/internal/notifiers"
	"github.com/otelcol-arc/otelcol-arc/internal/rawconf"
	"github.com/otelcol-arc/otelcol-arc/internal/webguard"
)

// notifierTypes are the exporters that act on alert records alone.
var notifierTypes = notifiers.Types()

// problem is something that loads, and does not do what its author expects.
type problem struct {
	key  string // of the configuration, as a::b
	text string // what happens, and what to do
}

// pipeline is an entry of service::pipelines.
type pipeline struct {
	key                              string
	receivers, processors, exporters []string
}

// check returns the problems of a configuration, by key.
func check(conf map[string]any) []problem {
	service, pipelines := rawconf.Section(conf, "service"), pipelinesOf(conf)
	var problems []problem
	for _, p := range pipelines {
		problems = append(problems, p.checkOrder()...)
		problems = append(problems, p.checkNotifiers(rawconf.Section(conf, "connectors"))...)
	}
	problems = append(problems, checkExtensions(conf, rawconf.List(service, "extensions"))...)
	problems = append(problems, checkRuleFiles(rawconf.Section(conf, "processors"))...)
	problems = append(problems, checkDashboard(rawconf.Section(conf, "extensions"), rawconf.List(service, "extensions"))...)
	problems = append(problems, checkUnused(conf, pipelines)...)
	return append(problems, checkUnaccepted(conf, pipelines)...)
}

// pipelinesOf are the entries of service::pipelines, by ID.
func pipelinesOf(conf map[string]any) (pipelines []pipeline) {
	all := rawconf.Section(rawconf.Section(conf, "service"), "pipelines")
	for _, id := range slices.Sorted(maps.Keys(all)) {
		p := rawconf.Section(all, id)
		pipelines = append(pipelines, pipeline{
			key:       "service::pipelines::" + id,
			receivers: rawconf.List(p, "receivers"), processors: rawconf.List(p, "processors"), exporters: rawconf.List(p, "exporters"),
		})
	}
	return pipelines
}

// componentsOf are the IDs of the components in pipelines, by kind.
func componentsOf(pipelines []pipeline) map[string][]string {
	all := map[string][]string{}
	for _, p := range pipelines {
		all["receivers"] = append(all["receivers"], p.receivers...)
		all["processors"] = append(all["processors"], p.processors...)
		all["exporters"] = append(all["exporters"], p.exporters...)
	}
	return all
}

// checkOrder finds llm_cost after alert.
func (p *pipeline) checkOrder() []problem {
	alert := slices.IndexFunc(p.processors, isType("alert"))
	if alert < 0 {
		return nil
	}
	cost := slices.IndexFunc(p.processors[alert:], isType("llm_cost"))
	if cost < 0 {
		return nil
	}
	return []problem{{
		p.key + "::processors",
		fmt.Sprintf("%q is before %q, so rules see neither the cost of a call nor usage metrics; put it after", p.processors[alert], p.processors[alert+cost]),
	}}
}

// checkNotifiers finds notifiers in a pipeline that has no alert processor. Alert
// records may come through a connector from a pipeline that has one.
func (p *pipeline) checkNotifiers(connectors map[string]any) []problem {
	if slices.ContainsFunc(p.processors, isType("alert")) {
		return nil
	}
	for _, receiver := range p.receivers {
		if _, ok := connectors[receiver]; ok {
			return nil
		}
	}
	var problems []problem
	for _, exporter := range p.exporters {
		if slices.Contains(notifierTypes, rawconf.TypeOf(exporter)) {
			problems = append(problems, problem{
				p.key + "::exporters",
				fmt.Sprintf("%q gets no alerts, because this pipeline has no alert processor; add it to processors", exporter),
			})
		}
	}
	return problems
}

// checkExtensions finds extensions that are configured and not started.
func checkExtensions(conf map[string]any, started []string) []problem {
	var problems []problem
	extensions := rawconf.Section(conf, "extensions")
	for _, id := range slices.Sorted(maps.Keys(extensions)) {
		if !slices.Contains(started, id) {
			problems = append(problems, problem{"extensions::" + id, "is not started; add it to service::extensions"})
		}
	}
	return problems
}

// checkUnused finds our processors and notifiers that no pipeline has.
func checkUnused(conf map[string]any, pipelines []pipeline) []problem {
	used := componentsOf(pipelines)
	var problems []problem
	for _, of := range []struct {
		kind  string
		types []string
	}{{"processors", []string{"alert", "llm_cost", "metric_guard"}}, {"exporters", notifierTypes}} {
		components := rawconf.Section(conf, of.kind)
		for _, id := range slices.Sorted(maps.Keys(components)) {
			if slices.Contains(of.types, rawconf.TypeOf(id)) && !slices.Contains(used[of.kind], id) {
				problems = append(problems, problem{of.kind + "::" + id, "is in no pipeline, and does nothing; add it to one of service::pipelines"})
			}
		}
	}
	return problems
}

// checkRuleFiles finds patterns that match no file: a typing error, or a directory
// that is not there. A path without wildcards has to exist; alert rejects it otherwise.
func checkRuleFiles(processors map[string]any) []problem {
	var problems []problem
	for _, id := range slices.Sorted(maps.Keys(processors)) {
		if rawconf.TypeOf(id) != "alert" {
			continue
		}
		for i, pattern := range rawconf.List(rawconf.Section(processors, id), "rule_files") {
			if !strings.ContainsAny(pattern, "*?[") {
				continue
			}
			if found, err := configfile.Glob(pattern); err == nil && len(found) == 0 {
				problems = append(problems, problem{
					fmt.Sprintf("processors::%s::rule_files::%d", id, i),
					fmt.Sprintf("no file matches %q, so it adds no rule; correct the path, or remove it", absolute(pattern)),
				})
			}
		}
	}
	return problems
}

// absolute is the path itself where the working directory is unknown.
func absolute(path string) string {
	if whole, err := filepath.Abs(path); err == nil {
		return whole
	}
	return path
}

// checkDashboard finds a dashboard that everybody who reaches the address can read.
func checkDashboard(extensions map[string]any, started []string) []problem {
	var problems []problem
	for _, id := range started {
		if rawconf.TypeOf(id) != "dashboard" {
			continue
		}
		settings := rawconf.Section(extensions, id)
		endpoint, _ := settings["endpoint"].(string)
		server := confighttp.ServerConfig{NetAddr: confignet.AddrConfig{Endpoint: endpoint}}
		secured := settings["auth"] != nil || rawconf.Section(settings, "tls")["client_ca_file"] != nil
		if endpoint == "" || secured || webguard.IsLoopback(&server) {
			continue
		}
		problems = append(problems, problem{
			"extensions::" + id + "::endpoint",
			fmt.Sprintf("everybody who can reach %s sees spend and alerts%s; add auth or tls::client_ca_file, or listen on localhost", endpoint, silences(settings["writable"])),
		})
	}
	return problems
}

func silences(writable any) string {
	if writable == true {
		return ", and can silence them"
	}
	return ""
}

func isType(name string) func(id string) bool {
	return func(id string) bool { return rawconf.TypeOf(id) == name }
}
