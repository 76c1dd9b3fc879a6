// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package price

import "strings"

// Tier is how a provider was asked to serve a call, which can change its price.
type Tier uint8

// The tiers that have prices of their own.
const (
	Standard Tier = iota
	Batch
	Flex
	Priority
	tiers
)

var tierNames = [tiers]string{Standard: "standard", Batch: "batch", Flex: "flex", Priority: "priority"}

func (t Tier) String() string { return tierNames[t] }

// TierOf reads a tier as providers write it. What is not known, auto and
// default among it, is the standard tier.
func TierOf(name string) Tier {
	for tier := Batch; tier < tiers; tier++ {
		if strings.EqualFold(name, tierNames[tier]) {
			return tier
		}
	}
	return Standard
}
