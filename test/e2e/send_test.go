// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracegrpc"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
	"google.golang.org/grpc/credentials"
)

// call is what an application knows of one LLM call.
type call struct {
	model         string
	input, output int
}

// security is how a sender proves who it is; its zero value is plain text.
type security struct {
	pool  *x509.CertPool
	token string
}

func (s security) tls() *tls.Config {
	return &tls.Config{RootCAs: s.pool, MinVersion: tls.VersionTLS12}
}

func (s security) headers() map[string]string {
	if s.token == "" {
		return nil
	}
	return map[string]string{"authorization": "Bearer " + s.token}
}

func grpcExporter(t *testing.T, endpoint string, s security) *otlptrace.Exporter {
	t.Helper()
	options := []otlptracegrpc.Option{otlptracegrpc.WithEndpoint(endpoint), otlptracegrpc.WithHeaders(s.headers())}
	if s.pool == nil {
		options = append(options, otlptracegrpc.WithInsecure())
	} else {
		options = append(options, otlptracegrpc.WithTLSCredentials(credentials.NewTLS(s.tls())))
	}
	exporter, err := otlptracegrpc.New(t.Context(), options...)
	require.NoError(t, err)
	return exporter
}

func httpExporter(t *testing.T, endpoint string, s security) *otlptrace.Exporter {
	t.Helper()
	options := []otlptracehttp.Option{otlptracehttp.WithEndpoint(endpoint), otlptracehttp.WithHeaders(s.headers())}
	if s.pool == nil {
		options = append(options, otlptracehttp.WithInsecure())
	} else {
		options = append(options, otlptracehttp.WithTLSClientConfig(s.tls()))
	}
	exporter, err := otlptracehttp.New(t.Context(), options...)
	require.NoError(t, err)
	return exporter
}

// sendSpans sends the calls as an instrumented application does, an agent span
// with the calls below it, and returns when the collector has acknowledged them.
func sendSpans(t *testing.T, exporter *otlptrace.Exporter, calls ...call) {
	t.Helper()
	provider := sdktrace.NewTracerProvider(
		sdktrace.WithSyncer(exporter),
		sdktrace.WithResource(resource.NewSchemaless(attribute.String("service.name", "researcher"))),
	)
	tracer := provider.Tracer("e2e")
	ctx, agent := tracer.Start(context.Background(), "invoke_agent researcher", trace.WithAttributes(
		attribute.String("gen_ai.operation.name", "invoke_agent"),
		attribute.String("gen_ai.agent.name", "researcher"),
	))
	for _, c := range calls {
		_, span := tracer.Start(ctx, "chat "+c.model, trace.WithSpanKind(trace.SpanKindClient), trace.WithAttributes(
			attribute.String("gen_ai.operation.name", "chat"),
			attribute.String("gen_ai.provider.name", "openai"),
			attribute.String("gen_ai.request.model", c.model),
			attribute.Int("gen_ai.usage.input_tokens", c.input),
			attribute.Int("gen_ai.usage.output_tokens", c.output),
		))
		span.End()
	}
	agent.End()
	require.NoError(t, provider.Shutdown(context.WithoutCancel(t.Context())))
}

// arcResponse is the response of the arc receiver to a request.
type arcResponse struct {
	Status   int `json:"-"`
	Accepted int
	Rejected int
	Errors   []struct {
		Line  int
		Error string
	}
}

// postEvents posts a body to the arc receiver and reads what it answers.
func postEvents(t *testing.T, url string, s security, body string) arcResponse {
	t.Helper()
	status, content := post(t, url, s, body)
	a := arcResponse{Status: status}
	require.NoError(t, json.Unmarshal(content, &a), "%s", content)
	return a
}

// postStatus posts a body to the arc receiver and returns the status code.
func postStatus(t *testing.T, url string, s security, body string) int {
	t.Helper()
	status, _ := post(t, url, s, body)
	return status
}

func post(t *testing.T, url string, s security, body string) (int, []byte) {
	t.Helper()
	transport := &http.Transport{TLSClientConfig: s.tls()}
	defer transport.CloseIdleConnections()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url+"/v1/events", strings.NewReader(body))
	require.NoError(t, err)
	request.Header.Set("Content-Type", "application/x-ndjson")
	for key, value := range s.headers() {
		request.Header.Set(key, value)
	}
	response, err := (&http.Client{Transport: transport, Timeout: 30 * time.Second}).Do(request)
	require.NoError(t, err)
	defer response.Body.Close()
	content, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	return response.StatusCode, content
}

// llmEvent is what Arc's LLM monitor writes of a call.
func llmEvent(c call, seconds float64) string {
	return fmt.Sprintf(`{"timestamp":%q,"model":%q,"prompt_tokens":%d,"completion_tokens":%d,"total_tokens":%d,"duration_seconds":%g,"status":"success"}`,
		time.Now().UTC().Format("2006-01-02T15:04:05.000000"), c.model, c.input, c.output, c.input+c.output, seconds)
}

func lines(events ...string) string { return strings.Join(events, "\n") + "\n" }
