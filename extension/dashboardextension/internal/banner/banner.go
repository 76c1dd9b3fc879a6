// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

// Package banner describes a running collector to whoever has started it: where to
// send, where to look, what is on.
package banner

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
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
	all := section(conf, "receivers")
	for _, id := range used(conf, "receivers") {
		settings := section(all, id)
		switch typeOf(id) {
		case "otlp":
			if at, ok := protocol(settings, "grpc", "localhost:4317"); ok {
				lines = append(lines, Line{Name: "OTLP/gRPC", Text: at})
			}
			if at, ok := protocol(settings, "http", "localhost:4318"); ok {
				lines = append(lines, Line{Name: "OTLP/HTTP", Text: scheme(section(section(settings, "protocols"), "http")) + at})
			}
		case "arc":
			lines = append(lines, Line{Name: "Arc events", Text: scheme(settings) + text(settings, "endpoint", "localhost:8123") + "/v1/events"})
		default:
			if at := cmp.Or(text(settings, "endpoint", ""), text(settings, "listen_address", ""), text(section(settings, "tcp"), "listen_address", ""),
				text(section(settings, "udp"), "listen_address", "")); at != "" {
				lines = append(lines, Line{Name: id, Text: at})
			}
		}
	}
	return lines
}

func dashboards(conf map[string]any) []Line {
	var lines []Line
	for _, id := range list(section(conf, "service"), "extensions") {
		if typeOf(id) == "dashboard" {
			settings := section(section(conf, "extensions"), id)
			lines = append(lines, Line{Name: "dashboard", Text: scheme(settings) + text(settings, "endpoint", "localhost:8124")})
		}
	}
	return lines
}

// exporters are the addresses that exporters other than notifiers serve or send to.
func exporters(conf map[string]any, notifiers []string) (serve, send []Line) {
	for _, id := range used(conf, "exporters") {
		settings := section(section(conf, "exporters"), id)
		at := text(settings, "endpoint", "")
		switch {
		case at == "", slices.Contains(notifiers, id):
		case typeOf(id) == "prometheus":
			serve = append(serve, Line{Name: "Prometheus", Text: scheme(settings) + at + "/metrics"})
		default:
			send = append(send, Line{Name: id, Text: at})
		}
	}
	return serve, send
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
	processors := section(conf, "processors")
	for _, id := range used(conf, "processors") {
		if typeOf(id) != "llm_cost" {
			continue
		}
		if storage := text(section(processors, id), "storage", ""); storage != "" {
			return Line{Name: "on disk", Text: text(section(section(conf, "extensions"), storage), "directory", storage)}
		}
	}
	return Line{Name: "in memory", Text: "lost when the collector stops"}
}

// used are the components of a kind in pipelines, sorted.
func used(conf map[string]any, kind string) []string {
	set := map[string]struct{}{}
	pipelines := section(section(conf, "service"), "pipelines")
	for id := range pipelines {
		for _, component := range list(section(pipelines, id), kind) {
			set[component] = struct{}{}
		}
	}
	return slices.Sorted(maps.Keys(set))
}

// protocol is the address of a protocol of the OTLP receiver, if it is on.
func protocol(settings map[string]any, name, fallback string) (address string, ok bool) {
	protocols := section(settings, "protocols")
	if _, ok := protocols[name]; !ok {
		return "", false
	}
	return text(section(protocols, name), "endpoint", fallback), true
}

func scheme(settings map[string]any) string {
	if settings["tls"] != nil {
		return "https://"
	}
	return "http://"
}

func typeOf(id string) string {
	name, _, _ := strings.Cut(id, "/")
	return name
}

// section, list and text return nothing where a value has another shape.
func section(of map[string]any, key string) map[string]any {
	s, _ := of[key].(map[string]any)
	return s
}

func list(of map[string]any, key string) []string {
	var all []string
	values, _ := of[key].([]any)
	for _, value := range values {
		if text, ok := value.(string); ok {
			all = append(all, text)
		}
	}
	return all
}

func text(of map[string]any, key, fallback string) string {
	if value, ok := of[key].(string); ok && value != "" {
		return value
	}
	return fallback
}
