{{- define "otelcol-arc.name" -}}
{{- .Release.Name | trunc 63 | trimSuffix "-" -}}
{{- end }}

{{- /* Names of pods have the name of their set and more in 63 characters. */ -}}
{{- define "otelcol-arc.agent" -}}
{{- .Release.Name | trunc 40 | trimSuffix "-" -}}-agent
{{- end }}

{{- define "otelcol-arc.gateway" -}}
{{- .Release.Name | trunc 40 | trimSuffix "-" -}}-gateway
{{- end }}

{{- /* "true" where agents send to gateways. */ -}}
{{- define "otelcol-arc.agents" -}}
{{- if has .Values.mode (list "gateways" "kafka") }}true{{ end -}}
{{- end }}

{{- /* What counts: the collector or collectors, or the gateways. */ -}}
{{- define "otelcol-arc.collector" -}}
{{- if include "otelcol-arc.agents" . }}{{ include "otelcol-arc.gateway" . }}{{ else }}{{ include "otelcol-arc.name" . }}{{ end -}}
{{- end }}

{{- define "otelcol-arc.labels" -}}
{{ include "otelcol-arc.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ .Chart.Name }}-{{ .Chart.Version }}
{{- end }}

{{- define "otelcol-arc.selector" -}}
app.kubernetes.io/name: {{ .Chart.Name }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- /* Collectors have no component: the selector of a StatefulSet cannot be changed. */ -}}
{{- define "otelcol-arc.component" -}}
{{- if include "otelcol-arc.agents" . }}app.kubernetes.io/component: gateway{{ end -}}
{{- end }}

{{- define "otelcol-arc.ports" -}}
- {name: otlp-grpc, port: 4317}
- {name: otlp-http, port: 4318}
- {name: arc, port: 8123}
{{- end }}

{{- define "otelcol-arc.collector-ports" -}}
{{ include "otelcol-arc.ports" . }}
- {name: page, port: 8124}
- {name: metrics, port: 9464}
- {name: self-metrics, port: 8888}
{{- end }}

{{- define "otelcol-arc.agent-ports" -}}
{{ include "otelcol-arc.ports" . }}
- {name: self-metrics, port: 8888}
{{- end }}

{{- /* host:port of gateways, from the first to the given number, as a list of YAML. */ -}}
{{- define "otelcol-arc.endpoints" -}}
{{- $endpoints := list }}
{{- range until (int .number) }}
{{- $endpoints = append $endpoints (printf "%s-%d.%s.%s.svc:4317" (include "otelcol-arc.gateway" $.root) . (include "otelcol-arc.gateway" $.root) $.root.Release.Namespace) }}
{{- end }}
{{- printf "[%s]" (join ", " $endpoints) }}
{{- end }}

{{- /* GOMEMLIMIT, 80 % of the memory that a container may have, for the garbage collector to work
       harder before it is killed; none without a limit. */ -}}
{{- define "otelcol-arc.gomemlimit" -}}
{{- $memory := toString (((.limits).memory) | default "") }}
{{- $unit := regexFind "[A-Za-z]*$" $memory }}
{{- $bytes := get (dict "" 1 "k" 1e3 "M" 1e6 "G" 1e9 "T" 1e12 "Ki" 1024 "Mi" 1048576 "Gi" 1073741824 "Ti" 1099511627776) $unit }}
{{- if and $memory $bytes }}
{{- printf "%dMiB" (int64 (divf (mulf 0.8 $bytes (trimSuffix $unit $memory)) 1048576)) }}
{{- end }}
{{- end }}

{{- define "otelcol-arc.variables" -}}
{{- if eq .Values.mode "engine" }}
- name: CLICKHOUSE_ENDPOINT
  value: {{ required "engine.endpoint: the address of ClickHouse is required in mode engine" .Values.engine.endpoint | quote }}
- name: OTELCOL_ARC_QUEUES
  value: wal_storage
{{- end }}
{{- if eq .Values.mode "kafka" }}
- name: KAFKA_BROKER
  value: {{ required "kafka.broker: host:port of a broker is required in mode kafka" .Values.kafka.broker | quote }}
{{- end }}
{{- with .Values.gateway.tokenSecret }}
{{- if eq $.Values.mode "gateways" }}
- name: OTELCOL_ARC_TOKEN
  valueFrom: {secretKeyRef: {name: {{ . }}, key: token}}
{{- end }}
{{- end }}
{{- range $name, $value := .Values.env }}
- name: {{ $name }}
  value: {{ $value | quote }}
{{- end }}
{{- end }}

{{- define "otelcol-arc.image" -}}
image: "{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}"
imagePullPolicy: {{ .Values.image.pullPolicy }}
{{- end }}

{{- define "otelcol-arc.probes" -}}
startupProbe:
  httpGet: {path: /, port: health}
  periodSeconds: 1
  failureThreshold: 60
readinessProbe:
  httpGet: {path: /, port: health}
livenessProbe:
  httpGet: {path: /, port: health}
  failureThreshold: 6
{{- end }}

{{- define "otelcol-arc.restricted" -}}
securityContext:
  allowPrivilegeEscalation: false
  readOnlyRootFilesystem: true
  capabilities: {drop: [ALL]}
{{- end }}

{{- define "otelcol-arc.unprivileged" -}}
runAsNonRoot: true
runAsUser: 65532
runAsGroup: 65532
fsGroup: 65532
seccompProfile: {type: RuntimeDefault}
{{- end }}

{{- /* Which values contradict each other. */ -}}
{{- define "otelcol-arc.validate" -}}
{{- if and (eq .Values.mode "single") .Values.prometheusRule.enabled }}
{{- fail "prometheusRule.enabled: in mode single the collector evaluates the rules itself; set it in the other modes" }}
{{- end }}
{{- if and (ne .Values.mode "single") .Values.rules (not .Values.prometheusRule.enabled) }}
{{- fail (printf "rules: in mode %s gateways evaluate no rules; set prometheusRule.enabled" .Values.mode) }}
{{- end }}
{{- if and .Values.gateway.tokenSecret (not .Values.gateway.tlsSecret) }}
{{- fail "gateway.tokenSecret: needs gateway.tlsSecret, since the token could be read on its way" }}
{{- end }}
{{- if and .Values.gateway.tlsSecret (ne .Values.mode "gateways") }}
{{- fail (printf "gateway.tlsSecret: in mode %s no agent sends to a gateway; set it in mode gateways" .Values.mode) }}
{{- end }}
{{- if ne (empty .Values.gateway.previousReplicas) (empty .Values.gateway.changedAt) }}
{{- fail "gateway.previousReplicas, gateway.changedAt: set both or neither" }}
{{- end }}
{{- end }}
