// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package dashboardextension

import (
	"encoding/json"
	"strconv"
)

// dollars is an amount of money in JSON, without the noise of floating point.
type dollars float64

// MarshalJSON writes a number.
func (d dollars) MarshalJSON() ([]byte, error) { return json.Marshal(exact(float64(d))) }

// exactDigits is how many digits a float64 holds of any decimal number.
const exactDigits = 15

// exact drops what a sum of float64 has behind them: that of 0.1 and 0.2 is 0.3, and not
// 0.30000000000000004.
func exact(v float64) float64 {
	rounded, err := strconv.ParseFloat(strconv.FormatFloat(v, 'g', exactDigits, 64), 64)
	if err != nil {
		return v // it overflows
	}
	return rounded
}
