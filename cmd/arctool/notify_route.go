// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/common/model"
	"github.com/spf13/cobra"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/confmap"
	"go.opentelemetry.io/collector/exporter/exportertest"

	"github.com/otelcol-arc/otelcol-arc/internal/alertevent"
	"github.com/otelcol-arc/otelcol-arc/internal/notifiers"
	"github.com/otelcol-arc/otelcol-arc/internal/notify"
	"github.com/otelcol-arc/otelcol-arc/internal/routing"
)

// notifyRoute are the options of `arctool notify route`.
type notifyRoute struct {
	verify []string
}

func newNotifyRouteCommand() *cobra.Command {
	var o notifyRoute
	cmd := &cobra.Command{
		Use:   "route FILE [ALERTNAME] [LABEL=VALUE…]",
		Short: "Shows which receivers an alert is routed to, or the routes",
		Long: `Shows the receivers of an alert with the given labels, in the order of the routes,
each with the notifiers that have it; without labels, the routes. FILE is the
collector's configuration. Nothing is sent.
Ends with status 1 when no notifier has a receiver, or when the receivers are not
those of --verify.`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return o.run(cmd.Context(), cmd.OutOrStdout(), args[0], args[1:])
		},
	}
	cmd.Flags().StringSliceVar(&o.verify, "verify", nil, "the receivers that the alert is to have, with commas between")
	return cmd
}

func (o notifyRoute) run(ctx context.Context, out io.Writer, file string, alert []string) error {
	labels, err := parseAlert(alert)
	if err != nil {
		return err
	}
	config, err := loadNotifiers(ctx, []string{file})
	if err != nil {
		return err
	}
	targets, err := config.targets(ctx)
	if err != nil {
		return err
	}
	if len(config.alerts) == 0 {
		return errors.New("no logs pipeline names an alert processor")
	}
	var errs []error
	for _, processor := range config.alerts {
		lines, err := processor.route(targets, labels, o.verify)
		for _, line := range lines {
			if len(config.alerts) > 1 {
				line = processor.id.String() + ": " + line
			}
			fmt.Fprintln(out, line)
		}
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

// parseAlert reads labels; a text without = is the alertname. It is nil when there
// are none.
func parseAlert(arguments []string) (map[string]string, error) {
	var labels map[string]string
	for _, text := range arguments {
		name, value, isLabel := strings.Cut(text, "=")
		if !isLabel {
			name, value = alertevent.LabelName, text
		}
		if !model.UTF8Validation.IsValidLabelName(name) {
			return nil, fmt.Errorf("%q is not LABEL=VALUE", text)
		}
		if labels == nil {
			labels = map[string]string{}
		}
		labels[name] = strings.Trim(value, `"`)
	}
	return labels, nil
}

// target is a notifier of a configuration, as routes see it.
type target struct {
	id        string
	receivers []string
	takes     func(labels map[string]string) bool // nil when it is switched off
}

// targets are the notifiers of the configuration.
func (s *notifierConfig) targets(ctx context.Context) ([]target, error) {
	var all []target
	var errs []error
	for _, c := range s.channels {
		factory := notifiers.Factories()[c.id.Type()]
		cfg, err := c.config(factory)
		if err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", c.name, err))
			continue
		}
		set := exportertest.NewNopSettings(factory.Type())
		set.ID = c.id
		e, err := factory.CreateLogs(ctx, set, cfg)
		if err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", c.name, err))
			continue
		}
		n := target{id: c.name, receivers: e.(interface{ Receivers() []string }).Receivers()}
		if running, ok := e.(*notify.Exporter); ok {
			n.takes = running.Takes
		}
		all = append(all, n)
		errs = append(errs, e.Shutdown(ctx))
	}
	return all, errors.Join(errs...)
}

// alertProcessor is as much of an alert processor's configuration as routes need.
type alertProcessor struct {
	id             component.ID
	Route          *routing.Config              `mapstructure:"route"`
	TimeIntervals  []routing.TimeIntervalConfig `mapstructure:"time_intervals"`
	GroupBy        []string                     `mapstructure:"group_by"`
	GroupWait      time.Duration                `mapstructure:"group_wait"`
	GroupInterval  time.Duration                `mapstructure:"group_interval"`
	RepeatInterval time.Duration                `mapstructure:"repeat_interval"`
	ExternalLabels map[string]string            `mapstructure:"external_labels"`
}

func readAlertProcessor(id component.ID, conf *confmap.Conf) (alertProcessor, error) {
	p := alertProcessor{id: id, GroupWait: 30 * time.Second, GroupInterval: 5 * time.Minute, RepeatInterval: 4 * time.Hour}
	return p, conf.Unmarshal(&p, confmap.WithIgnoreUnused())
}

// route describes where an alert goes, or the routes when there are no labels.
func (p alertProcessor) route(targets []target, labels map[string]string, verify []string) ([]string, error) {
	if p.Route == nil {
		return p.flat(targets, labels, verify)
	}
	tree, err := routing.Compile("route", p.Route, p.TimeIntervals, routing.Defaults{
		GroupBy: p.GroupBy, GroupWait: p.GroupWait, GroupInterval: p.GroupInterval, RepeatInterval: p.RepeatInterval,
	})
	if err != nil {
		return nil, err
	}
	if labels == nil {
		return describeRoutes(tree.Root(), targets, ""), nil
	}
	alert := maps.Clone(p.ExternalLabels)
	if alert == nil {
		alert = map[string]string{}
	}
	maps.Copy(alert, labels)
	var lines, receivers []string
	var errs []error
	for _, r := range tree.Match(alert) {
		receivers = append(receivers, r.Receiver)
		line := r.Receiver + ": " + describeReceiver(r.Receiver, targets)
		if r.IsMuted(time.Now()) {
			line += ", muted now"
		}
		lines = append(lines, line)
		if r.Receiver != routing.Nobody && !hasReceiver(r.Receiver, targets) {
			errs = append(errs, fmt.Errorf("no notifier has the receiver %q", r.Receiver))
		}
	}
	return lines, errors.Join(append(errs, checkReceivers(receivers, verify))...)
}

// flat is where an alert goes by the settings of the notifiers.
func (p alertProcessor) flat(targets []target, labels map[string]string, verify []string) ([]string, error) {
	lines := []string{"there is no route: each notifier decides by its own severities and filter"}
	if labels == nil {
		return lines, nil
	}
	var takers []string
	for _, n := range targets {
		if n.takes != nil && n.takes(labels) {
			takers = append(takers, n.id)
			lines = append(lines, n.id)
		}
	}
	return lines, checkReceivers(takers, verify)
}

func checkReceivers(got, want []string) error {
	if want != nil && !slices.Equal(got, want) {
		return fmt.Errorf("the receivers are %s, not %s", strings.Join(got, ","), strings.Join(want, ","))
	}
	return nil
}

func hasReceiver(receiver string, targets []target) bool {
	return slices.ContainsFunc(targets, func(n target) bool { return slices.Contains(n.receivers, receiver) })
}

// describeReceiver lists the notifiers of a receiver.
func describeReceiver(receiver string, targets []target) string {
	if receiver == routing.Nobody {
		return "nobody"
	}
	var names []string
	for _, n := range targets {
		if !slices.Contains(n.receivers, receiver) {
			continue
		}
		name := n.id
		if n.takes == nil {
			name += " (off)"
		}
		names = append(names, name)
	}
	if len(names) == 0 {
		return "no notifier"
	}
	return strings.Join(names, ", ")
}

// describeRoutes has a line for each route, indented below the one above.
func describeRoutes(r *routing.Route, targets []target, indent string) []string {
	line := fmt.Sprintf("%s%s %s: %s", indent, r.Matchers.String(), r.Receiver, describeReceiver(r.Receiver, targets))
	if r.Continue {
		line += ", continue"
	}
	lines := []string{line}
	for _, child := range r.Routes {
		lines = append(lines, describeRoutes(child, targets, indent+"  ")...)
	}
	return lines
}
