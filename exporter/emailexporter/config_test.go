// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package emailexporter

import (
	"fmt"
	"os"
	"regexp"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/confmap"
	"go.opentelemetry.io/collector/confmap/provider/envprovider"
	"go.opentelemetry.io/collector/confmap/provider/yamlprovider"
)

// load reads a configuration as the collector does, variables and all.
func load(t *testing.T, yaml string) *Config {
	t.Helper()
	resolver, err := confmap.NewResolver(confmap.ResolverSettings{
		URIs:              []string{"yaml:" + yaml},
		ProviderFactories: []confmap.ProviderFactory{yamlprovider.NewFactory(), envprovider.NewFactory()},
		DefaultScheme:     "env",
	})
	require.NoError(t, err)
	parsed, err := resolver.Resolve(t.Context())
	require.NoError(t, err)
	require.NoError(t, resolver.Shutdown(t.Context()))
	sub, err := parsed.Sub("exporters::email")
	require.NoError(t, err)
	cfg := createDefaultConfig().(*Config)
	require.NoError(t, sub.Unmarshal(cfg))
	return cfg
}

func readmeExamples(t *testing.T) []string {
	t.Helper()
	readme, err := os.ReadFile("README.md")
	require.NoError(t, err)
	var examples []string
	for _, found := range regexp.MustCompile("(?s)```yaml\n(.*?)```").FindAllSubmatch(readme, -1) {
		examples = append(examples, string(found[1]))
	}
	require.Len(t, examples, 2)
	return examples
}

func TestReadmeExamplesAreOffByDefault(t *testing.T) {
	for _, example := range readmeExamples(t) {
		cfg := load(t, example)
		require.NoError(t, confmap.Validate(cfg))
		assert.Empty(t, cfg.Server)
		assert.Equal(t, 587, cfg.Port)
	}
}

func TestReadmeExamplesReadTheEnvironment(t *testing.T) {
	t.Setenv("SMTP_SERVER", "mail.example")
	t.Setenv("SMTP_PORT", "2525")
	t.Setenv("SMTP_USER", user)
	t.Setenv("SMTP_PASSWORD", "0123")
	t.Setenv("SMTP_TO", "ops@arc.example, Boss <boss@arc.example>")
	for _, example := range readmeExamples(t) {
		cfg := load(t, example)
		require.NoError(t, confmap.Validate(cfg))
		assert.Equal(t, "mail.example", cfg.Server)
		assert.Equal(t, 2525, cfg.Port)
		assert.Equal(t, user, cfg.Username)
		assert.Equal(t, "0123", string(cfg.Password))
		e, err := newEnvelope(cfg)
		require.NoError(t, err)
		require.Len(t, e.to, 2)
		assert.Equal(t, "boss@arc.example", e.to[1].Address)
	}
}

func TestEmptyVariablesAreAsNone(t *testing.T) {
	for _, name := range []string{"SMTP_SERVER", "SMTP_PORT", "SMTP_USER", "SMTP_PASSWORD", "SMTP_FROM", "SMTP_TO"} {
		t.Setenv(name, "")
	}
	for _, example := range readmeExamples(t) {
		cfg := load(t, example)
		require.NoError(t, confmap.Validate(cfg))
		assert.Empty(t, cfg.Server)
	}
	t.Setenv("SMTP_SERVER", "mail.example")
	t.Setenv("SMTP_USER", user)
	t.Setenv("SMTP_PASSWORD", secret)
	for _, example := range readmeExamples(t)[:1] {
		cfg := load(t, example)
		require.NoError(t, confmap.Validate(cfg))
		e, err := newEnvelope(cfg)
		require.NoError(t, err)
		assert.Equal(t, user, e.to[0].Address)
	}
}

// A user name that is no address, as many services give, needs a variable alone.
func TestSenderOfTheEnvironment(t *testing.T) {
	t.Setenv("SMTP_SERVER", "mail.example")
	t.Setenv("SMTP_USER", "apikey")
	t.Setenv("SMTP_PASSWORD", secret)
	smallest := readmeExamples(t)[0]
	require.ErrorContains(t, confmap.Validate(load(t, smallest)), "from: must not be empty")
	t.Setenv("SMTP_FROM", "Arc <arc@arc.example>")
	cfg := load(t, smallest)
	require.NoError(t, confmap.Validate(cfg))
	e, err := newEnvelope(cfg)
	require.NoError(t, err)
	assert.Equal(t, "arc@arc.example", e.from.Address)
	assert.Equal(t, "arc@arc.example", e.to[0].Address)
}

func TestModeFollowsThePort(t *testing.T) {
	for _, test := range []struct {
		set  string
		port int
		want string
	}{
		{tlsAuto, 465, tlsImplicit},
		{tlsAuto, 587, tlsStartTLS},
		{tlsAuto, 25, tlsStartTLS},
		{tlsAuto, 0, tlsStartTLS},
		{tlsStartTLS, 465, tlsStartTLS},
		{tlsImplicit, 587, tlsImplicit},
		{tlsNone, 465, tlsNone},
	} {
		assert.Equal(t, test.want, (&Config{Server: "mail.example", TLSMode: test.set, Port: test.port}).mode(), "%v", test)
	}
}

func TestModeOfALocalRelay(t *testing.T) {
	for host, want := range map[string]string{"localhost": tlsLocal, "127.0.0.1": tlsLocal, "::1": tlsLocal, "localhost.example": tlsStartTLS} {
		assert.Equal(t, want, (&Config{Server: host, TLSMode: tlsAuto, Port: 25}).mode(), host)
	}
	assert.Equal(t, tlsStartTLS, (&Config{Server: "localhost", TLSMode: tlsStartTLS}).mode())
}

func TestRecipientsInOneText(t *testing.T) {
	t.Setenv("SMTP_TO", "ops@arc.example,boss@arc.example")
	cfg := load(t, "exporters: {email: {from: a@arc.example, to: '${env:SMTP_TO}'}}")
	require.NoError(t, confmap.Validate(cfg))
	e, err := newEnvelope(cfg)
	require.NoError(t, err)
	assert.Len(t, e.to, 2)
}

func TestEveryMistakeIsNamed(t *testing.T) {
	cfg := createDefaultConfig().(*Config)
	cfg.Server = "smtp://mail.example:25"
	cfg.Port = 70000
	cfg.Password = secret
	cfg.Auth = "ntlm"
	cfg.TLSMode = "ssl"
	cfg.TLS.Insecure = true
	cfg.From = "nobody"
	cfg.To = []string{"ops@arc.example", "x@y\r\nBcc: z@y"}
	cfg.Cc = []string{"@"}
	cfg.Bcc = []string{"a@b c@d"}
	cfg.Severities = []string{"catastrophic"}
	cfg.Timeout = 0
	err := cfg.Validate()
	for _, key := range []string{
		"server:", "port:", "auth:", "tls_mode:", "tls::insecure:", "from:", "to::1:", "cc::0:", "bcc::0:", "severities::0:", "timeout:",
	} {
		assert.ErrorContains(t, err, key)
	}
	assert.NotContains(t, err.Error(), secret)
}

func TestMistakesOfAServer(t *testing.T) {
	for name, test := range map[string]struct {
		change func(*Config)
		want   string
	}{
		"readable to others":         {func(c *Config) { c.TLSMode = tlsNone }, "tls_mode: none is for a server on this machine"},
		"looks like this machine":    {func(c *Config) { c.Server, c.TLSMode = "localhost.example", tlsNone }, "tls_mode: none"},
		"password of nobody":         {func(c *Config) { c.Username, c.From = "", user }, "username: must not be empty"},
		"nobody to authenticate":     {func(c *Config) { c.Username, c.Password, c.From, c.Auth = "", "", user, "plain" }, "username: must not be empty"},
		"no password":                {func(c *Config) { c.Password = "" }, "password: must not be empty"},
		"username is not an address": {func(c *Config) { c.Username = "apikey" }, "from: must not be empty when username is not an address"},
		"port in server":             {func(c *Config) { c.Server = "mail.example:587" }, "server: must be a host name or address without port"},
	} {
		t.Run(name, func(t *testing.T) {
			cfg := createDefaultConfig().(*Config)
			cfg.Server, cfg.Username, cfg.Password = "mail.example", user, secret
			require.NoError(t, cfg.Validate())
			test.change(cfg)
			err := cfg.Validate()
			require.ErrorContains(t, err, test.want)
			assert.NotContains(t, err.Error(), secret)
		})
	}
}

func TestReadableToThisMachine(t *testing.T) {
	for _, host := range []string{"localhost", "LOCALHOST", "127.0.0.1", "127.1.2.3", "::1"} {
		cfg := createDefaultConfig().(*Config)
		cfg.Server, cfg.From, cfg.TLSMode = host, user, tlsNone
		assert.NoError(t, cfg.Validate(), host)
	}
}

func TestSecretIsNotPrinted(t *testing.T) {
	cfg := createDefaultConfig().(*Config)
	cfg.Password = secret
	assert.NotContains(t, fmt.Sprintf("%v %+v %#v", cfg, cfg, cfg.Password), secret)
}
