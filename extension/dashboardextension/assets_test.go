// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package dashboardextension

import (
	"os"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// docs/dashboard.md gives the size of the script.
func TestSizeOfTheScript(t *testing.T) {
	script, err := os.Stat("assets/page.js")
	require.NoError(t, err)
	assert.LessOrEqual(t, script.Size(), int64(8000))
}
