// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package packaging

import (
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"helm.sh/helm/v3/pkg/action"
	"helm.sh/helm/v3/pkg/chart/loader"
	"helm.sh/helm/v3/pkg/chartutil"
	"helm.sh/helm/v3/pkg/lint/support"
	"sigs.k8s.io/yaml"
)

const chartDir = "helm/otelcol-arc"

func TestChartIsClean(t *testing.T) {
	lint := action.NewLint()
	lint.Strict = true
	result := lint.Run([]string{chartDir}, nil)
	for _, message := range result.Messages {
		if message.Severity > support.InfoSev {
			t.Error(message)
		}
	}
	assert.Empty(t, result.Errors)
}

// object is a Kubernetes object.
type object = map[string]any

// at walks down an object.
func at(t *testing.T, o any, path ...any) any {
	t.Helper()
	for _, step := range path {
		switch step := step.(type) {
		case string:
			m, ok := o.(object)
			require.True(t, ok, "%v of %v", path, o)
			o = m[step]
		case int:
			l, ok := o.([]any)
			require.True(t, ok && step < len(l), "%v of %v", path, o)
			o = l[step]
		}
	}
	return o
}

// render returns the objects by their kinds.
func render(t *testing.T, values object) map[string]object {
	t.Helper()
	chart, err := loader.Load(chartDir)
	require.NoError(t, err)
	install := action.NewInstall(new(action.Configuration))
	install.ReleaseName, install.Namespace = "spend", "observability"
	install.ClientOnly, install.DryRun = true, true
	install.KubeVersion = &chartutil.KubeVersion{Version: "v1.33.0", Major: "1", Minor: "33"}
	release, err := install.Run(chart, values)
	require.NoError(t, err)
	objects := map[string]object{}
	for document := range strings.SplitSeq(release.Manifest, "\n---\n") {
		var o object
		require.NoError(t, yaml.Unmarshal([]byte(document), &o), document)
		objects[o["kind"].(string)] = o
	}
	return objects
}

// conf writes the files that the Collector gets as /conf, and validates them.
func conf(t *testing.T, objects map[string]object) {
	t.Helper()
	dir := t.TempDir()
	data := at(t, objects["ConfigMap"], "data").(object)
	pod := at(t, objects["StatefulSet"], "spec", "template", "spec")
	for _, item := range at(t, pod, "volumes", 0, "configMap", "items").([]any) {
		to := filepath.Join(dir, at(t, item, "path").(string))
		require.NoError(t, os.MkdirAll(filepath.Dir(to), 0o700))
		content := strings.ReplaceAll(data[at(t, item, "key").(string)].(string), "/conf/", dir+"/")
		require.NoError(t, os.WriteFile(to, []byte(content), 0o600))
	}
	var args []string
	for _, arg := range at(t, pod, "containers", 0, "args").([]any) {
		args = append(args, strings.ReplaceAll(arg.(string), "/conf/", dir+"/"))
	}
	validate(t, nil, args...)
}

// By itself the chart makes one collector with a disk, which may do nothing but
// its work.
func TestChart(t *testing.T) {
	objects := render(t, nil)
	assert.Equal(t, []string{"ConfigMap", "Service", "StatefulSet"}, slices.Sorted(maps.Keys(objects)))
	pod := at(t, objects["StatefulSet"], "spec", "template", "spec")
	assert.Equal(t, true, at(t, pod, "securityContext", "runAsNonRoot"))
	assert.Equal(t, false, at(t, pod, "automountServiceAccountToken"))
	assert.Equal(t, object{"allowPrivilegeEscalation": false, "readOnlyRootFilesystem": true, "capabilities": object{"drop": []any{"ALL"}}},
		at(t, pod, "containers", 0, "securityContext"))
	for _, probe := range []string{"startupProbe", "readinessProbe", "livenessProbe"} {
		assert.Equal(t, "health", at(t, pod, "containers", 0, probe, "httpGet", "port"), probe)
	}
	assert.Equal(t, "5Gi", at(t, objects["StatefulSet"], "spec", "volumeClaimTemplates", 0, "spec", "resources", "requests", "storage"))
	conf(t, objects)

	selector := at(t, objects["Service"], "spec", "selector")
	labels := at(t, objects["StatefulSet"], "spec", "template", "metadata", "labels").(object)
	for key, value := range selector.(object) {
		assert.Equal(t, value, labels[key])
	}
	ports := map[any]bool{}
	for _, port := range at(t, pod, "containers", 0, "ports").([]any) {
		ports[at(t, port, "name")] = true
	}
	for _, port := range at(t, objects["Service"], "spec", "ports").([]any) {
		assert.True(t, ports[at(t, port, "targetPort")], port)
	}
}

// The values of a user are merged into the chart's, and the result is valid.
func TestChartWithEverything(t *testing.T) {
	objects := render(t, object{
		"config": object{
			"exporters": object{"otlp_grpc/jaeger": object{"endpoint": "jaeger:4317", "tls": object{"insecure": true}}},
			"service":   object{"pipelines": object{"traces": object{"exporters": []any{"otlp_grpc/jaeger"}}}},
		},
		"rules": object{"own.yml": `groups:
  - name: own
    rules:
      - alert: Spend
        expr: sum(increase(arc_llm_cost_dollars[1h])) > 10
        annotations: {summary: "More than $10 in an hour: {{ $value }}"}
`},
		"env":            object{"GOMEMLIMIT": "1200MiB"},
		"envFrom":        []any{object{"secretRef": object{"name": "alerts"}}},
		"persistence":    object{"enabled": false},
		"serviceMonitor": object{"enabled": true},
	})
	assert.Contains(t, objects, "ServiceMonitor")
	pod := at(t, objects["StatefulSet"], "spec", "template", "spec")
	assert.Equal(t, []any{object{"name": "GOMEMLIMIT", "value": "1200MiB"}}, at(t, pod, "containers", 0, "env"))
	assert.Equal(t, "state", at(t, pod, "volumes", 1, "name"), "in memory")
	conf(t, objects)
}
