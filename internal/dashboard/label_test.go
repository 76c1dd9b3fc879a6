// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package dashboard

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestLabelsAreAsPrometheusWritesThem(t *testing.T) {
	for name, want := range map[string]string{
		"service.name": "service_name", "team": "team", "a-b/c": "a_b_c", "0a": "_0a", "größe": "gr__e",
		"model": "exported_model", "provider": "exported_provider", "__x": "exported___x", "x:y": "x_y",
	} {
		assert.Equal(t, want, MetricLabel(name), name)
	}
}
