// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package loadlog

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/assert"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"
)

func TestValidateWritesToTheTerminal(t *testing.T) {
	var terminal bytes.Buffer
	core, logs := observer.New(zap.InfoLevel)
	New(zap.New(core), []string{"otelcol-arc", "--config", "validate"}, &terminal).Warn("by the Collector")
	New(zap.New(core), []string{"otelcol-arc", "validate"}, &terminal).Warn("on the terminal", zap.String("key", "a::b"))
	New(nil, nil, &terminal).Warn("nowhere")
	assert.Equal(t, 1, logs.Len())
	assert.Equal(t, "warn\ton the terminal\t{\"key\": \"a::b\"}\n", terminal.String())
}
