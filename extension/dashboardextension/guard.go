// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package dashboardextension

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"slices"
	"strings"
)

// policy lets the page use what comes from here and nothing else: no inline
// script or style, no other host, no frame around it.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; " +
	"form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

// withHeaders sets what every answer carries, refusals included.
func withHeaders(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		header := w.Header()
		header.Set("Content-Security-Policy", policy)
		header.Set("X-Content-Type-Options", "nosniff")
		header.Set("X-Frame-Options", "DENY")
		header.Set("Referrer-Policy", "no-referrer")
		header.Set("Cross-Origin-Opener-Policy", "same-origin")
		header.Set("Cross-Origin-Resource-Policy", "same-origin")
		next.ServeHTTP(w, r)
	})
}

// withChallenge makes browsers ask for a name and a password where the
// configured authentication refused the request without saying how to ask.
func withChallenge(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		next.ServeHTTP(&challenger{ResponseWriter: w}, r)
	})
}

type challenger struct{ http.ResponseWriter }

func (c *challenger) WriteHeader(status int) {
	if status == http.StatusUnauthorized && c.Header().Get("WWW-Authenticate") == "" {
		c.Header().Set("WWW-Authenticate", `Basic realm="otelcol-arc", charset="UTF-8"`)
	}
	c.ResponseWriter.WriteHeader(status)
}

func (c *challenger) Unwrap() http.ResponseWriter { return c.ResponseWriter }

// guard refuses what the page of a stranger, open in a user's browser, could
// make that browser ask for: changes from another origin, and, where nothing
// but the loopback address protects the page, requests under a name that the
// stranger has pointed at this machine (DNS rebinding).
func (b *board) guard(next http.Handler) http.Handler {
	origins := http.NewCrossOriginProtection()
	origins.SetDenyHandler(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		b.fail(w, &failure{forbidden, errors.New("the request comes from another site")})
	}))
	next = origins.Handler(next)
	if b.cfg.HTTP.Auth.HasValue() || !isLoopback(b.cfg.HTTP.NetAddr.Endpoint) {
		return next
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		host := hostOf(r.Host)
		if !isLocal(host) && !slices.ContainsFunc(b.cfg.AllowedHosts, func(allowed string) bool { return strings.EqualFold(allowed, host) }) {
			b.fail(w, &failure{misdirected, fmt.Errorf("host %q is not among allowed_hosts", host)})
			return
		}
		next.ServeHTTP(w, r)
	})
}

// isLoopback says whether only this machine reaches an endpoint.
func isLoopback(endpoint string) bool {
	host := hostOf(endpoint)
	ip := net.ParseIP(host)
	return strings.EqualFold(host, "localhost") || ip != nil && ip.IsLoopback()
}

// isLocal says whether a host is one that no stranger can point here: an
// address, or a name below localhost.
func isLocal(host string) bool {
	host = strings.ToLower(host)
	return host == "localhost" || strings.HasSuffix(host, ".localhost") || net.ParseIP(host) != nil
}

// hostOf is the host of HOST or HOST:PORT.
func hostOf(address string) string {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		host = address
	}
	return strings.Trim(host, "[]")
}
