// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package double

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// Certificate is a self-signed certificate for 127.0.0.1 and localhost.
type Certificate struct {
	// CertFile and KeyFile are PEM files. The certificate is its own CA.
	CertFile, KeyFile string
	TLS               tls.Certificate
	Pool              *x509.CertPool
}

// NewCertificate makes a certificate in a directory that goes with the test. It is also for
// other hosts.
func NewCertificate(tb testing.TB, hosts ...string) Certificate {
	tb.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(tb, err)
	template := &x509.Certificate{
		SerialNumber:          big.NewInt(1),
		Subject:               pkix.Name{CommonName: "localhost"},
		NotBefore:             time.Now().Add(-time.Hour),
		NotAfter:              time.Now().Add(time.Hour),
		KeyUsage:              x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
		ExtKeyUsage:           []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		BasicConstraintsValid: true,
		IsCA:                  true,
		DNSNames:              append([]string{"localhost"}, hosts...),
		IPAddresses:           []net.IP{net.IPv4(127, 0, 0, 1)},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	require.NoError(tb, err)
	keyDER, err := x509.MarshalPKCS8PrivateKey(key)
	require.NoError(tb, err)
	certPEM := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	keyPEM := pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: keyDER})

	dir := tb.TempDir()
	c := Certificate{
		CertFile: filepath.Join(dir, "cert.pem"),
		KeyFile:  filepath.Join(dir, "key.pem"),
		Pool:     x509.NewCertPool(),
	}
	require.NoError(tb, os.WriteFile(c.CertFile, certPEM, 0o600))
	require.NoError(tb, os.WriteFile(c.KeyFile, keyPEM, 0o600))
	c.TLS, err = tls.X509KeyPair(certPEM, keyPEM)
	require.NoError(tb, err)
	require.True(tb, c.Pool.AppendCertsFromPEM(certPEM))
	return c
}
