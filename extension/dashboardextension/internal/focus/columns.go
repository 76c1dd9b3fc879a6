// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package focus

import (
	"cmp"
	"encoding/json"
	"math/big"
	"strings"
	"time"

	"github.com/otelcol-arc/otelcol-arc/internal/period"
	"github.com/otelcol-arc/otelcol-arc/internal/usage"
)

// Type is the data type of a column.
type Type uint8

// The data types of the specification.
const (
	String Type = iota
	Decimal
	DateTime
	JSON
)

// Column is a column of the dataset. Value is "" for null.
type Column struct {
	ID    string
	Type  Type
	Value func(*Charge) string
}

func constant(value string) func(*Charge) string { return func(*Charge) string { return value } }

var null = constant("")

// Columns are all, in the order of the specification: those that are mandatory, those
// whose condition applies to usage of models, and those that version 1.0 had as mandatory.
// https://focus.finops.org/focus-specification/v1-2/#columns
var Columns = []Column{
	{"AvailabilityZone", String, null},
	{"BilledCost", Decimal, func(c *Charge) string { return decimal(c.Cost) }},
	{"BillingAccountId", String, func(c *Charge) string { return cmp.Or(c.Account, unknown) }},
	{"BillingAccountName", String, func(c *Charge) string { return cmp.Or(c.Account, unknown) }},
	{"BillingCurrency", String, constant("USD")},
	{"BillingPeriodEnd", DateTime, func(c *Charge) string { return moment(period.Month.Next(c.Start.UTC())) }},
	{"BillingPeriodStart", DateTime, func(c *Charge) string { return moment(period.Month.Floor(c.Start.UTC())) }},
	{"ChargeCategory", String, constant("Usage")},
	{"ChargeClass", String, null}, // no correction
	{"ChargeDescription", String, func(c *Charge) string { return c.Model + ": " + meter(c.Kind) }},
	{"ChargeFrequency", String, constant("Usage-Based")},
	{"ChargePeriodEnd", DateTime, func(c *Charge) string { return moment(c.End) }},
	{"ChargePeriodStart", DateTime, func(c *Charge) string { return moment(c.Start) }},
	{"CommitmentDiscountCategory", String, null},
	{"CommitmentDiscountId", String, null},
	{"CommitmentDiscountName", String, null},
	{"CommitmentDiscountStatus", String, null},
	{"CommitmentDiscountType", String, null},
	{"ConsumedQuantity", Decimal, func(c *Charge) string { return decimal(c.Amount) }},
	{"ConsumedUnit", String, func(c *Charge) string { return unit(c.Kind) }},
	{"ContractedCost", Decimal, func(c *Charge) string { return decimal(c.Cost) }},
	{"ContractedUnitPrice", Decimal, func(c *Charge) string { return decimal(new(big.Rat).Quo(c.Cost, pricingQuantity(c))) }},
	{"EffectiveCost", Decimal, func(c *Charge) string { return decimal(c.Cost) }},
	{"InvoiceId", String, null}, // not associated with an invoice
	{"InvoiceIssuerName", String, func(c *Charge) string { return providerName(c.Provider) }},
	{"ListCost", Decimal, func(c *Charge) string { return decimal(c.ListCost) }},
	{"ListUnitPrice", Decimal, func(c *Charge) string { return decimal(c.ListPrice) }},
	{"PricingCategory", String, constant("Standard")},
	{"PricingCurrency", String, constant("USD")},
	{"PricingQuantity", Decimal, func(c *Charge) string { return decimal(pricingQuantity(c)) }},
	{"PricingUnit", String, func(c *Charge) string { return pricingUnit(c.Kind) }},
	{"ProviderName", String, func(c *Charge) string { return providerName(c.Provider) }},
	{"PublisherName", String, func(c *Charge) string { return publisherName(c.Provider, c.Model) }},
	{"RegionId", String, null},
	{"RegionName", String, null},
	{"ResourceId", String, null},
	{"ResourceName", String, null},
	{"ResourceType", String, null},
	{"ServiceCategory", String, constant("AI and Machine Learning")},
	{"ServiceName", String, func(c *Charge) string { return serviceName(c.Provider) }},
	{"ServiceSubcategory", String, constant("Generative AI")},
	{"SkuId", String, sku},
	{"SkuMeter", String, func(c *Charge) string { return meter(c.Kind) }},
	{"SkuPriceDetails", JSON, func(c *Charge) string {
		return object(map[string]string{"x_Kind": c.Kind.String(), "x_Model": c.Model})
	}},
	{"SkuPriceId", String, sku},
	{"SubAccountId", String, null},
	{"SubAccountName", String, null},
	{"Tags", JSON, func(c *Charge) string { return object(c.Tags) }},
}

func sku(c *Charge) string {
	return cmp.Or(c.Provider, unknown) + "/" + c.Model + "/" + c.Kind.String()
}

// meter is the name of a kind: "Cache Read Tokens", "Images".
func meter(kind usage.Kind) string {
	words := strings.Split(kind.String(), "_")
	for i, word := range words {
		if word != "" {
			words[i] = strings.ToUpper(word[:1]) + word[1:]
		}
	}
	name := strings.Join(words, " ")
	if kind.Info().Unit == usage.Token {
		name += " Tokens"
	}
	return name
}

func pricingQuantity(c *Charge) *big.Rat { return new(big.Rat).Quo(c.Amount, perPricingUnit(c.Kind)) }

func moment(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05Z") }

// decimals are those that are written: products of prices and quantities are then right to
// less than a picodollar.
const decimals = 30

// decimal writes a number without an exponent, a plus sign or needless zeros. It has a decimal,
// so that programs that guess types do not take a column for one of integers.
func decimal(r *big.Rat) string {
	text := strings.TrimRight(r.FloatString(decimals), "0")
	if strings.HasSuffix(text, ".") {
		text += "0"
	}
	return text
}

// object writes a JSON object; keys are sorted.
func object(values map[string]string) string {
	body, err := json.Marshal(values)
	if err != nil || values == nil {
		return "{}"
	}
	return string(body)
}
