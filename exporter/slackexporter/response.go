// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package slackexporter

import (
	"fmt"
	"slices"

	"go.opentelemetry.io/collector/consumer/consumererror"

	"github.com/otelcol-arc/otelcol-arc/internal/notify"
)

// retryableCodes are the errors that Slack documents as its own failures or as
// throttling: the same message can be accepted later. All others are permanent.
// https://docs.slack.dev/reference/methods/chat.postMessage#errors
// https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks#handling_errors
var retryableCodes = []string{
	"fatal_error",
	"internal_error",
	"message_limit_exceeded",
	"rate_limited",
	"ratelimited",
	"request_timeout",
	"rollup_error",
	"service_unavailable",
	"team_added_to_org",
}

// goneCodes are the errors for a message that was deleted or accepts no replies: the
// next change is another message.
var goneCodes = []string{
	"cannot_reply_to_message", "message_not_found", "restricted_action_thread_locked",
	"restricted_action_thread_only_channel", "thread_not_found",
}

// channelCodes are the errors by which Slack rejects the token, the webhook or the
// channel, and not the message: waiting alerts are kept until that is fixed.
var channelCodes = []string{
	"access_denied", "accesslimited", "account_inactive", "action_prohibited", "channel_is_archived", "channel_not_found",
	"deprecated_endpoint", "ekm_access_denied", "enterprise_is_restricted", "invalid_auth", "invalid_token", "is_archived",
	"method_deprecated", "missing_scope", "no_active_hooks", "no_permission", "no_service", "no_service_id", "no_team",
	"not_allowed_token_type", "not_authed", "not_in_channel", "org_login_required", "posting_to_general_channel_denied",
	"restricted_action", "restricted_action_read_only_channel", "team_access_not_granted", "team_disabled",
	"token_expired", "token_revoked", "two_factor_setup_required",
}

// maxCode bounds the part of a response that an error quotes, in runes.
const maxCode = 200

// refusal is an error code in a response with status 200.
type refusal struct {
	// what is the method that was called, or "webhook".
	what, code string
}

// Error names both.
func (r *refusal) Error() string {
	return fmt.Sprintf("%s: status 200: %s", r.what, notify.Truncate(notify.Clean(r.code), maxCode))
}

// Unwrap is [notify.ErrRefused].
func (*refusal) Unwrap() error { return notify.ErrRefused }

// refusalError is the error for a code, permanent unless it passes.
func refusalError(what, code string) error {
	err := &refusal{what: what, code: code}
	if slices.Contains(retryableCodes, code) {
		return err
	}
	if slices.Contains(channelCodes, code) {
		return consumererror.NewPermanent(fmt.Errorf("%w: %w", notify.ErrChannel, err))
	}
	return consumererror.NewPermanent(err)
}
