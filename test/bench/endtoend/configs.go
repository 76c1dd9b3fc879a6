// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"go.yaml.in/yaml/v3"

	"github.com/otelcol-arc/otelcol-arc/test/bench/traffic"
)

// settings is a Collector configuration, or a part of it.
type settings = map[string]any

// ports are where the processes listen, one after another: not where a
// collector on this machine does.
const (
	portGRPC       = 24317
	portHTTP       = 24318
	portArc        = 28123
	portPage       = 28124
	portHealth     = 23133
	portPrometheus = 29464
	portTelemetry  = 28888
	portProfiles   = 21777
)

// offset is added to the ports.
var offset int

func at(port int) string { return fmt.Sprintf("localhost:%d", port+offset) }

// defaults is config/default.yaml, listening on the ports above.
func defaults(root string) (settings, error) {
	text, err := os.ReadFile(filepath.Join(root, "config", "default.yaml"))
	if err != nil {
		return nil, err
	}
	var c settings
	if err := yaml.Unmarshal(text, &c); err != nil {
		return nil, err
	}
	// The configuration that is written is in another folder.
	set(c, []any{filepath.Join(root, "config", "rules", "*.yml")}, "processors", "alert", "rule_files")
	set(c, at(portHealth), "extensions", "health_check", "endpoint")
	set(c, at(portPage), "extensions", "dashboard", "endpoint")
	set(c, at(portProfiles), "extensions", "pprof", "endpoint")
	set(c, at(portGRPC), "receivers", "otlp", "protocols", "grpc", "endpoint")
	set(c, at(portHTTP), "receivers", "otlp", "protocols", "http", "endpoint")
	set(c, at(portArc), "receivers", "arc", "endpoint")
	set(c, at(portPrometheus), "exporters", "prometheus", "endpoint")
	// Three times as often as by default, as a measurement takes a third of the default's interval.
	set(c, "5s", "processors", "llm_cost", "metrics_interval")
	set(c, []any{settings{"pull": settings{"exporter": settings{"prometheus": settings{"host": "localhost", "port": portTelemetry + offset}}}}},
		"service", "telemetry", "metrics", "readers")
	return c, nil
}

// set sets the value under the keys, and makes what is missing on the way.
func set(c settings, value any, keys ...string) {
	for _, key := range keys[:len(keys)-1] {
		next, ok := c[key].(settings)
		if !ok {
			next = settings{}
			c[key] = next
		}
		c = next
	}
	c[keys[len(keys)-1]] = value
}

// part is what is under the keys.
func part(c settings, keys ...string) settings {
	for _, key := range keys {
		c, _ = c[key].(settings)
	}
	return c
}

// without takes components out of all pipelines and from the extensions, and the
// pipelines in which only they speak.
func without(c settings, names ...string) settings {
	service := part(c, "service")
	keep := func(list any) []any {
		items, _ := list.([]any)
		return slices.DeleteFunc(slices.Clone(items), func(item any) bool {
			name, _ := item.(string)
			return slices.Contains(names, name)
		})
	}
	service["extensions"] = keep(service["extensions"])
	for id, p := range part(service, "pipelines") {
		pipeline, _ := p.(settings)
		before, _ := pipeline["processors"].([]any)
		receivers, _ := pipeline["receivers"].([]any)
		pipeline["processors"], pipeline["receivers"] = keep(before), keep(receivers)
		if len(receivers) == 1 && receivers[0] == "nop" && len(before) != len(keep(before)) {
			delete(part(service, "pipelines"), id)
		}
	}
	return c
}

// byContrib adds what people have who price calls with the Collector's own
// components: a statement of the transform processor for each of 20 models, and
// five metrics of the signaltometrics connector with the dimensions of ours.
func byContrib(c settings) settings {
	var statements []any
	for i := range 20 {
		model := fmt.Sprintf("house-model-%d", i)
		if i < len(traffic.Models) {
			model = traffic.Models[i]
		}
		statements = append(statements, fmt.Sprintf(
			`set(attributes["gen_ai.usage.cost"], attributes["gen_ai.usage.input_tokens"]*0.0000025 + attributes["gen_ai.usage.output_tokens"]*0.00001) where attributes["gen_ai.request.model"] == %q`, model))
	}
	set(c, []any{settings{
		"context": "span", "conditions": []any{`attributes["gen_ai.request.model"] != nil`}, "statements": statements,
	}}, "processors", "transform", "trace_statements")
	metric := func(name string, kind string, of settings) settings {
		return settings{
			"name": name, kind: of,
			"include_resource_attributes": []any{settings{"key": "service.name"}},
			"attributes": []any{
				settings{"key": "gen_ai.request.model"},
				settings{"key": "gen_ai.agent.name", "optional": true},
				settings{"key": "user.id", "optional": true},
			},
		}
	}
	set(c, []any{
		metric("llm_calls", "sum", settings{"value": "1"}),
		metric("llm_input_tokens", "sum", settings{"value": `attributes["gen_ai.usage.input_tokens"]`}),
		metric("llm_output_tokens", "sum", settings{"value": `attributes["gen_ai.usage.output_tokens"]`}),
		metric("llm_cost_dollars", "sum", settings{"value": `attributes["gen_ai.usage.cost"]`}),
		metric("llm_duration_seconds", "histogram", settings{
			"value": "Seconds(end_time - start_time)", "buckets": []any{0.1, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0, 60.0},
		}),
	}, "connectors", "signaltometrics", "spans")
	pipelines := part(c, "service", "pipelines")
	traces, metrics := part(pipelines, "traces"), part(pipelines, "metrics")
	traces["processors"] = append(traces["processors"].([]any), "transform")
	traces["exporters"] = append(traces["exporters"].([]any), "signaltometrics")
	metrics["receivers"] = append(metrics["receivers"].([]any), "signaltometrics")
	return c
}

// profiled has the process answer for profiles of itself.
func profiled(c settings) settings {
	service := part(c, "service")
	service["extensions"] = append(service["extensions"].([]any), "pprof")
	return c
}

// write puts a configuration where a process can read it.
func write(c settings, dir, name string) (path string, err error) {
	text, err := yaml.Marshal(c)
	if err != nil {
		return "", err
	}
	path = filepath.Join(dir, name+".yaml")
	return path, os.WriteFile(path, text, 0o600)
}
