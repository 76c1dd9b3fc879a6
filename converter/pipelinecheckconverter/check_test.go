// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package pipelinecheckconverter

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/confmap"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"
)

const right = `
extensions: {health_check: }
connectors: {forward: }
receivers: {otlp: , nop: }
processors: {llm_cost: , alert: , batch: , filter: }
exporters: {slack: , pagerduty: , debug: , prometheus: }
service:
  extensions: [health_check]
  pipelines:
    traces: {receivers: [otlp], processors: [llm_cost, alert], exporters: [debug]}
    metrics: {receivers: [otlp], processors: [llm_cost, alert], exporters: [prometheus]}
    logs/alerts: {receivers: [nop], processors: [alert], exporters: [slack, forward]}
    logs/critical: {receivers: [forward], exporters: [pagerduty]}
`

func TestCheck(t *testing.T) {
	for name, tt := range map[string]struct {
		change string // merged into right
		want   []problem
	}{
		"nothing": {"{}", nil},
		"alert before llm_cost": {
			"service: {pipelines: {traces: {processors: [batch, alert, filter, llm_cost]}}}",
			[]problem{{"service::pipelines::traces::processors", `"alert" is before "llm_cost", so rules see neither the cost of a call nor usage metrics; put it after`}},
		},
		"alert before another llm_cost": {
			"service: {pipelines: {traces: {processors: [llm_cost, alert/own, llm_cost/own]}}}\nprocessors: {alert/own: , llm_cost/own: }",
			[]problem{{"service::pipelines::traces::processors", `"alert/own" is before "llm_cost/own", so rules see neither the cost of a call nor usage metrics; put it after`}},
		},
		"notifier without alert": {
			"service: {pipelines: {logs/alerts: {processors: [batch]}}}",
			[]problem{{"service::pipelines::logs/alerts::exporters", `"slack" gets no alerts, because this pipeline has no alert processor; add it to processors`}},
		},
		"extension that is not started": {
			"extensions: {dashboard: }",
			[]problem{{"extensions::dashboard", "is not started; add it to service::extensions"}},
		},
		"rule files that are not there": {
			"processors: {alert: {rule_files: [/none/*.yml, ./*.go, /none/a.yml]}}",
			[]problem{{"processors::alert::rule_files::0", `no file matches "/none/*.yml", so it adds no rule; correct the path, or remove it`}},
		},
		"open dashboard": {
			"extensions: {dashboard: {endpoint: '0.0.0.0:8124'}}\nservice: {extensions: [health_check, dashboard]}",
			[]problem{{"extensions::dashboard::endpoint", "everybody who can reach 0.0.0.0:8124 sees spend and alerts; add auth or tls::client_ca_file, or listen on localhost"}},
		},
		"open dashboard that silences": {
			"extensions: {dashboard: {endpoint: '[::]:8124', writable: true, writable_without_auth: true}}\nservice: {extensions: [health_check, dashboard]}",
			[]problem{{"extensions::dashboard::endpoint", "everybody who can reach [::]:8124 sees spend and alerts, and can silence them; add auth or tls::client_ca_file, or listen on localhost"}},
		},
		"dashboard with passwords": {
			"extensions: {dashboard: {endpoint: '0.0.0.0:8124', auth: {authenticator: basicauth}}}\nservice: {extensions: [health_check, dashboard]}", nil,
		},
		"dashboard with client certificates": {
			"extensions: {dashboard: {endpoint: ':8124', tls: {client_ca_file: ca.pem}}}\nservice: {extensions: [health_check, dashboard]}", nil,
		},
		"dashboard of this machine": {
			"extensions: {dashboard: {endpoint: 'localhost:8124'}, dashboard/default: }\nservice: {extensions: [health_check, dashboard, dashboard/default]}", nil,
		},
		"unused": {
			"processors: {alert/b: , metric_guard: , batch: }\nexporters: {email: , otlp: }",
			[]problem{
				{"processors::alert/b", "is in no pipeline, and does nothing; add it to one of service::pipelines"},
				{"processors::metric_guard", "is in no pipeline, and does nothing; add it to one of service::pipelines"},
				{"exporters::email", "is in no pipeline, and does nothing; add it to one of service::pipelines"},
			},
		},
		"severities of nobody": {
			"exporters: {slack: {webhook_url: \"http://x\", severities: [critical, error]}, pagerduty: {routing_key: x}, email: {server: \"\"}}\n" +
				"service: {pipelines: {logs/alerts: {exporters: [slack, forward, email]}}}\n" +
				"processors: {alert: {rule_files: [testdata/rules.yml], rules: [{name: A, severity: page, expr: x}, {name: B, expr: y, severity: warning}, {name: C, expr: max by (severity) (z)}], " +
				"events: [{name: D, labels_from: [severity]}, {name: E, severity: info}]}}",
			[]problem{
				{"processors::alert", `no notifier that is switched on is notified of alerts with no severity, of the rules Plain; add the severity to severities of one, or map the word by its severity_map`},
				{"processors::alert", `no notifier that is switched on is notified of alerts with severity "info", of the rules E; add the severity to severities of one, or map the word by its severity_map`},
				{"processors::alert", `no notifier that is switched on is notified of alerts with severity "warning", of the rules B, Warn1, Warn2, Warn3, Warn4 and 1 more; add the severity to severities of one, or map the word by its severity_map`},
			},
		},
		"severities that are mapped": {
			"exporters: {slack: {webhook_url: \"http://x\", severities: [critical], severity_map: {warning: critical}}}\n" +
				"processors: {alert: {rules: [{name: B, expr: y, severity: warning}]}}",
			nil,
		},
		"no notifier is switched on": {"processors: {alert: {rules: [{name: B, expr: y, severity: warning}]}}", nil},
		"a route to a notifier that is off": {
			"exporters: {slack: {webhook_url: \"http://x\", receivers: {payments: {webhook_url: \"http://y\"}}}}\n" +
				"processors: {alert: {route: {receiver: slack, routes: [{receiver: payments, matchers: [team=payments]}, {receiver: pagerduty, matchers: [severity=page]}, {receiver: \"null\", matchers: [severity=info]}]}, " +
				"rules: [{name: A, severity: page, expr: x, labels: {team: search}}, {name: B, expr: y, severity: warning}, {name: P, expr: y, severity: page, labels: {team: payments}}, {name: N, expr: y, severity: info}, {name: M, expr: y, severity: page, labels: {team: '{{ $labels.team }}'}}]}}",
			[]problem{{"processors::alert", `no notifier that is switched on is notified of alerts with severity "page", of the rules A; their route leads to no receiver that is switched on`}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			conf := parse(t, right)
			require.NoError(t, conf.Merge(parse(t, tt.change)))
			assert.Equal(t, tt.want, check(conf.ToStringMap()))
		})
	}
}

func TestCheckReferences(t *testing.T) {
	for name, tt := range map[string]struct {
		change string // merged into right
		want   []problem
	}{
		"nothing": {"{}", nil},
		"components that are not configured": {
			"service: {extensions: [health_chekc], pipelines: {traces: {receivers: [otpl, forward], processors: [lm_cost], exporters: [elasticsearch, forward]}}}",
			[]problem{
				{"service::extensions::0", `"health_chekc" is not in extensions; did you mean "health_check"?`},
				{"service::pipelines::traces::receivers::0", `"otpl" is not in receivers or connectors; did you mean "otlp"?`},
				{"service::pipelines::traces::processors::0", `"lm_cost" is not in processors; did you mean "llm_cost"?`},
				{"service::pipelines::traces::exporters::0", `"elasticsearch" is not in exporters or connectors`},
			},
		},
		"storage of a notifier, which may be switched off": {
			"exporters: {slack: {storage: file_storage}}",
			[]problem{{"exporters::slack::storage", `"file_storage" is not in service::extensions`}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			conf := parse(t, right)
			require.NoError(t, conf.Merge(parse(t, tt.change)))
			assert.Equal(t, tt.want, checkReferences(conf.ToStringMap()))
		})
	}
}

func TestCheckStart(t *testing.T) {
	for name, tt := range map[string]struct {
		change string // merged into right
		want   []problem
	}{
		"nothing": {"{}", nil},
		"storage that is not started": {
			"extensions: {wal_storage: }\nservice: {extensions: [health_check, wal_storage]}\nprocessors: {llm_cost: {storage: wal_storage}, alert: {storage: wal_storag}, batch: {storage: unused}}\nexporters: {debug: {sending_queue: {storage: file_storage/queues}}, slack: {storage: ''}}",
			[]problem{
				{"processors::alert::storage", `"wal_storag" is not in service::extensions; did you mean "wal_storage"?`},
				{"exporters::debug::sending_queue::storage", `"file_storage/queues" is not in service::extensions`},
			},
		},
		"storage of a queue that is off": {"exporters: {debug: {sending_queue: {enabled: false, storage: file_storage}}}", nil},
		"two dashboards": {
			"extensions: {dashboard: , dashboard/b: {endpoint: '127.0.0.1:8124'}, dashboard/c: {endpoint: 'localhost:8125'}}\nservice: {extensions: [dashboard, dashboard/b, dashboard/c]}",
			[]problem{{"extensions::dashboard/b::endpoint", "127.0.0.1:8124 is the address of extensions::dashboard::endpoint, too; choose another port"}},
		},
		"receiver on the port of another": {
			"receivers: {otlp: {protocols: {grpc: {endpoint: '[::]:4317'}, http: {endpoint: 'collector:4317'}}}}",
			[]problem{{"receivers::otlp::protocols::http::endpoint", "collector:4317 is the address of receivers::otlp::protocols::grpc::endpoint, too; choose another port"}},
		},
		"all addresses, of IPv6 too": {
			"receivers: {otlp: {protocols: {grpc: {endpoint: '0.0.0.0:4317'}, http: {endpoint: '[::1]:4317'}}}}",
			[]problem{{"receivers::otlp::protocols::http::endpoint", "[::1]:4317 is the address of receivers::otlp::protocols::grpc::endpoint, too; choose another port"}},
		},
		"the Collector's own metrics": {
			"exporters: {prometheus: {endpoint: '0.0.0.0:8888'}}\nservice: {telemetry: {metrics: {readers: [{pull: {exporter: {prometheus: {host: localhost, port: 8888}}}}]}}}",
			[]problem{{"service::telemetry::metrics::readers::0::pull::exporter::prometheus::port", "localhost:8888 is the address of exporters::prometheus::endpoint, too; choose another port"}},
		},
		"the Collector's own metrics that are off": {
			"exporters: {prometheus: {endpoint: '0.0.0.0:8888'}}\nservice: {telemetry: {metrics: {level: None, readers: [{pull: {exporter: {prometheus: {host: localhost, port: 8888}}}}]}}}", nil,
		},
		"servers of health checks that are off": {
			"extensions: {healthcheckv2: {use_v2: true, endpoint: 'localhost:13133', http: {endpoint: 'localhost:13133'}}, healthcheckv2/b: {endpoint: 'localhost:13134', grpc: {endpoint: 'localhost:13133'}}}\n" +
				"service: {extensions: [healthcheckv2, healthcheckv2/b]}", nil,
		},
		"servers of health checks": {
			"extensions: {healthcheckv2: {use_v2: true, http: {endpoint: 'localhost:13133'}}, healthcheckv2/b: {endpoint: 'localhost:13133'}}\nservice: {extensions: [healthcheckv2, healthcheckv2/b]}",
			[]problem{{"extensions::healthcheckv2/b::endpoint", "localhost:13133 is the address of extensions::healthcheckv2::http::endpoint, too; choose another port"}},
		},
		"addresses of their own": {
			"receivers: {otlp: {protocols: {grpc: {endpoint: '127.0.0.1:4317'}, http: {endpoint: '[::1]:4317'}}}, tcplog: {listen_address: 'localhost:514'}, udplog: {listen_address: 'localhost:514'}, " +
				"syslog: {udp: {listen_address: '10.0.0.1:514'}}, arc/unused: {endpoint: 'localhost:514'}, arc: {endpoint: 'localhost:0'}, arc/b: {endpoint: 'localhost:0'}, arc/c: {endpoint: ''}, arc/d: {endpoint: /tmp/socket, transport: unix}}\n" +
				"service: {pipelines: {traces: {receivers: [otlp, tcplog, udplog, syslog, arc, arc/b, arc/c, arc/d]}}}", nil,
		},
		"no addresses": {
			"receivers: {arc: {endpoint: localhost}, arc/b: {endpoint: 'http://localhost:8123'}}\nservice: {pipelines: {traces: {receivers: [arc, arc/b]}}}",
			[]problem{
				{"receivers::arc::endpoint", "address localhost: missing port in address; write host:port, such as localhost:8123"},
				{"receivers::arc/b::endpoint", "address http://localhost:8123: too many colons in address; write host:port, such as localhost:8123"},
			},
		},
		"routes": {
			"processors: {alert: {route: {receiver: slack, routes: [{receiver: search}, {receiver: pagerduty}, {receiver: 'null'}]}}}\nexporters: {slack: {receivers: {search: }}}", nil,
		},
		"routes to nobody": {
			"processors: {alert: {route: {receiver: slack, routes: [{receiver: saerch}, {receiver: email}]}}}\nexporters: {slack: {receivers: {search: }}, email: }",
			[]problem{
				{"processors::alert::route", `no notifier has the receiver "email": it must be the ID of a notifier in a logs pipeline, a name under receivers of one, or "null", which is nobody; there are ["pagerduty" "search" "slack"]`},
				{"processors::alert::route", `no notifier has the receiver "saerch": it must be the ID of a notifier in a logs pipeline, a name under receivers of one, or "null", which is nobody; there are ["pagerduty" "search" "slack"]; did you mean "search"?`},
			},
		},
		"wrong routes, and those of a processor that is not used": {
			"processors: {alert: {route: {routes: [{receiver: none}]}}, alert/unused: {route: {receiver: none}}}", nil,
		},
	} {
		t.Run(name, func(t *testing.T) {
			conf := parse(t, right)
			require.NoError(t, conf.Merge(parse(t, tt.change)))
			assert.Equal(t, tt.want, checkStart(conf.ToStringMap()))
		})
	}
}

// What has a wrong shape is for the Collector to report.
func TestCheckOtherShapes(t *testing.T) {
	for _, content := range []string{
		"{}", "service: 1", "service: {pipelines: []}", "service: {pipelines: {traces: , logs: [a]}}",
		"service: {extensions: x, pipelines: {traces: {processors: alert, exporters: [1, [slack]]}}}", "extensions: [a]", "processors: a",
		"service: {extensions: [dashboard], telemetry: {metrics: {readers: [a, {pull: }]}}}\nextensions: {dashboard: {endpoint: 1}}",
	} {
		assert.Empty(t, checkStart(parse(t, content).ToStringMap()), content)
		assert.Empty(t, check(parse(t, content).ToStringMap()), content)
		assert.Empty(t, checkReferences(parse(t, content).ToStringMap()), content)
	}
}

func FuzzCheck(f *testing.F) {
	f.Add([]byte(right))
	f.Fuzz(func(_ *testing.T, content []byte) {
		retrieved, err := confmap.NewRetrievedFromYAML(content)
		if err != nil {
			return
		}
		if conf, err := retrieved.AsConf(); err == nil {
			check(conf.ToStringMap())
			checkReferences(conf.ToStringMap())
			checkStart(conf.ToStringMap())
		}
	})
}

func TestConvert(t *testing.T) {
	core, logs := observer.New(zap.InfoLevel)
	conf := parse(t, "extensions: {dashboard: }")
	before := conf.ToStringMap()
	c := NewFactory().Create(confmap.ConverterSettings{Logger: zap.New(core)})
	require.NoError(t, c.Convert(t.Context(), conf))
	assert.Equal(t, before, conf.ToStringMap())
	require.NoError(t, c.Convert(t.Context(), parse(t, "service: {extensions: [dashboard]}")))
	require.Equal(t, 2, logs.Len())
	assert.Equal(t, map[string]any{"key": "service::extensions::0", "problem": `"dashboard" is not in extensions`}, logs.All()[1].ContextMap())
	assert.Equal(t, map[string]any{"key": "extensions::dashboard", "problem": "is not started; add it to service::extensions"}, logs.All()[0].ContextMap())
}

func TestConvertRejects(t *testing.T) {
	c := NewFactory().Create(confmap.ConverterSettings{Logger: zap.NewNop()})
	conf := parse(t, right)
	require.NoError(t, conf.Merge(parse(t, "processors: {llm_cost: {storage: a}}\nexporters: {debug: {sending_queue: {storage: b}}}")))
	assert.EqualError(t, c.Convert(t.Context(), conf), "processors::llm_cost::storage: \"a\" is not in service::extensions\nexporters::debug::sending_queue::storage: \"b\" is not in service::extensions")
}

func parse(t *testing.T, content string) *confmap.Conf {
	t.Helper()
	retrieved, err := confmap.NewRetrievedFromYAML([]byte(content))
	require.NoError(t, err)
	conf, err := retrieved.AsConf()
	require.NoError(t, err)
	return conf
}
