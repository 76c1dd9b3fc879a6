// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"

	_ "go.opentelemetry.io/collector/config/configgrpc" // reads what the exporter compresses
	"go.opentelemetry.io/collector/pdata/ptrace/ptraceotlp"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/status"
)

// backends are what config/production.yaml sends to: they accept everything at once and keep
// nothing, with TLS. All have one certificate.
type backends struct {
	ptraceotlp.UnimplementedGRPCServer

	certFile, keyFile string
	pool              *x509.CertPool
	jaeger, others    string // host:port
	away              atomic.Bool
	close             func()
}

func startBackends(ctx context.Context, dir string) (*backends, error) {
	b := &backends{certFile: filepath.Join(dir, "cert.pem"), keyFile: filepath.Join(dir, "key.pem"), pool: x509.NewCertPool()}
	server := httptest.NewUnstartedServer(b)
	server.StartTLS()
	b.others = server.Listener.Addr().String()
	b.pool.AddCert(server.Certificate())
	certificate := server.TLS.Certificates[0]
	key, err := x509.MarshalPKCS8PrivateKey(certificate.PrivateKey)
	if err != nil {
		return nil, err
	}
	if err := errors.Join(
		os.WriteFile(b.certFile, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: certificate.Certificate[0]}), 0o600),
		os.WriteFile(b.keyFile, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: key}), 0o600),
	); err != nil {
		return nil, err
	}
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	b.jaeger = listener.Addr().String()
	jaeger := grpc.NewServer(grpc.Creds(credentials.NewServerTLSFromCert(&certificate)), grpc.MaxRecvMsgSize(64<<20))
	ptraceotlp.RegisterGRPCServer(jaeger, b)
	go func() { _ = jaeger.Serve(listener) }()
	b.close = func() {
		jaeger.Stop()
		server.Close()
	}
	return b, nil
}

// Export is Jaeger's.
func (b *backends) Export(context.Context, ptraceotlp.ExportRequest) (ptraceotlp.ExportResponse, error) {
	if b.away.Load() {
		return ptraceotlp.NewExportResponse(), status.Error(codes.Unavailable, "away")
	}
	return ptraceotlp.NewExportResponse(), nil
}

// ServeHTTP is Prometheus' and Elasticsearch's.
func (b *backends) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if b.away.Load() {
		w.WriteHeader(http.StatusServiceUnavailable)
		return
	}
	w.Header().Set("X-Elastic-Product", "Elasticsearch")
	var body io.Reader = r.Body
	if r.Header.Get("Content-Encoding") == "gzip" {
		unzipped, err := gzip.NewReader(r.Body)
		if err != nil {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		body = unzipped
	}
	content, err := io.ReadAll(body)
	if err != nil {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	if strings.Contains(r.URL.Path, "otlp") {
		return
	}
	w.Header().Set("Content-Type", "application/json")
	n := bytes.Count(content, []byte("\n")) / 2 // an action and a document
	fmt.Fprintf(w, `{"errors":false,"items":[%s]}`, strings.TrimSuffix(strings.Repeat(`{"create":{"status":201}},`, n), ","))
}

func (b *backends) tls() *tls.Config {
	return &tls.Config{RootCAs: b.pool, MinVersion: tls.VersionTLS12}
}
