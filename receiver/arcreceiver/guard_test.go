// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package arcreceiver

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/assert"
	"go.opentelemetry.io/collector/config/confighttp"
	"go.opentelemetry.io/collector/config/configoptional"
)

// What a web page can make a browser send without asking, with the content types
// that need no preflight request, is refused, and no event of it is accepted.
func TestCrossOrigin(t *testing.T) {
	for name, tt := range map[string]struct {
		headers []string
		status  int
	}{
		"client that is no browser": {nil, http.StatusOK},
		"fetch in no-cors mode":     {[]string{"Sec-Fetch-Site", "cross-site", "Content-Type", "text/plain", "Origin", "https://attacker.example"}, http.StatusForbidden},
		"form":                      {[]string{"Content-Type", "application/x-www-form-urlencoded", "Sec-Fetch-Site", "cross-site", "Origin", "https://attacker.example"}, http.StatusForbidden},
		"form, older browser":       {[]string{"Content-Type", "text/plain", "Origin", "https://attacker.example"}, http.StatusForbidden},
		"beacon without a type":     {[]string{"Origin", "null"}, http.StatusForbidden},
		"page of this machine":      {[]string{"Sec-Fetch-Site", "same-site", "Origin", "http://localhost:3000"}, http.StatusForbidden},
	} {
		t.Run(name, func(t *testing.T) {
			for _, path := range []string{eventsPath, exportPath} {
				r := newRig(t)
				recorder := r.post(path, logLine, tt.headers...)
				assert.Equal(t, tt.status, recorder.Code)
				if tt.status != http.StatusOK {
					assert.Empty(t, r.logs.got)
					assert.Equal(t, response{Error: "the request comes from another site; origins are allowed by cors::allowed_origins"}, responseOf(t, recorder))
				}
			}
		})
	}
}

func TestAllowedOriginsAndHosts(t *testing.T) {
	r := newRig(t, func(c *Config) {
		c.HTTP.CORS = configoptional.Some(confighttp.CORSConfig{AllowedOrigins: []string{"https://app.example"}})
		c.AllowedHosts = []string{"arc.example"}
	})
	assert.Equal(t, http.StatusOK, r.post(eventsPath, logLine, "Origin", "https://app.example", "Sec-Fetch-Site", "cross-site").Code)
	assert.Equal(t, http.StatusForbidden, r.post(eventsPath, logLine, "Origin", "https://other.example", "Sec-Fetch-Site", "cross-site").Code)
	assert.Equal(t, http.StatusOK, r.postTo("arc.example:8123", eventsPath, logLine).Code)
	assert.Equal(t, http.StatusMisdirectedRequest, r.postTo("attacker.example:8123", eventsPath, logLine).Code)
}
