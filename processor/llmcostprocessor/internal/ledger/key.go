// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package ledger

import (
	"strings"
	"unicode/utf8"

	"github.com/otelcol-arc/otelcol-arc/internal/dashboard"
)

// MaxDimensions is how many dimensions there may be.
const MaxDimensions = 12

// Dimensions are values in the order of the configuration; "" for none.
type Dimensions [MaxDimensions]string

// known returns the values up to the last that is not empty.
func (d *Dimensions) known() []string {
	n := len(d)
	for n > 0 && d[n-1] == "" {
		n--
	}
	return d[:n]
}

// Overflow stands for the models and dimensions beyond a limit.
const Overflow = dashboard.Overflow

// Key names a row within its hour.
type Key struct {
	// Provider is as calls name it; "" where they do not, and in rows that a version
	// before has stored.
	Provider   string     `json:"provider,omitempty"`
	Model      string     `json:"model"`
	Dimensions Dimensions `json:"dimensions"`
}

// overflowKey is that of the one row of an hour that does not count toward the
// limit. No other row is of the model Overflow.
var overflowKey = Key{Model: Overflow}

func (c *Call) key() Key {
	key := Key{Provider: Shorten(c.Provider), Model: c.Model, Dimensions: c.Dimensions}
	for i, value := range key.Dimensions {
		key.Dimensions[i] = Shorten(value)
	}
	return key
}

// clone copies the texts out of the telemetry that they are parts of.
func (k Key) clone() Key {
	k.Provider, k.Model = strings.Clone(k.Provider), strings.Clone(k.Model)
	for i, value := range k.Dimensions {
		k.Dimensions[i] = strings.Clone(value)
	}
	return k
}

// MaxValueBytes bounds the value of a dimension.
const MaxValueBytes = 256

// Shorten cuts a value that is longer, between two characters.
func Shorten(value string) string {
	if len(value) <= MaxValueBytes {
		return value
	}
	end := MaxValueBytes
	for end > 0 && !utf8.RuneStart(value[end]) {
		end--
	}
	return value[:end]
}
