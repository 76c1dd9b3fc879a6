// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

// Package banner describes a running collector to whoever has started it: where to
// send, where to look, what is on.
package banner

import (
	"cmp"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"

	"github.com/otelcol-arc/otelcol-arc/internal/rawconf"
)

// Facts are what the configuration does not have.
type Facts struct {
	// Notifiers are the IDs of those that are switched on, Off of those that are not.
	Notifiers, Off    []string
	Rules, EventRules int
}

// Line is a line of the banner.
type Line struct{ Title, Name, Text string }

// Describe returns the lines for an effective configuration.
func Describe(conf map[string]any, facts Facts) []Line {
	var lines []Line
	add := func(title string, named []Line) {
		for i, line := range named {
			if i == 0 {
				line.Title = title
			}
			lines = append(lines, line)
		}
	}
	add("Send", receivers(conf))
	serve, send := exporters(conf, slices.Concat(facts.Notifiers, facts.Off))
	add("Open", append(dashboards(conf), serve...))
	add("Forward", send)
	add("Alerts", alerts(facts))
	add("State", []Line{state(conf)})
	return lines
}

// Format aligns the lines.
func Format(version string, lines []Line) string {
	var b strings.Builder
	fmt.Fprintf(&b, "\notelcol-arc %s is ready\n\n", version)
	width := 0
	for _, line := range lines {
		width = max(width, len(line.Name))
	}
	for _, line := range lines {
		fmt.Fprintf(&b, "  %-9s%-*s  %s\n", line.Title, width, line.Name, line.Text)
	}
	b.WriteString("\n")
	return b.String()
}

// receivers are those in pipelines that listen.
func receivers(conf map[string]any) []Line {
	var lines []Line
	all := rawconf.Section(conf, "receivers")
	for _, id := range usedComponents(conf, "receivers") {
		settings := rawconf.Section(all, id)
		switch rawconf.TypeOf(id) {
		case "otlp":
			if at, ok := protocol(settings, "grpc", "localhost:4317"); ok {
				lines = append(lines, Line{Name: "OTLP/gRPC", Text: at})
			}
			if at, ok := protocol(settings, "http", "localhost:4318"); ok {
				lines = append(lines, Line{Name: "OTLP/HTTP", Text: scheme(rawconf.Section(rawconf.Section(settings, "protocols"), "http")) + at})
			}
		case "arc":
			lines = append(lines, Line{Name: "Arc events", Text: scheme(settings) + text(settings, "endpoint", "localhost:8123") + "/v1/events"})
		default:
			if at := cmp.Or(text(settings, "endpoint", ""), text(settings, "listen_address", ""), text(rawconf.Section(settings, "tcp"), "listen_address", ""),
				text(rawconf.Section(settings, "udp"), "listen_address", "")); at != "" {
				lines = append(lines, Line{Name: id, Text: at})
			}
		}
	}
	return lines
}

func dashboards(conf map[string]any) []Line {
	var lines []Line
	for _, id := range rawconf.List(rawconf.Section(conf, "service"), "extensions") {
		if rawconf.TypeOf(id) == "dashboard" {
			settings := rawconf.Section(rawconf.Section(conf, "extensions"), id)
			lines = append(lines, Line{Name: "dashboard", Text: scheme(settings) + text(settings, "endpoint", "localhost:8124")})
		}
	}
	return lines
}

// exporters are the addresses that exporters other than notifiers serve or send to.
func exporters(conf map[string]any, notifiers []string) (serve, send []Line) {
	for _, id := range usedComponents(conf, "exporters") {
		settings := rawconf.Section(rawconf.Section(conf, "exporters"), id)
		at := destination(settings)
		switch {
		case at == "", slices.Contains(notifiers, id):
		case rawconf.TypeOf(id) == "prometheus":
			serve = append(serve, Line{Name: "Prometheus", Text: scheme(settings) + at + "/metrics"})
		default:
			send = append(send, Line{Name: id, Text: at})
		}
	}
	return serve, send
}

// destination is where an exporter sends; "" if it names no address, or has a default.
func destination(settings map[string]any) string {
	if at := text(settings, "endpoint", ""); at != "" {
		return withoutSecrets(at)
	}
	for _, key := range []string{"endpoints", "brokers"} {
		if all := rawconf.List(settings, key); len(all) > 0 {
			for i := range all {
				all[i] = withoutSecrets(all[i])
			}
			return strings.Join(all, ", ")
		}
	}
	return text(settings, "path", "")
}

// withoutSecrets is an address without a user, a password and a query, where some have a
// token.
func withoutSecrets(address string) string {
	if !strings.Contains(address, "://") {
		return address // host:port
	}
	u, err := url.Parse(address)
	if err != nil {
		return "(not a URL)"
	}
	u.User, u.RawQuery, u.Fragment = nil, "", ""
	return u.String()
}

func alerts(facts Facts) []Line {
	lines := []Line{{Name: "rules", Text: fmt.Sprintf("%d, and %d on events", facts.Rules, facts.EventRules)}}
	if len(facts.Notifiers) > 0 {
		lines = append(lines, Line{Name: "notified", Text: strings.Join(facts.Notifiers, ", ")})
	}
	if len(facts.Off) > 0 {
		lines = append(lines, Line{Name: "off", Text: strings.Join(facts.Off, ", ") + " (not configured)"})
	}
	return lines
}

// state is where the ledger is kept.
func state(conf map[string]any) Line {
	processors := rawconf.Section(conf, "processors")
	for _, id := range usedComponents(conf, "processors") {
		if rawconf.TypeOf(id) != "llm_cost" {
			continue
		}
		if storage := text(rawconf.Section(processors, id), "storage", ""); storage != "" {
			return Line{Name: "on disk", Text: text(rawconf.Section(rawconf.Section(conf, "extensions"), storage), "directory", storage)}
		}
	}
	return Line{Name: "in memory", Text: "lost when the collector stops"}
}

// usedComponents are the components of a kind in pipelines, sorted.
func usedComponents(conf map[string]any, kind string) []string {
	set := map[string]struct{}{}
	pipelines := rawconf.Section(rawconf.Section(conf, "service"), "pipelines")
	for id := range pipelines {
		for _, component := range rawconf.List(rawconf.Section(pipelines, id), kind) {
			set[component] = struct{}{}
		}
	}
	return slices.Sorted(maps.Keys(set))
}

// protocol is the address of a protocol of the OTLP receiver, if it is on.
func protocol(settings map[string]any, name, fallback string) (address string, ok bool) {
	protocols := rawconf.Section(settings, "protocols")
	if _, ok := protocols[name]; !ok {
		return "", false
	}
	return text(rawconf.Section(protocols, name), "endpoint", fallback), true
}

func scheme(settings map[string]any) string {
	if settings["tls"] != nil {
		return "https://"
	}
	return "http://"
}

// text is the text that a key has; an empty one is none.
func text(of map[string]any, key, fallback string) string {
	if value, ok := of[key].(string); ok && value != "" {
		return value
	}
	return fallback
}
