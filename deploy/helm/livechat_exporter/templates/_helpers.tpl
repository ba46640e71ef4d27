{{- define "livechat-exporter.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" }}
{{- end }}

{{/* The name of all objects: the release's, with the chart's unless that is in it already. */}}
{{- define "livechat-exporter.fullname" -}}
{{- $name := include "livechat-exporter.name" . }}
{{- $full := contains $name .Release.Name | ternary .Release.Name (printf "%s-%s" .Release.Name $name) }}
{{- default $full .Values.fullnameOverride | trunc 52 | trimSuffix "-" }}
{{- end }}

{{- define "livechat-exporter.selector" -}}
app.kubernetes.io/name: {{ include "livechat-exporter.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "livechat-exporter.labels" -}}
{{ include "livechat-exporter.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" | trunc 63 }}
{{- with .Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{- define "livechat-exporter.secret" -}}
{{- default (include "livechat-exporter.fullname" .) .Values.secret.existing }}
{{- end }}

{{- define "livechat-exporter.scheme" -}}
{{- hasKey .Values.web.config "tls_server_config" | ternary "https" "http" }}
{{- end }}

{{/* The exporter's configuration: credentials are in the files of the Secret. */}}
{{- define "livechat-exporter.config" -}}
{{- $workspaces := dict }}
{{- range $name, $workspace := .Values.workspaces }}
{{- $file := printf "/run/secrets/livechat_exporter/%s_" $name }}
{{- $files := dict "user_id_file" (print $file "user_id") "auth_token_file" (print $file "auth_token") }}
{{- $_ := set $workspaces $name (merge $files (omit $workspace "user_id" "auth_token")) }}
{{- end }}
{{- toYaml (merge (dict "workspaces" $workspaces) .Values.config) }}
{{- end }}

{{/* A file that "make chart" puts into the chart. */}}
{{- define "livechat-exporter.file" -}}
{{- $file := index . 1 }}
{{- required (printf "%s is missing: this folder is the source of the chart, make chart builds it" $file) ((index . 0).Files.Get $file) }}
{{- end }}
