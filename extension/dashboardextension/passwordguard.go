// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package dashboardextension

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"maps"
	"sync"
	"time"

	"go.opentelemetry.io/collector/client"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/config/configauth"
	"go.opentelemetry.io/collector/extension/extensionauth"
)

const (
	// maxAttemptWait is how long an attempt waits for others.
	maxAttemptWait = 2 * time.Second
	// pause is how much longer than a failed attempt the pause after it is: those who
	// guess passwords get a fifth of a processor.
	pause = 4
	// knownFor is how long credentials that were right are not checked again.
	knownFor = time.Minute
	// maxKnown bounds them.
	maxKnown = 1000
)

var errTooManyAttempts = errors.New("too many attempts to authenticate, try again later")

// passwordGuard checks credentials that have not been right lately one after the other,
// with a pause after each that was wrong. A password hash takes a quarter of a second of a processor
// to check, which telemetry would be without.
type passwordGuard struct {
	component.Component
	server extensionauth.Server
	key    []byte
	slot   chan struct{} // holds a token while an attempt is checked, or the pause lasts

	mu    sync.Mutex
	known map[[sha256.Size]byte]knownClient // by what was sent
}

// knownClient is whom credentials are of, and until when they are not checked again.
type knownClient struct {
	until time.Time
	auth  client.AuthData // may be nil
}

// guardPasswords returns the extensions with a guard around the authenticator.
func guardPasswords(extensions map[component.ID]component.Component, auth *configauth.Config) map[component.ID]component.Component {
	authenticator, ok := extensions[auth.AuthenticatorID].(extensionauth.Server)
	if !ok {
		return extensions // which is reported
	}
	guarded := maps.Clone(extensions)
	guarded[auth.AuthenticatorID] = newPasswordGuard(extensions[auth.AuthenticatorID], authenticator)
	return guarded
}

func newPasswordGuard(of component.Component, server extensionauth.Server) *passwordGuard {
	return &passwordGuard{
		Component: of, server: server, key: []byte(rand.Text()),
		slot: make(chan struct{}, 1), known: map[[sha256.Size]byte]knownClient{},
	}
}

// Authenticate checks the credentials of a request.
func (g *passwordGuard) Authenticate(ctx context.Context, sources map[string][]string) (context.Context, error) {
	sum, sent := g.sum(sources)
	if !sent {
		return g.server.Authenticate(ctx, sources) // there is nothing to check
	}
	if auth, known := g.authOf(sum); known {
		info := client.FromContext(ctx)
		info.Auth = auth
		return client.NewContext(ctx, info), nil
	}
	timer := time.NewTimer(maxAttemptWait)
	defer timer.Stop()
	select {
	case g.slot <- struct{}{}:
	case <-timer.C:
		return ctx, errTooManyAttempts
	case <-ctx.Done():
		return ctx, ctx.Err()
	}
	start := time.Now()
	authenticated, err := g.server.Authenticate(ctx, sources)
	if err != nil {
		time.AfterFunc(pause*time.Since(start), func() { <-g.slot })
		return ctx, err
	}
	<-g.slot
	g.remember(sum, client.FromContext(authenticated).Auth)
	return authenticated, nil
}

// sum is that of the credentials, if there are any.
func (g *passwordGuard) sum(sources map[string][]string) (sum [sha256.Size]byte, sent bool) {
	hash := hmac.New(sha256.New, g.key)
	for _, name := range []string{"Authorization", "authorization"} {
		for _, value := range sources[name] {
			sent = true
			hash.Write([]byte(value))
			hash.Write([]byte{0})
		}
	}
	return [sha256.Size]byte(hash.Sum(nil)), sent
}

// authOf is what the authenticator reported of credentials that were right lately.
func (g *passwordGuard) authOf(sum [sha256.Size]byte) (auth client.AuthData, known bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	of, ok := g.known[sum]
	return of.auth, ok && time.Now().Before(of.until)
}

func (g *passwordGuard) remember(sum [sha256.Size]byte, auth client.AuthData) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if len(g.known) >= maxKnown {
		clear(g.known)
	}
	g.known[sum] = knownClient{time.Now().Add(knownFor), auth}
}
