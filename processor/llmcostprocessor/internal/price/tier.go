// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package price

// Tier is how a provider was asked to serve a call, which can change its price.
type Tier uint8

// The tiers that have prices of their own.
const (
	Standard Tier = iota
	Batch
	Flex
	Priority
	Fast
	Ultrafast
	tiers

	// Scale is capacity that is paid by the hour: its calls cost nothing each.
	Scale = tiers
	// Other is a tier that is not known.
	Other = tiers + 1
)

var tierNames = [...]string{
	Standard: "standard", Batch: "batch", Flex: "flex", Priority: "priority", Fast: "fast", Ultrafast: "ultrafast",
	Scale: "scale", Other: "other",
}

func (t Tier) String() string { return tierNames[t] }

// tiersByName has the tiers as providers write them, in the form of squeeze.
var tiersByName = map[string]Tier{
	"": Standard, "standard": Standard, "default": Standard, "auto": Standard, "normal": Standard, "standardonly": Standard, "ondemand": Standard, "unspecified": Standard, "servicetierunspecified": Standard, "servicetierdefault": Standard,
	"batch": Batch, "batches": Batch, "batchapi": Batch,
	"flex": Flex, "servicetierflex": Flex,
	"priority": Priority, "servicetierpriority": Priority, "performance": Priority,
	"fast": Fast, "ultrafast": Ultrafast,
	"scale": Scale, "provisioned": Scale, "provisionedthroughput": Scale, "ptu": Scale, "reserved": Scale,
}

// TierOf reads a tier as providers write it.
func TierOf(name string) Tier {
	if name == "" {
		return Standard
	}
	if tier, known := tiersByName[squeeze(name)]; known {
		return tier
	}
	return Other
}

// priced reports whether sellers may have prices of their own for the tier.
func (t Tier) priced() bool { return t != Standard && t < tiers }
