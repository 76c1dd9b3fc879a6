// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package notify

import (
	"fmt"
	"maps"
	"slices"

	"go.opentelemetry.io/collector/component"

	"github.com/otelcol-arc/otelcol-arc/internal/routing"
)

// Receivers are the names that routes can address a notifier by: its ID and those
// of its channels.
func (e *Exporter) Receivers() []string { return e.receivers }

// channelOf is the receiver as the channels have it.
func (e *Exporter) channelOf(receiver string) string {
	if receiver == e.set.ID.String() {
		return ""
	}
	return receiver
}

// Receivers are the names that routes can address the notifiers of a collector by,
// those that are switched off included. It is not known of every host.
func Receivers(host component.Host) (names []string, known bool) {
	exporters, known := logsExporters(host)
	for _, c := range exporters {
		if notifier, ok := c.(interface{ Receivers() []string }); ok {
			names = append(names, notifier.Receivers()...)
		}
	}
	slices.Sort(names)
	return slices.Compact(names), known
}

// ValidateReceivers names what is wrong with the names of a notifier's receivers.
// Whether its own target, and that of a receiver, is set is given by isOn and
// hasTarget: with some of them alone, alerts that somebody relies on would be lost.
func ValidateReceivers[R any](receivers map[string]R, isOn bool, hasTarget func(R) bool, target string) []error {
	var errs []error
	for _, name := range slices.Sorted(maps.Keys(receivers)) {
		switch has := hasTarget(receivers[name]); {
		case name == "" || name == routing.Nobody:
			errs = append(errs, fmt.Errorf("receivers: %q cannot be the name of a receiver", name))
		case has && !isOn:
			errs = append(errs, fmt.Errorf("%s: must not be empty when receivers::%s has one, it is that of all other alerts", target, name))
		case !has && isOn:
			errs = append(errs, fmt.Errorf("receivers::%s::%s: must not be empty", name, target))
		}
	}
	return errs
}

// ChannelsOf are the channel of a notifier's own target and those of its receivers.
func ChannelsOf[R any](own Channel, receivers map[string]R, create func(name string, r R) (Channel, error)) ([]Channel, error) {
	channels := []Channel{own}
	for _, name := range slices.Sorted(maps.Keys(receivers)) {
		channel, err := create(name, receivers[name])
		if err != nil {
			return nil, err
		}
		channel.Name, channel.Receiver = name, name
		channels = append(channels, channel)
	}
	return channels, nil
}
