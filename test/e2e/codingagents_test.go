// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-arc/otelcol-arc/internal/testkit/collector"
)

// agentLog is a log record of a coding agent, with resource attributes and its own.
func agentLog(scope, resource, attributes string) string {
	return fmt.Sprintf(`{"resourceLogs":[{"resource":{"attributes":[%s]},"scopeLogs":[{"scope":{"name":%q},"logRecords":[{"timeUnixNano":"%d","attributes":[%s]}]}]}]}`,
		resource, scope, time.Now().UnixNano(), attributes)
}

func intAttribute(key string, value int) string {
	return fmt.Sprintf(`{"key":%q,"value":{"intValue":"%d"}}`, key, value)
}

// What three coding agents spend is in metrics by user, organization, team and session,
// under whatever names each has them; policies/usage.yaml records it by service.
func TestCodingAgents(t *testing.T) {
	p, options := adding(t, []string{"policies/usage.yaml", "sources/coding-agents.yaml"})
	process := collector.Start(t, options)
	for _, body := range []string{
		agentLog("com.anthropic.claude_code.events", stringAttribute("service.name", "claude-code")+","+stringAttribute("team.id", "platform"),
			stringAttribute("event.name", "api_request")+","+stringAttribute("model", "claude-sonnet-4-5-20250929")+","+
				stringAttribute("input_tokens", "1000")+","+stringAttribute("output_tokens", "500")+","+
				stringAttribute("session.id", "s1")+","+stringAttribute("organization.id", "acme")+","+stringAttribute("user.email", "ada@example.com")+","+stringAttribute("user.id", "0123456789abcdef")),
		agentLog("codex_cli_rs", stringAttribute("service.name", "codex_cli_rs")+","+stringAttribute("team", "search")+","+stringAttribute("organization.id", "acme"),
			stringAttribute("event.name", "codex.sse_event")+","+stringAttribute("event.kind", "response.completed")+","+stringAttribute("model", "gpt-5")+","+
				intAttribute("input_token_count", 1000)+","+intAttribute("output_token_count", 200)+","+
				stringAttribute("conversation.id", "c1")+","+stringAttribute("user.account_id", "account-7")),
		agentLog("gemini-cli", stringAttribute("service.name", "gemini-cli")+","+stringAttribute("department", "research"),
			stringAttribute("event.name", "gemini_cli.api_response")+","+stringAttribute("model", "gemini-2.5-pro")+","+
				intAttribute("input_token_count", 1000)+","+intAttribute("output_token_count", 200)+","+intAttribute("total_token_count", 1200)+","+
				stringAttribute("session.id", "g1")+","+stringAttribute("installation.id", "installation-1")),
	} {
		require.Equal(t, 200, postOTLP(t, "http://"+p.http+"/v1/logs", body))
	}
	require.EventuallyWithT(t, func(c *assert.CollectT) {
		found := scrape(c, "http://"+p.page+"/metrics")
		for _, want := range []string{
			`{__name__="arc_llm_usage_calls", model="claude-sonnet-4-5", organization="acme", service_name="claude-code", session="s1", team="platform", user_id="ada@example.com"}`,
			`{__name__="arc_llm_usage_calls", model="gpt-5", organization="acme", service_name="codex_cli_rs", session="c1", team="search", user_id="account-7"}`,
			`{__name__="arc_llm_usage_calls", model="gemini-2.5-pro", service_name="gemini-cli", session="g1", team="research", user_id="installation-1"}`,
		} {
			assert.Equal(c, 1.0, found[want], "%s in %v", want, found)
		}
	}, 60*time.Second, 200*time.Millisecond)
	process.Terminate(t, 20*time.Second)
}
