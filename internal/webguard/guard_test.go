// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package webguard

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/assert"
	"go.opentelemetry.io/collector/config/configauth"
	"go.opentelemetry.io/collector/config/confighttp"
	"go.opentelemetry.io/collector/config/configoptional"
	"go.opentelemetry.io/collector/config/configtls"
)

func server(endpoint string, change ...func(*confighttp.ServerConfig)) *confighttp.ServerConfig {
	s := confighttp.NewDefaultServerConfig()
	s.NetAddr.Endpoint = endpoint
	for _, f := range change {
		f(&s)
	}
	return &s
}

func withAuth(s *confighttp.ServerConfig) {
	s.Auth = configoptional.Some(confighttp.AuthConfig{Config: configauth.Config{}})
}

func withClientCertificates(s *confighttp.ServerConfig) {
	s.TLS = configoptional.Some(configtls.ServerConfig{ClientCAFile: "ca.pem"})
}

func withOrigins(origins ...string) func(*confighttp.ServerConfig) {
	return func(s *confighttp.ServerConfig) {
		s.CORS = configoptional.Some(confighttp.CORSConfig{AllowedOrigins: origins})
	}
}

func TestCheck(t *testing.T) {
	loopback, everywhere := server("localhost:8123"), server("0.0.0.0:8123")
	type headers map[string]string
	for name, tt := range map[string]struct {
		server  *confighttp.ServerConfig
		hosts   []string
		method  string
		host    string
		headers headers
		want    error
	}{
		"curl or an SDK":                      {loopback, nil, "POST", "localhost:8123", nil, nil},
		"by address":                          {loopback, nil, "POST", "127.0.0.1:8123", nil, nil},
		"by IPv6 address":                     {loopback, nil, "POST", "[::1]:8123", nil, nil},
		"by a name below localhost":           {loopback, nil, "POST", "arc.LOCALHOST", nil, nil},
		"another site":                        {loopback, nil, "POST", "localhost:8123", headers{"Sec-Fetch-Site": "cross-site"}, ErrOrigin},
		"another port of this machine":        {loopback, nil, "POST", "localhost:8123", headers{"Sec-Fetch-Site": "same-site"}, ErrOrigin},
		"another site, an older browser":      {loopback, nil, "POST", "localhost:8123", headers{"Origin": "https://attacker.example"}, ErrOrigin},
		"a sandboxed frame":                   {loopback, nil, "POST", "localhost:8123", headers{"Origin": "null"}, ErrOrigin},
		"another site, to a public listener":  {everywhere, nil, "POST", "collector.example:8123", headers{"Origin": "https://attacker.example"}, ErrOrigin},
		"another site, reading":               {loopback, nil, "GET", "localhost:8123", headers{"Sec-Fetch-Site": "cross-site"}, nil},
		"a page of our own":                   {loopback, nil, "POST", "localhost:8123", headers{"Sec-Fetch-Site": "same-origin", "Origin": "http://localhost:8123"}, nil},
		"DNS rebinding":                       {loopback, nil, "POST", "attacker.example:8123", headers{"Sec-Fetch-Site": "same-origin", "Origin": "http://attacker.example:8123"}, ErrHost},
		"DNS rebinding, reading":              {loopback, nil, "GET", "attacker.example:8123", nil, ErrHost},
		"a name like localhost":               {loopback, nil, "POST", "localhost.attacker.example", nil, ErrHost},
		"a name behind a reverse proxy":       {loopback, []string{"arc.example.com"}, "POST", "ARC.example.com", nil, nil},
		"any name to a public listener":       {everywhere, nil, "POST", "collector.example:8123", nil, nil},
		"a public listener with names":        {everywhere, []string{"collector.example"}, "POST", "collector.example:8123", nil, nil},
		"a wrong name to it":                  {everywhere, []string{"collector.example"}, "POST", "attacker.example:8123", nil, ErrHost},
		"with authentication":                 {server("localhost:8123", withAuth), nil, "POST", "arc.example.com", nil, nil},
		"with client certificates":            {server("localhost:8123", withClientCertificates), nil, "POST", "arc.example.com", nil, nil},
		"another site, with authentication":   {server("localhost:8123", withAuth), nil, "POST", "localhost:8123", headers{"Sec-Fetch-Site": "cross-site"}, ErrOrigin},
		"an origin that CORS allows":          {server("localhost:8123", withOrigins("https://app.example")), nil, "POST", "localhost:8123", headers{"Origin": "https://APP.example", "Sec-Fetch-Site": "cross-site"}, nil},
		"an origin of a pattern":              {server("localhost:8123", withOrigins("https://*.example")), nil, "POST", "localhost:8123", headers{"Origin": "https://app.example", "Sec-Fetch-Site": "cross-site"}, nil},
		"an origin that CORS does not allow":  {server("localhost:8123", withOrigins("https://app.example")), nil, "POST", "localhost:8123", headers{"Origin": "https://app.example.attacker.example"}, ErrOrigin},
		"an origin too short for the pattern": {server("localhost:8123", withOrigins("https://a*a.example")), nil, "POST", "localhost:8123", headers{"Origin": "https://a.example"}, ErrOrigin},
	} {
		t.Run(name, func(t *testing.T) {
			r := httptest.NewRequest(tt.method, "/v1/events", http.NoBody)
			r.Host = tt.host
			for key, value := range tt.headers {
				r.Header.Set(key, value)
			}
			assert.ErrorIs(t, New(tt.server, tt.hosts).Check(r), tt.want)
		})
	}
}

func TestValidateHosts(t *testing.T) {
	assert.NoError(t, ValidateHosts([]string{"arc.example.com"}))
	assert.EqualError(t, ValidateHosts([]string{"", "ok", "x:80"}), `allowed_hosts::0: must be a host name without port, is ""`+"\n"+
		`allowed_hosts::2: must be a host name without port, is "x:80"`)
}

func TestIsLoopback(t *testing.T) {
	for endpoint, want := range map[string]bool{
		"localhost:1": true, "LOCALHOST:1": true, "127.0.0.1:1": true, "127.1.2.3:1": true, "[::1]:1": true,
		"0.0.0.0:1": false, "[::]:1": false, ":1": false, "10.0.0.1:1": false, "collector.example:1": false,
	} {
		assert.Equal(t, want, IsLoopback(server(endpoint)), endpoint)
	}
}
