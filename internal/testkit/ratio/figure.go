// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package ratio

import "fmt"

// Figure is a ratio that a later measurement is compared with.
type Figure struct {
	Name   string  `json:"name"`
	Median float64 `json:"median"`
	// Low and High are the second smallest and the second largest measurement: its noise.
	Low  float64 `json:"low"`
	High float64 `json:"high"`
}

// NewFigure sums a sample up.
func NewFigure(name string, s Sample) Figure {
	inner := s.inner()
	return Figure{Name: name, Median: s.Median(), Low: inner[0], High: inner[len(inner)-1]}
}

// minNoise is how far two measurements of the same may be apart on a quiet machine, as a share.
const minNoise = 0.05

// Check returns an error if a measurement is beyond the noise of both: even what is low of it
// is above what was high.
func (f Figure) Check(measured Figure) error {
	if limit := max(f.High, f.Median*(1+minNoise)); measured.Low > limit {
		return fmt.Errorf("%s: %.3f [%.3f–%.3f], which was %.3f [%.3f–%.3f]",
			f.Name, measured.Median, measured.Low, measured.High, f.Median, f.Low, f.High)
	}
	return nil
}
