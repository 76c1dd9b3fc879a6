// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestVersion(t *testing.T) {
	var out bytes.Buffer
	command := newCommand()
	command.SetOut(&out)
	command.SetArgs([]string{"--version"})
	require.NoError(t, command.Execute())
	assert.Regexp(t, `^arctool unreleased
commit: \S+
Collector: v0\.\d+\.\d+
built-in prices: \d{4} models of 20\d\d-\d\d-\d\d
$`, out.String())
}
