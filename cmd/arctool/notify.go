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

	"github.com/spf13/cobra"

	"github.com/otelcol-arc/otelcol-arc/internal/alertevent"
)

// testAlert is the name of the alert that is sent.
const testAlert = "ArcTestNotification"

func newNotifyCommand() *cobra.Command {
	notify := &cobra.Command{Use: "notify", Short: "Tries notification channels and routes"}
	notify.AddCommand(newNotifyTestCommand(), newNotifyRouteCommand())
	return notify
}

// notifyTest are the options of `arctool notify test`.
type notifyTest struct {
	configs  []string
	severity string
	labels   map[string]string
	resolve  bool
	timeout  time.Duration
}

func newNotifyTestCommand() *cobra.Command {
	var o notifyTest
	cmd := &cobra.Command{
		Use:   "test --config FILE…",
		Short: "Sends a test alert, firing and resolved, through every channel of a configuration",
		Long: `Sends a test alert, firing and then resolved, through every notifier that a logs
pipeline of the configuration names, in one attempt each, and reports the outcomes.
Ends with status 1 when one of them failed.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return o.run(cmd.Context(), cmd.OutOrStdout()) },
	}
	flags := cmd.Flags()
	flags.StringArrayVar(&o.configs, "config", nil, "the collector's configuration, as for the collector's own --config: a file, or a URI with the scheme env, file, yaml, http or https")
	flags.StringVar(&o.severity, "severity", alertevent.SeverityCritical, "the alert's severity: info, warning, error or critical")
	flags.StringToStringVar(&o.labels, "label", nil, "further labels NAME=VALUE, which filters and routes can match")
	flags.BoolVar(&o.resolve, "resolve", true, "send the resolved alert too, so that nothing stays open")
	flags.DurationVar(&o.timeout, "timeout", 30*time.Second, "how long one attempt may take")
	if err := cmd.MarkFlagRequired("config"); err != nil {
		panic(err) // the flag is defined above
	}
	return cmd
}

func (o notifyTest) run(ctx context.Context, out io.Writer) error {
	config, err := loadNotifiers(ctx, o.configs)
	if err != nil {
		return err
	}
	if len(config.channels) == 0 {
		return errors.New("no logs pipeline names a notifier")
	}
	if err := config.start(ctx); err != nil {
		return err
	}
	defer config.shutdown(context.WithoutCancel(ctx))
	channels, failed := map[string]bool{}, map[string]bool{}
	for _, c := range config.channels {
		for _, line := range c.try(ctx, config.host, o.alerts(time.Now()), o.timeout) {
			fmt.Fprintf(out, "%s: %s\n", line.channel, line.text)
			channels[line.channel] = true
			if line.failed {
				failed[line.channel] = true
			}
		}
	}
	if len(failed) > 0 {
		return fmt.Errorf("%d of %d channels failed", len(failed), len(channels))
	}
	return nil
}

// alerts are the test alert, firing and, if asked for, resolved.
func (o notifyTest) alerts(now time.Time) []alertevent.Alert {
	value := 1.0
	firing := alertevent.Alert{
		Labels: map[string]string{alertevent.LabelName: testAlert, alertevent.LabelSeverity: o.severity, "instance": "arctool"},
		Annotations: map[string]string{
			alertevent.AnnotationSummary:     "A test of this channel, no action is needed",
			alertevent.AnnotationDescription: "Somebody ran arctool notify test.",
		},
		State:    alertevent.Firing,
		StartsAt: now,
		Value:    &value,
	}
	maps.Copy(firing.Labels, o.labels)
	if !o.resolve {
		return []alertevent.Alert{firing}
	}
	resolved := firing
	resolved.State = alertevent.Resolved
	resolved.EndsAt = now.Add(time.Second)
	return []alertevent.Alert{firing, resolved}
}

// line is one line of the report about a channel.
type line struct {
	channel, text string
	failed        bool
}

func failedLine(channel, what string, err error) line {
	// An error that joins several has a line for each.
	text := strings.Join(slices.Collect(strings.FieldsFuncSeq(err.Error(), isLineBreak)), "; ")
	return line{channel: channel, text: what + ": failed: " + text, failed: true}
}

func isLineBreak(r rune) bool { return r == '\n' }
