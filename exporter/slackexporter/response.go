// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package slackexporter

import (
	"fmt"
	"slices"

	"go.opentelemetry.io/collector/consumer/consumererror"

	"github.com/otelcol-arc/otelcol-arc/internal/notify"
)

// passing are the errors that Slack documents as its own or as asking for
// patience: the same message can be taken later. Every other one, known or not,
// would be the answer again: invalid_auth, channel_not_found, invalid_blocks, ….
// https://docs.slack.dev/reference/methods/chat.postMessage#errors
// https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks#handling_errors
var passing = []string{
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

// isGone are the errors that say that nobody can answer to a message, or that it
// cannot be seen: what happens next is told in another one.
var isGone = []string{
	"cannot_reply_to_message", "message_not_found", "restricted_action_thread_locked",
	"restricted_action_thread_only_channel", "thread_not_found",
}

// maxCode bounds what an error quotes of an answer, in runes.
const maxCode = 200

// refusal is an error that Slack names in an answer with status 200.
type refusal struct {
	// what was asked for: a method, or "webhook"
	what, code string
}

// Error names both.
func (r *refusal) Error() string {
	return fmt.Sprintf("%s: status 200: %s", r.what, notify.Truncate(notify.Clean(r.code), maxCode))
}

// Unwrap says that it was Slack that refused.
func (*refusal) Unwrap() error { return notify.ErrRefused }

// refused is the error for a code, permanent unless it passes.
func refused(what, code string) error {
	err := &refusal{what: what, code: code}
	if slices.Contains(passing, code) {
		return err
	}
	return consumererror.NewPermanent(err)
}
