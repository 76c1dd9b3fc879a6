{{- define "otelcol-arc.name" -}}
{{- .Release.Name | trunc 63 | trimSuffix "-" -}}
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

{{- define "otelcol-arc.ports" -}}
- {name: otlp-grpc, port: 4317}
- {name: otlp-http, port: 4318}
- {name: arc, port: 8123}
- {name: page, port: 8124}
- {name: metrics, port: 9464}
- {name: self-metrics, port: 8888}
{{- end }}
