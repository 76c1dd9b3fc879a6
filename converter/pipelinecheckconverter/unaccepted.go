// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package pipelinecheckconverter

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/confmap"
	"go.opentelemetry.io/collector/exporter"
	noopmetric "go.opentelemetry.io/otel/metric/noop"
	nooptrace "go.opentelemetry.io/otel/trace/noop"
	"go.uber.org/zap"

	"github.com/otelcol-arc/otelcol-arc/internal/alertevent"
	"github.com/otelcol-arc/otelcol-arc/internal/notifiers"
	"github.com/otelcol-arc/otelcol-arc/internal/notify"
	"github.com/otelcol-arc/otelcol-arc/internal/rawconf"
	"github.com/otelcol-arc/otelcol-arc/internal/routing"
	"github.com/otelcol-arc/otelcol-arc/internal/rulecheck"
)

// maxNames bounds the rules that one problem names.
const maxNames = 5

// alertConfig is what decides where the alerts of an alert processor go.
type alertConfig struct {
	RuleFiles      []string                     `mapstructure:"rule_files"`
	Rules          []ruleConfig                 `mapstructure:"rules"`
	Events         []ruleConfig                 `mapstructure:"events"`
	ExternalLabels map[string]string            `mapstructure:"external_labels"`
	Route          *routing.Config              `mapstructure:"route"`
	TimeIntervals  []routing.TimeIntervalConfig `mapstructure:"time_intervals"`
}

// ruleConfig is a rule or an event rule.
type ruleConfig struct {
	Name       string            `mapstructure:"name"`
	Expr       string            `mapstructure:"expr"`
	Severity   string            `mapstructure:"severity"`
	Labels     map[string]string `mapstructure:"labels"`
	LabelsFrom []string          `mapstructure:"labels_from"`
}

// checkUnaccepted finds rules of whose alerts no notifier that is switched on is notified.
// Without any, nobody expects to be.
func checkUnaccepted(conf map[string]any, pipelines []pipeline) []problem {
	var problems []problem
	processors := rawconf.Section(conf, "processors")
	for _, id := range slices.Sorted(maps.Keys(processors)) {
		if rawconf.TypeOf(id) != "alert" {
			continue
		}
		var cfg alertConfig
		reach := notify.Reach{Notifiers: selectors(conf, reachable(conf, pipelines, id))}
		if len(reach.Notifiers) == 0 || decode(rawconf.Section(processors, id), &cfg) != nil {
			continue // what is wrong with it is for the Collector to report
		}
		if cfg.Route != nil {
			if reach.Routes = cfg.tree(); reach.Routes == nil {
				continue
			}
		}
		problems = append(problems, describeUnaccepted("processors::"+id, cfg.unaccepted(reach), cfg.Route != nil)...)
	}
	return problems
}

// tree are the routes; nil when something is wrong with them, which is for the Collector to report.
func (c *alertConfig) tree() *routing.Tree {
	tree, err := routing.Compile("route", c.Route, c.TimeIntervals, routing.Defaults{GroupInterval: time.Minute, RepeatInterval: time.Hour})
	if err != nil {
		return nil
	}
	return tree
}

// reachable are the notifiers that get the alerts of a processor, also through
// connectors.
func reachable(conf map[string]any, pipelines []pipeline, processor string) []string {
	connectors := rawconf.Section(conf, "connectors")
	var ids, open []string // open: connectors to be followed
	followed := map[string]bool{}
	add := func(p *pipeline) {
		for _, id := range p.exporters {
			_, isConnector := connectors[id]
			switch {
			case isConnector && !followed[id]:
				followed[id] = true
				open = append(open, id)
			case slices.Contains(notifierTypes, rawconf.TypeOf(id)) && !slices.Contains(ids, id):
				ids = append(ids, id)
			}
		}
	}
	for i := range pipelines {
		if slices.Contains(pipelines[i].processors, processor) {
			add(&pipelines[i])
		}
	}
	for len(open) > 0 {
		from := open[0]
		open = open[1:]
		for i := range pipelines {
			if slices.Contains(pipelines[i].receivers, from) {
				add(&pipelines[i])
			}
		}
	}
	slices.Sort(ids)
	return ids
}

// selectors are those of the notifiers that are switched on. What is wrong with one is for
// the Collector to report.
func selectors(conf map[string]any, ids []string) []notify.Selector {
	var all []notify.Selector
	exporters, factories := rawconf.Section(conf, "exporters"), notifiers.Factories()
	for _, name := range ids {
		var id component.ID
		if id.UnmarshalText([]byte(name)) != nil {
			continue
		}
		factory := factories[id.Type()]
		cfg := factory.CreateDefaultConfig()
		if confmap.NewFromStringMap(rawconf.Section(exporters, name)).Unmarshal(cfg) != nil {
			continue
		}
		set := exporter.Settings{ID: id}
		set.Logger, set.TracerProvider, set.MeterProvider = zap.NewNop(), nooptrace.NewTracerProvider(), noopmetric.NewMeterProvider()
		e, err := factory.CreateLogs(context.Background(), set, cfg)
		if err != nil {
			continue
		}
		if on, ok := e.(*notify.Exporter); ok {
			all = append(all, on.Selector)
		}
		_ = e.Shutdown(context.Background()) // it was not started
	}
	return all
}

func decode(from map[string]any, to any) error {
	return confmap.NewFromStringMap(from).Unmarshal(to, confmap.WithIgnoreUnused())
}

// unaccepted are the names of the rules without a channel, by severity.
func (c *alertConfig) unaccepted(reach notify.Reach) map[string][]string {
	found := map[string][]string{}
	add := func(name string, p routing.Partial) {
		if channels, deliberate := reach.Channels(p); len(channels) == 0 && !deliberate {
			severity := p.Values[alertevent.LabelSeverity]
			found[severity] = append(found[severity], name)
		}
	}
	rule := func(name, expr string, set map[string]string) {
		add(name, routing.LabelsOfRule(name, expr, set, c.ExternalLabels))
	}
	for _, r := range c.Rules {
		rule(r.Name, r.Expr, withSeverity(r.Labels, r.Severity))
	}
	files, _ := rulecheck.ExpandFiles(c.RuleFiles)
	for _, file := range files {
		for _, alert := range rulecheck.ReadFile(file).Alerts() {
			rule(alert.Name, alert.Expr, alert.Labels)
		}
	}
	for _, e := range c.Events {
		add(e.Name, routing.LabelsOfEvent(e.Name, withSeverity(e.Labels, e.Severity), e.LabelsFrom, c.ExternalLabels))
	}
	return found
}

func withSeverity(labels map[string]string, severity string) map[string]string {
	if severity == "" {
		return labels
	}
	set := map[string]string{}
	maps.Copy(set, labels)
	set[alertevent.LabelSeverity] = severity // as the alert processor does
	return set
}

func describeUnaccepted(key string, unaccepted map[string][]string, routed bool) []problem {
	what := "add the severity to severities of one, or map the word by its severity_map"
	if routed {
		what = "their route leads to no receiver that is switched on"
	}
	var problems []problem
	for _, severity := range slices.Sorted(maps.Keys(unaccepted)) {
		names := unaccepted[severity]
		slices.Sort(names)
		names = slices.Compact(names)
		shown := strings.Join(names[:min(len(names), maxNames)], ", ")
		if more := len(names) - maxNames; more > 0 {
			shown += fmt.Sprintf(" and %d more", more)
		}
		with := fmt.Sprintf("severity %q", severity)
		if severity == "" {
			with = "no severity"
		}
		problems = append(problems, problem{key, fmt.Sprintf("no notifier that is switched on is notified of alerts with %s, of the rules %s; %s", with, shown, what)})
	}
	return problems
}
