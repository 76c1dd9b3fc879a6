// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bufio"
	"cmp"
	"io"
	"net/url"
	"os"
	"strconv"
	"strings"
)

// checkEnvironment reads the variables of the OpenTelemetry specification:
// https://opentelemetry.io/docs/specs/otel/protocol/exporter/
func (d *doctor) checkEnvironment() []finding {
	get := func(name string) string {
		value, _ := d.lookup(name)
		return value
	}
	var findings []finding
	if strings.EqualFold(get("OTEL_SDK_DISABLED"), "true") {
		findings = append(findings, problem("OTEL_SDK_DISABLED is true: SDKs send nothing; unset it"))
	}
	if get("OTEL_TRACES_EXPORTER") == "none" {
		findings = append(findings, problem("OTEL_TRACES_EXPORTER is none: spans are not sent; unset it, or set it to otlp"))
	}
	if sampler := get("OTEL_TRACES_SAMPLER"); strings.Contains(sampler, "always_off") || strings.Contains(sampler, "traceidratio") {
		findings = append(findings, problem("OTEL_TRACES_SAMPLER is %s: calls that are not sampled are not counted; unset it", sampler))
	}
	endpoint := get("OTEL_EXPORTER_OTLP_ENDPOINT")
	traces := get("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")
	if endpoint == "" && traces == "" {
		return append(findings, okay("OTEL_EXPORTER_OTLP_ENDPOINT is not set here: SDKs send to localhost, by the port of their protocol"))
	}
	protocol := cmp.Or(get("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL"), get("OTEL_EXPORTER_OTLP_PROTOCOL"))
	address, err := url.Parse(cmp.Or(traces, endpoint))
	switch {
	case err != nil || address.Host == "":
		return append(findings, problem("the OTLP endpoint %q is not a URL; set OTEL_EXPORTER_OTLP_ENDPOINT=http://localhost:4318", cmp.Or(traces, endpoint)))
	case traces == "" && strings.HasSuffix(address.Path, "/v1/traces"):
		return append(findings, problem("OTEL_EXPORTER_OTLP_ENDPOINT ends in /v1/traces, which SDKs add once more; remove it"))
	case strings.HasPrefix(protocol, "http") && address.Port() == "4317":
		return append(findings, problem("the protocol is %s, and port 4317 speaks gRPC; use port 4318, or OTEL_EXPORTER_OTLP_PROTOCOL=grpc", protocol))
	case protocol == "grpc" && address.Port() == "4318":
		return append(findings, problem("the protocol is grpc, and port 4318 speaks HTTP; use port 4317, or OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf"))
	case protocol == "":
		return append(findings, okay("OTLP goes to %s; OTEL_EXPORTER_OTLP_PROTOCOL is not set, and the default of SDKs differs: port 4317 needs grpc, port 4318 http/protobuf", address.Redacted()))
	}
	return append(findings, okay("OTLP goes to %s by %s", address.Redacted(), protocol))
}

// broken are versions that are known not to work together, from what the tests with
// real packages need.
var broken = []struct {
	pkg, with string
	since     int // the major version of pkg from which on
	minor     int
	text      string
}{
	{"wrapt", "opentelemetry-instrumentation-openai-v2", 2, 0, "opentelemetry-instrumentation-openai-v2 does not start with wrapt 2: pip install 'wrapt<2', or opentelemetry-instrumentation-genai-openai"},
	{"opentelemetry-sdk", "opentelemetry-exporter-jaeger-thrift", 1, 22, "the Jaeger exporter works up to opentelemetry-sdk 1.21: use OTLPSpanExporter"},
	{"opentelemetry-sdk", "opentelemetry-exporter-jaeger", 1, 22, "the Jaeger exporter works up to opentelemetry-sdk 1.21: use OTLPSpanExporter"},
}

// checkPackages reads the output of pip freeze.
func (d *doctor) checkPackages(stdin io.Reader) ([]finding, error) {
	in := stdin
	if d.packages != "-" {
		file, err := os.Open(d.packages)
		if err != nil {
			return nil, err
		}
		defer func() { _ = file.Close() }()
		in = file
	}
	installed := map[string]string{}
	lines := bufio.NewScanner(in)
	for lines.Scan() {
		name, version, ok := strings.Cut(strings.TrimSpace(lines.Text()), "==")
		if ok {
			installed[strings.ToLower(strings.ReplaceAll(name, "_", "-"))] = version
		}
	}
	if err := lines.Err(); err != nil {
		return nil, err
	}
	var findings []finding
	for _, b := range broken {
		version, ok := installed[b.pkg]
		if _, with := installed[b.with]; ok && with && !before(version, b.since, b.minor) {
			findings = append(findings, problem("%s %s: %s", b.pkg, version, b.text))
		}
	}
	instrumented := false
	for name := range installed {
		instrumented = instrumented || strings.Contains(name, "instrumentation-") || strings.Contains(name, "openlit") || strings.Contains(name, "logfire") || strings.Contains(name, "litellm")
	}
	if !instrumented {
		findings = append(findings, problem("no instrumentation is among %s: an SDK alone makes no spans of LLM calls", count(len(installed), "package")))
	}
	return findings, nil
}

// before reports whether a version is before MAJOR.MINOR.
func before(version string, major, minor int) bool {
	parts := strings.SplitN(version, ".", 3)
	first, err := strconv.Atoi(parts[0])
	if err != nil || first != major || len(parts) < 2 {
		return first < major
	}
	second, err := strconv.Atoi(parts[1])
	return err == nil && second < minor
}
