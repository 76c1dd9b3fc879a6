// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package metricguardprocessor

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestValidate(t *testing.T) {
	require.NoError(t, createDefaultConfig().(*Config).Validate())
	err := (&Config{MaxBuckets: 0, MaxAttributes: -1}).Validate()
	require.Error(t, err)
	assert.Equal(t, "max_buckets: must be positive, is 0\nmax_attributes: must be positive, is -1", err.Error())
}
