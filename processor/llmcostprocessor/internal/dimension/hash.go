// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package dimension

import (
	"crypto/sha256"
	"encoding/hex"
)

// hashedBytes are those of a hash that are kept: with a million values, two have the
// same with a probability of 1 in 37 million.
const hashedBytes = 8

// Hash stands for a value, and is the same in every process. Whoever can guess the value
// can confirm it.
func Hash(value string) string {
	sum := sha256.Sum256([]byte(value))
	return hex.EncodeToString(sum[:hashedBytes])
}
