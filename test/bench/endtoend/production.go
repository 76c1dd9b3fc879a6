// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"

	"go.yaml.in/yaml/v3"
)

// senderToken is what senders present to the production configuration.
const senderToken = "a-token-that-senders-know"

// variable is a reference in a configuration, as ${env:NAME} or ${env:NAME:-default}.
var variable = regexp.MustCompile(`\$\{env:(\w+)(?::-([^}]*))?\}`)

// loopback is an address that the backends' certificate is for.
func loopback(port int) string { return fmt.Sprintf("127.0.0.1:%d", port) }

// production is config/production.yaml with its state in the directory, sending to the
// backends, and listening on the ports above.
func production(root, state string, b *backends) (settings, error) {
	text, err := os.ReadFile(filepath.Join(root, "config", "production.yaml"))
	if err != nil {
		return nil, err
	}
	users := filepath.Join(state, "users")
	// Nobody logs in.
	if err := os.WriteFile(users, []byte("nobody:{SHA}AAAAAAAAAAAAAAAAAAAAAAAAAAA=\n"), 0o600); err != nil {
		return nil, err
	}
	values := map[string]string{
		"OTELCOL_ARC_TLS_CERT":   b.certFile,
		"OTELCOL_ARC_TLS_KEY":    b.keyFile,
		"OTELCOL_ARC_CA":         b.certFile,
		"OTELCOL_ARC_TOKEN":      senderToken,
		"OTELCOL_ARC_PAGE_USERS": users,
		"OTELCOL_ARC_STATE":      state,
		"OTELCOL_ARC_HOST":       "127.0.0.1",
		"JAEGER_ENDPOINT":        b.jaeger,
		"ELASTICSEARCH_URL":      "https://" + b.others,
		"ELASTICSEARCH_USER":     "collector",
		"ELASTICSEARCH_PASSWORD": "secret",
		"PROMETHEUS_URL":         "https://" + b.others,
		"PROMETHEUS_USER":        "collector",
		"PROMETHEUS_PASSWORD":    "secret",
		"ARC_SELF_METRICS":       at(portTelemetry),
	}
	filled := variable.ReplaceAllStringFunc(string(text), func(reference string) string {
		parts := variable.FindStringSubmatch(reference)
		if value, ok := values[parts[1]]; ok {
			return value
		}
		return parts[2]
	})
	var c settings
	if err := yaml.Unmarshal([]byte(filled), &c); err != nil {
		return nil, err
	}
	set(c, []any{filepath.Join(root, "config", "rules", "*.yml")}, "processors", "alert", "rule_files")
	set(c, at(portHealth), "extensions", "health_check", "endpoint")
	set(c, at(portPage), "extensions", "dashboard", "endpoint")
	set(c, loopback(portGRPC), "receivers", "otlp", "protocols", "grpc", "endpoint")
	set(c, loopback(portHTTP), "receivers", "otlp", "protocols", "http", "endpoint")
	set(c, loopback(portArc), "receivers", "arc", "endpoint")
	set(c, "5s", "processors", "llm_cost", "metrics_interval")
	set(c, []any{settings{"pull": settings{"exporter": settings{"prometheus": settings{"host": "localhost", "port": portTelemetry + offset}}}}},
		"service", "telemetry", "metrics", "readers")
	return c, nil
}

// storages calls change with each setting that names a storage.
func storages(c settings, change func(in settings, key string)) {
	for _, section := range []string{"exporters", "processors"} {
		for _, component := range part(c, section) {
			in, ok := component.(settings)
			if !ok {
				continue
			}
			if _, ok := in["storage"]; ok {
				change(in, "storage")
			}
			if queue, ok := in["sending_queue"].(settings); ok && queue["storage"] != nil {
				change(queue, "storage")
			}
		}
	}
}

var (
	shipped    = system{name: "the production configuration", derive: func(c settings) settings { return c }}
	foreignOff = system{name: "the same without our processors", derive: bare.derive}
	inFiles    = system{name: "the same with `file_storage`, fsync", derive: func(c settings) settings {
		storages(c, func(in settings, key string) {
			if in[key] == "wal_storage" {
				in[key] = "file_storage"
			}
		})
		return c
	}}
	inMemory = system{name: "the same with nothing on disk", derive: func(c settings) settings {
		storages(c, func(in settings, key string) { delete(in, key) })
		return c
	}}
)
