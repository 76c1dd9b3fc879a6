// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package notifiers

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Every exporter of this repository that reads alert records is listed. An exporter
// that imports internal/notify does.
func TestFactories(t *testing.T) {
	var want []string
	sources, err := filepath.Glob("../../exporter/*/factory.go")
	require.NoError(t, err)
	for _, source := range sources {
		content, err := os.ReadFile(source)
		require.NoError(t, err)
		if strings.Contains(string(content), "otelcol-arc/internal/notify\"") {
			want = append(want, strings.TrimSuffix(filepath.Base(filepath.Dir(source)), "exporter"))
		}
	}
	require.NotEmpty(t, want)
	assert.Equal(t, want, Types())
}
