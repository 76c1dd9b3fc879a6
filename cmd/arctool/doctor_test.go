// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func problems(findings []finding) []string {
	var texts []string
	for _, f := range findings {
		if f.problem {
			texts = append(texts, f.text)
		}
	}
	return texts
}

func TestDoctorChecksTheEnvironment(t *testing.T) {
	for name, tt := range map[string]struct {
		env  map[string]string
		want string // of the one problem; "" for none
	}{
		"nothing set":     {nil, ""},
		"right":           {map[string]string{"OTEL_EXPORTER_OTLP_ENDPOINT": "http://localhost:4318", "OTEL_EXPORTER_OTLP_PROTOCOL": "http/protobuf"}, ""},
		"HTTP to gRPC":    {map[string]string{"OTEL_EXPORTER_OTLP_ENDPOINT": "http://localhost:4317", "OTEL_EXPORTER_OTLP_PROTOCOL": "http/protobuf"}, "port 4317 speaks gRPC"},
		"gRPC to HTTP":    {map[string]string{"OTEL_EXPORTER_OTLP_ENDPOINT": "http://localhost:4318", "OTEL_EXPORTER_OTLP_PROTOCOL": "grpc"}, "port 4318 speaks HTTP"},
		"path":            {map[string]string{"OTEL_EXPORTER_OTLP_ENDPOINT": "http://localhost:4318/v1/traces"}, "add once more"},
		"path of signal":  {map[string]string{"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "http://localhost:4318/v1/traces"}, ""},
		"without scheme":  {map[string]string{"OTEL_EXPORTER_OTLP_ENDPOINT": "localhost:4318"}, "is not a URL"},
		"disabled":        {map[string]string{"OTEL_SDK_DISABLED": "True"}, "OTEL_SDK_DISABLED is true"},
		"no spans":        {map[string]string{"OTEL_TRACES_EXPORTER": "none"}, "spans are not sent"},
		"sampled":         {map[string]string{"OTEL_TRACES_SAMPLER": "parentbased_traceidratio"}, "are not counted"},
		"secret in a URL": {map[string]string{"OTEL_EXPORTER_OTLP_ENDPOINT": "http://arc:secret@localhost:4318"}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			d := doctor{lookup: func(name string) (string, bool) { value, ok := tt.env[name]; return value, ok }}
			findings := d.checkEnvironment()
			require.NotEmpty(t, findings)
			found := problems(findings)
			if tt.want == "" {
				assert.Empty(t, found)
			} else {
				require.Len(t, found, 1)
				assert.Contains(t, found[0], tt.want)
			}
			for _, f := range findings {
				assert.NotContains(t, f.text, "secret")
			}
		})
	}
}

func TestDoctorKnowsVersions(t *testing.T) {
	for name, tt := range map[string]struct {
		freeze string
		want   []string
	}{
		"silent":    {"wrapt==2.0.1\nopentelemetry_instrumentation_openai_v2==2.3b0\n", []string{"wrapt 2.0.1"}},
		"right":     {"wrapt==1.17.3\nopentelemetry-instrumentation-openai-v2==2.3b0\n# comment\n-e .\n", nil},
		"alone":     {"wrapt==2.0.1\nopenlit==1.45.0\n", nil},
		"Jaeger":    {"opentelemetry-sdk==1.45.2\nopentelemetry-exporter-jaeger-thrift==1.21.0\nopentelemetry-instrumentation-openai==0.62.4", []string{"OTLPSpanExporter"}},
		"Jaeger ok": {"opentelemetry-sdk==1.21.0\nopentelemetry-exporter-jaeger-thrift==1.21.0\nopentelemetry-instrumentation-openai==0.62.4", nil},
		"SDK alone": {"opentelemetry-sdk==1.45.2\nopenai==3.54.0", []string{"no instrumentation"}},
	} {
		t.Run(name, func(t *testing.T) {
			d := doctor{packages: "-"}
			findings, err := d.checkPackages(strings.NewReader(tt.freeze))
			require.NoError(t, err)
			found := problems(findings)
			require.Len(t, found, len(tt.want), "%v", found)
			for i := range tt.want {
				assert.Contains(t, found[i], tt.want[i])
			}
		})
	}
	file := filepath.Join(t.TempDir(), "freeze.txt")
	require.NoError(t, os.WriteFile(file, []byte("openlit==1.45.0\n"), 0o600))
	findings, err := (&doctor{packages: file}).checkPackages(nil)
	require.NoError(t, err)
	assert.Empty(t, findings)
	_, err = (&doctor{packages: file + ".none"}).checkPackages(nil)
	assert.Error(t, err)
}

func TestDoctorJudgesTraffic(t *testing.T) {
	for name, tt := range map[string]struct {
		sum  passed
		want []string // parts of the problems
	}{
		"nothing":      {passed{}, []string{"no application sends"}},
		"points alone": {passed{DataPoints: 50}, []string{"no application sends"}},
		"no calls":     {passed{Spans: 100}, []string{"none of them reports an LLM call"}},
		"calls":        {passed{Spans: 100, Outcomes: map[string]int64{"priced": 3, "aggregate": 2, "duplicate": 1}}, nil},
		"unpriced":     {passed{LogRecords: 100, Outcomes: map[string]int64{"priced": 3, "unpriced": 2, "bad_tokens": 1}}, []string{"without a price: 2 records", "not readable: 1 record (a count"}},
		"new outcome":  {passed{Spans: 1, Outcomes: map[string]int64{"something": 1}}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			found := problems(judgeTraffic(tt.sum))
			require.Len(t, found, len(tt.want), "%v", found)
			for i := range tt.want {
				assert.Contains(t, found[i], tt.want[i])
			}
		})
	}
}

func TestDoctorChecksPorts(t *testing.T) {
	text := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") == "" && r.URL.Path == "/v1/traces" {
			w.WriteHeader(http.StatusUnauthorized)
		}
	}))
	defer text.Close()
	address := strings.TrimPrefix(text.URL, "http://")
	closed := httptest.NewServer(nil)
	closed.Close()
	d := doctor{grpc: address, http: text.URL, arc: text.URL, dashboard: closed.URL, lookup: func(string) (string, bool) { return "", false }, client: &http.Client{Timeout: 10 * time.Second}}
	defer d.client.CloseIdleConnections()
	found := problems(append(d.checkPorts(t.Context()), d.checkTraffic(t.Context())...))
	require.Len(t, found, 4, "%v", found)
	assert.Contains(t, found[0], "is it the port of OTLP/HTTP?")
	assert.Contains(t, found[1], "requires authentication")
	assert.Contains(t, found[2], "is it an arc receiver?")
	assert.Contains(t, found[3], "name its address with --dashboard")
	d.grpc = strings.TrimPrefix(closed.URL, "http://")
	assert.Contains(t, d.checkGRPC(t.Context()).text, "nothing listens")

	var out bytes.Buffer
	require.ErrorContains(t, report(&out, []finding{okay("a"), problem("b")}), "1 problem")
	assert.Equal(t, "ok       a\nPROBLEM  b\n", out.String())
	require.NoError(t, report(&out, []finding{okay("a")}))
}

// Where a token is required, the doctor has the one of its environment, as an SDK and the other commands do.
func TestDoctorAuthenticates(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		want := "Bearer of-senders"
		if strings.HasPrefix(r.URL.Path, "/api/") {
			want = "Bearer of-viewers"
		}
		switch {
		case r.Header.Get("Authorization") != want:
			w.WriteHeader(http.StatusUnauthorized)
		case r.URL.Path == "/v1/events":
			http.Error(w, "the body is empty", http.StatusBadRequest)
		case strings.HasPrefix(r.URL.Path, "/api/"):
			_, _ = w.Write([]byte(`{"data":{}}`))
		}
	}))
	defer server.Close()
	variables := map[string]string{}
	d := doctor{http: server.URL, arc: server.URL, dashboard: server.URL, client: &http.Client{Timeout: 10 * time.Second}}
	d.lookup = func(name string) (string, bool) { value, ok := variables[name]; return value, ok }
	defer d.client.CloseIdleConnections()
	check := func() []string {
		found := []finding{d.checkHTTP(t.Context()), d.checkArc(t.Context())}
		return problems(append(found, d.checkTraffic(t.Context())...))
	}
	found := check()
	require.Len(t, found, 3)
	assert.Contains(t, found[2], "ARCTOOL_TOKEN")
	variables["OTEL_EXPORTER_OTLP_HEADERS"] = "x-team=shop, authorization=Bearer%20of-senders"
	variables["ARCTOOL_TOKEN"] = "of-viewers"
	found = check()
	require.Len(t, found, 1)
	assert.Contains(t, found[0], "no application sends")
}
