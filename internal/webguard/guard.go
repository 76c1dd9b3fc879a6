// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package webguard

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"

	"go.opentelemetry.io/collector/config/confighttp"
)

var (
	// ErrOrigin is returned for a request that another site made a browser send.
	ErrOrigin = errors.New("the request comes from another site")
	// ErrHost is wrapped by the error for a request under an unknown host name.
	ErrHost = errors.New("is not localhost, an address or among allowed_hosts")
)

// Guard checks the requests to a server.
type Guard struct {
	crossOrigin    *http.CrossOriginProtection
	allowedOrigins []string
	checkHost      bool
	allowedHosts   []string
}

// New returns the guard of a server. Origins that its CORS configuration allows are
// allowed. Host names are checked where nothing but a loopback address protects the
// server, or where some are listed, unless it authenticates its clients.
func New(server *confighttp.ServerConfig, allowedHosts []string) *Guard {
	g := &Guard{crossOrigin: http.NewCrossOriginProtection(), allowedHosts: allowedHosts}
	if cors := server.CORS.Get(); cors != nil {
		g.allowedOrigins = cors.AllowedOrigins
	}
	g.checkHost = !Authenticates(server) && (IsLoopback(server) || len(allowedHosts) > 0)
	return g
}

// Check returns why a request is refused, nil if it is not.
func (g *Guard) Check(r *http.Request) error {
	if g.allowsOrigin(r.Header.Get("Origin")) {
		return nil
	}
	if g.crossOrigin.Check(r) != nil {
		return ErrOrigin
	}
	if host := hostOf(r.Host); g.checkHost && !g.allowsHost(host) {
		return fmt.Errorf("host %.256q %w", host, ErrHost)
	}
	return nil
}

// allowsOrigin compares as CORS does: * stands for any text, once in an origin.
func (g *Guard) allowsOrigin(origin string) bool {
	if origin == "" {
		return false
	}
	origin = strings.ToLower(origin)
	for _, allowed := range g.allowedOrigins {
		prefix, suffix, wildcard := strings.Cut(strings.ToLower(allowed), "*")
		switch {
		case !wildcard && prefix == origin:
			return true
		case wildcard && len(origin) >= len(prefix)+len(suffix) && strings.HasPrefix(origin, prefix) && strings.HasSuffix(origin, suffix):
			return true
		}
	}
	return false
}

// allowsHost allows IP addresses and names below localhost, which DNS rebinding cannot
// use, and those of the configuration.
func (g *Guard) allowsHost(host string) bool {
	host = strings.ToLower(host)
	if host == "localhost" || strings.HasSuffix(host, ".localhost") || net.ParseIP(host) != nil {
		return true
	}
	for _, allowed := range g.allowedHosts {
		if strings.EqualFold(allowed, host) {
			return true
		}
	}
	return false
}

// ValidateHosts returns an error for each allowed host that is not a host name.
func ValidateHosts(allowed []string) error {
	var errs []error
	for i, host := range allowed {
		if host == "" || strings.ContainsAny(host, ":/") {
			errs = append(errs, fmt.Errorf("allowed_hosts::%d: must be a host name without port, is %q", i, host))
		}
	}
	return errors.Join(errs...)
}

// Authenticates reports whether a server authenticates its clients: by an authenticator
// or by their certificates.
func Authenticates(server *confighttp.ServerConfig) bool {
	tls := server.TLS.Get()
	return server.Auth.HasValue() || tls != nil && tls.ClientCAFile != ""
}

// IsLoopback reports whether a server listens for clients on this machine alone.
func IsLoopback(server *confighttp.ServerConfig) bool {
	host := hostOf(server.NetAddr.Endpoint)
	ip := net.ParseIP(host)
	return strings.EqualFold(host, "localhost") || ip != nil && ip.IsLoopback()
}

// hostOf returns the host of HOST or HOST:PORT.
func hostOf(address string) string {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		host = address
	}
	return strings.Trim(host, "[]")
}
