// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package emailexporter

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/otelcol-arc/otelcol-arc/internal/testkit/alerts"
)

// A receiver has recipients of its own.
func TestReceivers(t *testing.T) {
	e, server := start(t, func(cfg *Config) {
		cfg.Cc = []string{"boss@arc.example"}
		cfg.Receivers = map[string]ReceiverConfig{"payments": {To: []string{"payments@arc.example, cfo@arc.example"}}}
	})
	alert := alerts.Firing()
	alert.Receiver = "payments"
	e.Deliver(t, alert)
	alert.Receiver = ""
	e.Deliver(t, alert)
	e.Finish(t, server.Inbox, 2, secret)
	assert.Equal(t, []string{"payments@arc.example", "cfo@arc.example"}, server.Emails()[0].To)
	assert.Equal(t, []string{"ops@arc.example", "boss@arc.example"}, server.Emails()[1].To)
}

func TestInvalidReceivers(t *testing.T) {
	cfg := createDefaultConfig().(*Config)
	cfg.Receivers = map[string]ReceiverConfig{"a": {To: []string{" "}}, "b": {To: []string{"x@y.example"}, Bcc: []string{"nobody"}}}
	err := cfg.Validate()
	assert.ErrorContains(t, err, "receivers::a::to: must not be empty")
	assert.ErrorContains(t, err, "receivers::b::bcc::0: must be an address")
}
