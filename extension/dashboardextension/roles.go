// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package dashboardextension

import (
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"

	"go.opentelemetry.io/collector/client"
)

// Role is what a client of the dashboard may do.
type Role string

// The roles.
const (
	// RoleFull is all that the configuration allows.
	RoleFull Role = "full"
	// RoleRead is everything but changes.
	RoleRead Role = "read"
	// RoleSilence is alerts, rules and silences, and nothing of usage and calls.
	RoleSilence Role = "silence"
)

// ranks order roles: of several, the highest counts.
var ranks = map[Role]int{RoleSilence: 1, RoleRead: 2, RoleFull: 3}

// RolesConfig sets who may do what, by what the authenticator of the server reports of clients.
type RolesConfig struct {
	// Attribute is that of authenticated clients which names them in roles: as the
	// authenticator has it, username of basicauth, subject or membership of oidc. It may have
	// several values. Default: the first of username and subject that there is.
	Attribute string `mapstructure:"attribute"`

	// Default is the role of clients that are not named: full, read (everything but changes) or
	// silence (alerts, rules and silences alone). Default: full.
	Default Role `mapstructure:"default"`

	// Clients are the roles of those that are named. Of several, the highest counts.
	// Default: none.
	Clients map[string]Role `mapstructure:"clients"`

	// Private are dimensions, such as user.id, whose values are replaced by pseudonyms on pages,
	// in the API and in files. They are others after each start. Default: none.
	Private []string `mapstructure:"private"`

	// SeePrivate are the clients that see these values. Default: none.
	SeePrivate []string `mapstructure:"see_private"`

	_ struct{}
}

func (c *RolesConfig) isSet() bool {
	return c.Attribute != "" || c.Default != "" || len(c.Clients) > 0 || len(c.Private) > 0 || len(c.SeePrivate) > 0
}

// validate reports which keys hold values that cannot work.
func (c *RolesConfig) validate(authenticates bool) error {
	if !c.isSet() {
		return nil
	}
	var errs []error
	if !authenticates {
		errs = append(errs, errors.New("roles: requires auth, without which nobody is known"))
	}
	check := func(key string, role Role) {
		if _, known := ranks[role]; !known {
			errs = append(errs, fmt.Errorf("roles::%s: must be full, read or silence, is %q", key, role))
		}
	}
	if c.Default != "" {
		check("default", c.Default)
	}
	for _, name := range slices.Sorted(maps.Keys(c.Clients)) {
		check("clients::"+name, c.Clients[name])
	}
	for i, name := range c.Private {
		if strings.TrimSpace(name) == "" {
			errs = append(errs, fmt.Errorf("roles::private::%d: is empty", i))
		}
	}
	if len(c.SeePrivate) > 0 && len(c.Private) == 0 {
		errs = append(errs, errors.New("roles::see_private: nothing is private"))
	}
	return errors.Join(errs...)
}

// viewer is what a client may do and see.
type viewer struct {
	role  Role
	clear bool // private values, too
}

// viewers are all that there can be.
func (c *RolesConfig) viewers() []viewer {
	var all []viewer
	for role := range ranks {
		all = append(all, viewer{role, true}, viewer{role, false})
	}
	return all
}

// viewerOf is what the client of a request may do and see.
func (c *RolesConfig) viewerOf(r *http.Request) viewer {
	v := viewer{role: "", clear: len(c.Private) == 0}
	for _, name := range c.namesOf(client.FromContext(r.Context())) {
		if role, named := c.Clients[name]; named && ranks[role] > ranks[v.role] {
			v.role = role
		}
		v.clear = v.clear || slices.Contains(c.SeePrivate, name)
	}
	if v.role == "" {
		v.role = c.Default
	}
	if v.role == "" {
		v.role = RoleFull
	}
	return v
}

// namesOf are the names of an authenticated client.
func (c *RolesConfig) namesOf(info client.Info) []string {
	if info.Auth == nil {
		return nil
	}
	attributes := []string{"username", "subject"}
	if c.Attribute != "" {
		attributes = []string{c.Attribute}
	}
	for _, attribute := range attributes {
		switch value := info.Auth.GetAttribute(attribute).(type) {
		case string:
			if value != "" {
				return []string{value}
			}
		case []string:
			return value
		}
	}
	return nil
}

// byRole has each request handled as its client may see it.
func (b *dashboardServer) byRole(roles *RolesConfig) http.Handler {
	if !roles.isSet() {
		return b.routes()
	}
	p := newPseudonyms(roles.Private)
	handlers := map[viewer]http.Handler{}
	for _, v := range roles.viewers() {
		handlers[v] = b.as(v, p).routes()
		if v.role == RoleSilence {
			handlers[v] = b.withoutUsage(handlers[v])
		}
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		handlers[roles.viewerOf(r)].ServeHTTP(w, r)
	})
}

// as is the dashboard as a viewer sees it.
func (b *dashboardServer) as(v viewer, p *pseudonyms) *dashboardServer {
	cfg := *b.cfg
	cfg.Writable = cfg.Writable && v.role != RoleRead
	view := &dashboardServer{
		cfg: &cfg, set: b.set, now: b.now, zone: b.zone, started: b.started, terminal: b.terminal,
		usage: b.usage, alerts: b.alerts, problems: b.problems, traffic: b.traffic,
	}
	if !v.clear {
		view.usage, view.alerts = b.usage.through(p.hideUsage), b.alerts.through(p.hideAlerts)
	}
	return view
}

// silencePaths are what the role silence has, and what is below them where they end with /.
var silencePaths = []string{
	"/alerts", "/rules", "/rule", "/silences", "/silences/", "/assets/", "/favicon.ico", "/api/alerts", "/api/alerts/", "/api/rules", "/api/rules/",
	"/api/channels", "/api/silences", "/api/silences/", "/api/health", "/api/openapi.yaml", "/api/v2/",
}

// withoutUsage allows alerts, rules and silences alone.
func (b *dashboardServer) withoutUsage(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		allowed := slices.ContainsFunc(silencePaths, func(path string) bool {
			return r.URL.Path == path || strings.HasSuffix(path, "/") && strings.HasPrefix(r.URL.Path, path)
		})
		switch {
		case allowed:
			next.ServeHTTP(w, r)
		case r.URL.Path == "/" && r.Method == http.MethodGet:
			http.Redirect(w, r, "/alerts", http.StatusSeeOther)
		default:
			b.fail(w, &failure{forbidden, errors.New("your role has alerts, rules and silences alone")})
		}
	})
}
