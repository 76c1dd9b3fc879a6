// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/crypto/bcrypt"

	"github.com/otelcol-arc/otelcol-arc/internal/testkit/collector"
)

// Three people log in to the dashboard of a running collector: each may do what their role allows,
// and one of them sees who the users of the calls are.
func TestRolesOfARunningCollector(t *testing.T) {
	t.Parallel()
	hash, err := bcrypt.GenerateFromPassword([]byte(password), bcrypt.MinCost)
	require.NoError(t, err)
	var users strings.Builder
	for _, name := range []string{"finops", "oncall", "developer"} {
		users.WriteString(name + ":" + string(hash) + "\n")
	}
	file := filepath.Join(t.TempDir(), "users")
	require.NoError(t, os.WriteFile(file, []byte(users.String()), 0o600))
	p, set := quick(t)
	process := collector.Start(t, collector.Options{
		Configs: []string{"config/default.yaml", `yaml:
extensions:
  basicauth/page:
    htpasswd: {file: ` + file + `}
  dashboard:
    auth: {authenticator: basicauth/page}
    roles:
      default: read
      clients: {finops: full, oncall: silence}
      private: [user.id]
      see_private: [finops]
service:
  extensions: [basicauth/page]
`},
		Merge: true,
		Set:   append(set, "exporters::prometheus::endpoint="+p.page),
	})
	require.True(t, postTraces(t.Context(), "http://"+p.http+"/v1/traces", callOf(t, 1, 0)))
	ask := func(user, method, path, body string) (status int, text string) {
		request, err := http.NewRequestWithContext(t.Context(), method, "http://"+p.dashboard+path, strings.NewReader(body))
		require.NoError(t, err)
		request.Header.Set("Content-Type", "application/json")
		request.SetBasicAuth(user, password)
		response, err := http.DefaultClient.Do(request)
		require.NoError(t, err)
		defer response.Body.Close()
		content, err := io.ReadAll(response.Body)
		require.NoError(t, err)
		return response.StatusCode, string(content)
	}
	silence := `{"matchers":["alertname=\"X\""],"endsAt":"` + time.Now().Add(time.Hour).UTC().Format(time.RFC3339) + `","createdBy":"e2e","comment":"seen"}`
	for range 2 { // the second time the password is not checked again
		for user, want := range map[string][3]int{"finops": {200, 200, 200}, "oncall": {403, 200, 200}, "developer": {200, 200, 403}} {
			usage, csv := ask(user, http.MethodGet, "/api/usage?by=user.id&format=csv", "")
			alerts, _ := ask(user, http.MethodGet, "/alerts", "")
			silences, _ := ask(user, http.MethodPost, "/api/silences", silence)
			assert.Equal(t, want, [3]int{usage, alerts, silences}, user)
			assert.Equal(t, user == "finops", strings.Contains(csv, "ada"), csv)
			assert.Equal(t, user == "developer", strings.Contains(csv, "hidden-"), csv)
		}
	}
	process.Terminate(t, 20*time.Second)
}
