// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package dashboardextension

import (
	"encoding/json"
	"math"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A sum is written as somebody would write it who adds decimal numbers.
func TestDollars(t *testing.T) {
	tenth, fifth := 0.1, 0.2
	sum := tenth + fifth
	written, err := json.Marshal(struct {
		Sum  dollars
		None *dollars
		Zero dollars
		Tiny dollars
	}{Sum: dollars(sum), Tiny: 2.5e-12})
	require.NoError(t, err)
	assert.Equal(t, `{"Sum":0.3,"None":null,"Zero":0,"Tiny":2.5e-12}`, string(written))
	assert.Equal(t, "0.3", decimal(&sum))
	for _, v := range []float64{1234567.89012345, math.MaxFloat64, -math.MaxFloat64, math.SmallestNonzeroFloat64} {
		assert.InEpsilon(t, v, exact(v), 1e-14)
	}
	assert.InDelta(t, 1234567.89012345, exact(1234567.89012345), 0)
}
