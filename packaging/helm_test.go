// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package packaging

import (
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"helm.sh/helm/v3/pkg/action"
	"helm.sh/helm/v3/pkg/chart/loader"
	"helm.sh/helm/v3/pkg/chartutil"
	"helm.sh/helm/v3/pkg/lint/support"
	"helm.sh/helm/v3/pkg/strvals"
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

// rendering has the objects by kind and name.
type rendering map[string]object

// only is the one object of a kind.
func (r rendering) only(t *testing.T, kind string) object {
	t.Helper()
	var found []object
	for name, o := range r {
		if strings.HasPrefix(name, kind+"/") {
			found = append(found, o)
		}
	}
	require.Len(t, found, 1, kind)
	return found[0]
}

// render returns the objects that an installation makes.
func render(t *testing.T, values object) rendering {
	t.Helper()
	objects, err := tryToRender(t, values)
	require.NoError(t, err)
	return objects
}

func tryToRender(t *testing.T, values object) (rendering, error) {
	t.Helper()
	chart, err := loader.Load(chartDir)
	require.NoError(t, err)
	install := action.NewInstall(new(action.Configuration))
	install.ReleaseName, install.Namespace = "spend", "observability"
	install.ClientOnly, install.DryRun = true, true
	install.KubeVersion = &chartutil.KubeVersion{Version: "v1.33.0", Major: "1", Minor: "33"}
	release, err := install.Run(chart, values)
	if err != nil {
		return nil, err
	}
	objects := rendering{}
	for document := range strings.SplitSeq(release.Manifest, "\n---\n") {
		var o object
		require.NoError(t, yaml.UnmarshalStrict([]byte(document), &o), document)
		if o != nil {
			name := o["kind"].(string) + "/" + at(t, o, "metadata", "name").(string)
			require.NotContains(t, objects, name)
			objects[name] = o
		}
	}
	return objects, nil
}

// selects checks that a selector has the pods of a set, and of no other.
func selects(t *testing.T, selector any, set object, others ...object) {
	t.Helper()
	matches := func(set object) bool {
		labels := at(t, set, "spec", "template", "metadata", "labels").(object)
		for key, value := range selector.(object) {
			if labels[key] != value {
				return false
			}
		}
		return true
	}
	assert.True(t, matches(set), selector)
	for _, other := range others {
		assert.False(t, matches(other), selector)
	}
}

// A Service sends to ports that the pods have, and a pod may do nothing but its work.
func checkPods(t *testing.T, set object, services ...object) {
	t.Helper()
	pod := at(t, set, "spec", "template", "spec")
	assert.Equal(t, false, at(t, pod, "automountServiceAccountToken"))
	assert.Equal(t, object{"allowPrivilegeEscalation": false, "readOnlyRootFilesystem": true, "capabilities": object{"drop": []any{"ALL"}}},
		at(t, pod, "containers", 0, "securityContext"))
	for _, probe := range []string{"startupProbe", "readinessProbe", "livenessProbe"} {
		assert.Equal(t, "health", at(t, pod, "containers", 0, probe, "httpGet", "port"), probe)
	}
	selects(t, at(t, set, "spec", "selector", "matchLabels"), set)
	ports := map[any]any{}
	for _, port := range at(t, pod, "containers", 0, "ports").([]any) {
		ports[at(t, port, "name")] = at(t, port, "containerPort")
	}
	for _, service := range services {
		for _, port := range at(t, service, "spec", "ports").([]any) {
			assert.Equal(t, at(t, port, "port"), ports[at(t, port, "targetPort")], port)
		}
	}
}

// By itself the chart makes one collector with a disk.
func TestChart(t *testing.T) {
	objects := render(t, nil)
	assert.Equal(t, []string{"ConfigMap/spend", "Service/spend", "StatefulSet/spend"}, slices.Sorted(maps.Keys(objects)))
	set, service := objects["StatefulSet/spend"], objects["Service/spend"]
	checkPods(t, set, service)
	selects(t, at(t, service, "spec", "selector"), set)
	assert.Equal(t, true, at(t, set, "spec", "template", "spec", "securityContext", "runAsNonRoot"))
	assert.Equal(t, "5Gi", at(t, set, "spec", "volumeClaimTemplates", 0, "spec", "resources", "requests", "storage"))
	// The selector of an installed StatefulSet cannot change.
	assert.Equal(t, object{"app.kubernetes.io/name": "otelcol-arc", "app.kubernetes.io/instance": "spend"}, at(t, set, "spec", "selector", "matchLabels"))
}

// Agents are on each node and get what the node's applications send; gateways have names
// and disks.
func TestChartWithGateways(t *testing.T) {
	objects := render(t, object{"mode": "gateways", "agent": object{"hostPort": true}, "serviceMonitor": object{"enabled": true}, "prometheusRule": object{"enabled": true}})
	assert.Equal(t, []string{
		"ConfigMap/spend-agent", "ConfigMap/spend-gateway", "DaemonSet/spend-agent", "PodDisruptionBudget/spend-gateway",
		"PrometheusRule/spend-arc", "PrometheusRule/spend-collector", "PrometheusRule/spend-usage",
		"Service/spend", "Service/spend-gateway", "ServiceMonitor/spend", "StatefulSet/spend-gateway",
	}, slices.Sorted(maps.Keys(objects)))
	agents, gateways := objects["DaemonSet/spend-agent"], objects["StatefulSet/spend-gateway"]
	node, headless := objects["Service/spend"], objects["Service/spend-gateway"]
	checkPods(t, agents, node)
	checkPods(t, gateways, headless)
	selects(t, at(t, node, "spec", "selector"), agents, gateways)
	assert.Equal(t, "Local", at(t, node, "spec", "internalTrafficPolicy"))
	selects(t, at(t, headless, "spec", "selector"), gateways, agents)
	assert.Equal(t, "None", at(t, headless, "spec", "clusterIP"))
	assert.Equal(t, true, at(t, headless, "spec", "publishNotReadyAddresses"))
	assert.Equal(t, "spend-gateway", at(t, gateways, "spec", "serviceName"))
	assert.EqualValues(t, 3, at(t, gateways, "spec", "replicas"))
	budget := objects["PodDisruptionBudget/spend-gateway"]
	selects(t, at(t, budget, "spec", "selector", "matchLabels"), gateways, agents)
	assert.EqualValues(t, 1, at(t, budget, "spec", "maxUnavailable"))
	for name := range objects {
		assert.NotContains(t, name, "Autoscaler", "another number of gateways moves traces between them")
	}
	assert.EqualValues(t, 4317, at(t, agents, "spec", "template", "spec", "containers", 0, "ports", 0, "hostPort"))
	// What Prometheus evaluates is what the repository has.
	for name, file := range map[string]string{"arc": "rules/arc.yml", "collector": "rules/collector.yml", "usage": "scale/rules/usage.yml"} {
		var rules object
		require.NoError(t, yaml.Unmarshal([]byte(read(t, "../config/"+file)), &rules))
		assert.Equal(t, rules, objects["PrometheusRule/spend-"+name]["spec"], file)
	}
}

// Collectors that an engine counts for are as many as there are at the moment.
func TestChartWithAnEngine(t *testing.T) {
	engine := object{"endpoint": "clickhouse://clickhouse:9000", "autoscaling": object{"enabled": true}}
	objects := render(t, object{"mode": "engine", "engine": engine})
	assert.Equal(t, []string{"ConfigMap/spend", "HorizontalPodAutoscaler/spend", "PodDisruptionBudget/spend", "Service/spend", "StatefulSet/spend"}, slices.Sorted(maps.Keys(objects)))
	set, service := objects["StatefulSet/spend"], objects["Service/spend"]
	checkPods(t, set, service)
	selects(t, at(t, service, "spec", "selector"), set)
	assert.NotContains(t, service["spec"], "internalTrafficPolicy")
	assert.NotContains(t, set["spec"], "replicas", "the autoscaler sets them")
	assert.Equal(t, "spend", at(t, objects["HorizontalPodAutoscaler/spend"], "spec", "scaleTargetRef", "name"))
	engine["autoscaling"] = object{"enabled": false}
	objects = render(t, object{"mode": "engine", "engine": engine})
	assert.EqualValues(t, 2, at(t, objects["StatefulSet/spend"], "spec", "replicas"))
	assert.NotContains(t, objects, "HorizontalPodAutoscaler/spend")
}

// While the number of gateways changes, agents have both lists, and those that are to stop run.
func TestChartWhileGatewaysChange(t *testing.T) {
	for _, previous := range []int{2, 5} {
		objects := render(t, object{"mode": "gateways", "gateway": object{"previousReplicas": previous, "changedAt": "2026-12-01T12:00:00Z"}})
		assert.EqualValues(t, max(3, previous), at(t, objects["StatefulSet/spend-gateway"], "spec", "replicas"))
		env := map[any]any{}
		for _, variable := range at(t, objects["DaemonSet/spend-agent"], "spec", "template", "spec", "containers", 0, "env").([]any) {
			env[at(t, variable, "name")] = at(t, variable, "value")
		}
		assert.Equal(t, 3, strings.Count(env["OTELCOL_ARC_GATEWAYS"].(string), ".spend-gateway.observability.svc:4317"))
		assert.Equal(t, previous, strings.Count(env["OTELCOL_ARC_GATEWAYS_BEFORE"].(string), ".spend-gateway.observability.svc:4317"))
		assert.Equal(t, "2026-12-01T12:00:00Z", env["OTELCOL_ARC_GATEWAYS_CHANGED"])
	}
}

// Names of pods are no longer than 63 characters, with the revision and the ordinal that Kubernetes adds.
func TestChartWithALongName(t *testing.T) {
	chart, err := loader.Load(chartDir)
	require.NoError(t, err)
	install := action.NewInstall(new(action.Configuration))
	install.ReleaseName, install.Namespace = strings.Repeat("n", 53), "observability" // the longest
	install.ClientOnly, install.DryRun = true, true
	install.KubeVersion = &chartutil.KubeVersion{Version: "v1.33.0", Major: "1", Minor: "33"}
	release, err := install.Run(chart, object{"mode": "gateways"})
	require.NoError(t, err)
	for _, name := range regexp.MustCompile(`(?m)^  name: (\S+)$`).FindAllStringSubmatch(release.Manifest, -1) {
		assert.LessOrEqual(t, len(name[1])+len("-0123456789"), 64, name[1])
	}
}

// The garbage collector knows four fifths of the memory that a container may have.
func TestChartSetsTheMemoryLimit(t *testing.T) {
	for name, test := range map[string]struct {
		memory any
		want   []any
	}{
		"mebibytes":         {"256Mi", []any{object{"name": "GOMEMLIMIT", "value": "204MiB"}}},
		"gibibytes":         {"2Gi", []any{object{"name": "GOMEMLIMIT", "value": "1638MiB"}}},
		"a fraction":        {"1.5Gi", []any{object{"name": "GOMEMLIMIT", "value": "1228MiB"}}},
		"decimal":           {"512M", []any{object{"name": "GOMEMLIMIT", "value": "390MiB"}}},
		"bytes":             {1073741824, []any{object{"name": "GOMEMLIMIT", "value": "819MiB"}}},
		"bytes, as text":    {"1073741824", []any{object{"name": "GOMEMLIMIT", "value": "819MiB"}}},
		"a unit of its own": {"128974848000m", nil},
		"none":              {nil, nil},
	} {
		t.Run(name, func(t *testing.T) {
			resources := object{"limits": object{"memory": test.memory}}
			container := at(t, render(t, object{"resources": resources})["StatefulSet/spend"], "spec", "template", "spec", "containers", 0).(object)
			env, _ := container["env"].([]any)
			assert.Equal(t, test.want, env)
			objects := render(t, object{"mode": "gateways", "agent": object{"resources": resources}})
			agent := at(t, objects["DaemonSet/spend-agent"], "spec", "template", "spec", "containers", 0, "env").([]any)
			for _, want := range test.want {
				assert.Contains(t, agent, want)
			}
			assert.Equal(t, len(test.want) > 0, at(t, agent, 0, "name") == "GOMEMLIMIT")
		})
	}
	own := render(t, object{"env": object{"GOMEMLIMIT": "1GiB"}})
	assert.Equal(t, []any{object{"name": "GOMEMLIMIT", "value": "1GiB"}}, at(t, own["StatefulSet/spend"], "spec", "template", "spec", "containers", 0, "env"))
}

// What is wrong with values is reported with its key.
func TestChartValues(t *testing.T) {
	for name, test := range map[string]struct {
		values object
		want   []string
	}{
		"unknown key":      {object{"replicas": 3}, []string{"replicas"}},
		"unknown key in":   {object{"gateway": object{"replica": 3}}, []string{"/gateway", "replica"}},
		"unknown mode":     {object{"mode": "agents"}, []string{"/mode", "gateways"}},
		"type":             {object{"gateway": object{"replicas": "three"}}, []string{"/gateway/replicas"}},
		"none":             {object{"gateway": object{"replicas": 0}}, []string{"/gateway/replicas"}},
		"several":          {object{"mode": "x", "persistence": object{"size": "5 GB"}}, []string{"/mode", "/persistence/size"}},
		"config":           {object{"config": "a string"}, []string{"/config"}},
		"rule file":        {object{"rules": object{"own": "groups: []"}}, []string{"/rules", "own"}},
		"time":             {object{"gateway": object{"previousReplicas": 2, "changedAt": "tomorrow"}}, []string{"/gateway/changedAt"}},
		"half a change":    {object{"mode": "gateways", "gateway": object{"previousReplicas": 2}}, []string{"gateway.previousReplicas, gateway.changedAt: set both or neither"}},
		"no engine":        {object{"mode": "engine"}, []string{"engine.endpoint"}},
		"no broker":        {object{"mode": "kafka"}, []string{"kafka.broker"}},
		"rules nowhere":    {object{"mode": "gateways", "rules": object{"own.yml": "groups: []"}}, []string{"rules:", "prometheusRule.enabled"}},
		"rules twice":      {object{"prometheusRule": object{"enabled": true}}, []string{"prometheusRule.enabled"}},
		"token in clear":   {object{"mode": "gateways", "gateway": object{"tokenSecret": "token"}}, []string{"gateway.tokenSecret", "gateway.tlsSecret"}},
		"TLS to no one":    {object{"gateway": object{"tlsSecret": "tls"}}, []string{"gateway.tlsSecret"}},
		"relative path":    {object{"agent": object{"hostPath": "queues"}}, []string{"/agent/hostPath"}},
		"variable":         {object{"env": object{"A-B": "c"}}, []string{"/env", "A-B"}},
		"service":          {object{"service": object{"type": "Cluster"}}, []string{"/service/type"}},
		"variable's value": {object{"env": object{"A": object{"b": "c"}}}, []string{"/env/A"}},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := tryToRender(t, test.values)
			require.Error(t, err)
			for _, want := range test.want {
				assert.ErrorContains(t, err, want)
			}
		})
	}
}

// The commands of the documents install what the chart can render.
func TestDocumentedCommands(t *testing.T) {
	commands := regexp.MustCompile(`(?m)^helm install spend oci://ghcr\.io/otelcol-arc/charts/otelcol-arc --version \S+(.*)$`).FindAllStringSubmatch(read(t, "../docs/installing.md"), -1)
	require.Len(t, commands, 2)
	for _, command := range commands {
		values := object{}
		for _, set := range regexp.MustCompile(`--set (\S+)`).FindAllStringSubmatch(command[1], -1) {
			require.NoError(t, strvals.ParseInto(set[1], values))
		}
		render(t, values)
	}
}

// The schema has each key of values.yaml, so that none is refused.
func TestChartSchema(t *testing.T) {
	var schema, values object
	require.NoError(t, yaml.Unmarshal([]byte(read(t, chartDir+"/values.schema.json")), &schema))
	require.NoError(t, yaml.Unmarshal([]byte(read(t, chartDir+"/values.yaml")), &values))
	var compare func(path string, properties any, values object)
	compare = func(path string, properties any, values object) {
		for key, value := range values {
			property := at(t, properties, key)
			if assert.NotNil(t, property, path+key) {
				if inner, ok := value.(object); ok && property.(object)["properties"] != nil {
					compare(path+key+".", property.(object)["properties"], inner)
				}
			}
		}
	}
	compare("", schema["properties"], values)
}
