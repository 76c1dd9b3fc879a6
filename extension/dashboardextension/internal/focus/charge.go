// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package focus

import (
	"cmp"
	"math"
	"math/big"
	"slices"
	"strings"
	"time"

	"github.com/otelcol-arc/otelcol-arc/internal/dashboard"
	"github.com/otelcol-arc/otelcol-arc/internal/usage"
)

// Version is that of the specification.
const Version = "1.2"

// Charge is a row of the dataset.
type Charge struct {
	Start, End time.Time
	// Provider is as price files name it, Account an identifier of the account there.
	Provider, Account string
	Model             string
	Kind              usage.Kind
	// Amount is what was consumed, in units of the kind.
	Amount *big.Rat
	// Cost and ListCost are dollars; ListPrice is for a pricing unit.
	Cost, ListCost, ListPrice *big.Rat
	Tags                      map[string]string
}

// Row is a row of usage, to be divided into charges.
type Row struct {
	Start, End               time.Time
	Provider, Model, Account string
	Tags                     map[string]string
	Usage                    *dashboard.Totals
	Tariff                   *dashboard.Tariff
}

const picoPerDollar = 1_000_000_000_000

// Charges divides a row. Their costs add up to that of the row.
func Charges(row *Row) []Charge {
	var charges []Charge
	var weights []*big.Rat
	total := new(big.Rat)
	add := func(kind usage.Kind, amount *big.Rat, weight float64) {
		list := rat(row.Tariff.List[kind])
		charge := Charge{
			Start: row.Start, End: row.End, Provider: row.Tariff.Provider, Account: row.Account, Model: row.Model, Kind: kind, Amount: amount,
			ListPrice: new(big.Rat).Mul(list, perPricingUnit(kind)), ListCost: new(big.Rat).Mul(list, amount), Tags: row.Tags,
		}
		if charge.Account == "" {
			charge.Account = charge.Provider
		}
		charges = append(charges, charge)
		of := new(big.Rat).Mul(rat(weight), amount)
		weights = append(weights, of)
		total.Add(total, of)
	}
	for _, kind := range usage.Kinds() {
		if n := row.Usage.Amounts[kind]; n > 0 {
			add(kind, big.NewRat(n, kind.Scale()), row.Tariff.Contracted[kind])
		}
	}
	cost := picodollars(row.Usage.Dollars)
	if total.Sign() == 0 && (cost.Sign() != 0 || len(charges) == 0) && row.Usage.Calls > 0 && row.Usage.Amounts[usage.Requests] == 0 {
		// A cost without a price: reported by the application, or of failed calls.
		add(usage.Requests, big.NewRat(row.Usage.Calls, 1), 0)
		weights[len(weights)-1] = big.NewRat(1, 1)
		total.SetInt64(1)
	}
	divide(charges, weights, total, cost)
	return charges
}

// divide gives each charge its part of a cost in whole picodollars, the largest remainders
// being rounded up.
func divide(charges []Charge, weights []*big.Rat, total *big.Rat, cost *big.Int) {
	if len(charges) == 0 {
		return
	}
	if total.Sign() == 0 { // nothing has a price
		for i := range weights {
			weights[i] = new(big.Rat)
		}
		weights[0], total = big.NewRat(1, 1), big.NewRat(1, 1)
	}
	type part struct {
		at        int
		whole     *big.Int
		remainder *big.Rat
	}
	parts, left := make([]part, len(charges)), new(big.Int).Set(cost)
	for i := range charges {
		exact := new(big.Rat).Mul(new(big.Rat).SetInt(cost), new(big.Rat).Quo(weights[i], total))
		whole := new(big.Int).Quo(exact.Num(), exact.Denom())
		parts[i] = part{i, whole, new(big.Rat).Sub(exact, new(big.Rat).SetInt(whole))}
		left.Sub(left, whole)
	}
	slices.SortStableFunc(parts, func(x, y part) int { return cmp.Or(y.remainder.Cmp(x.remainder), cmp.Compare(x.at, y.at)) })
	for i := range parts {
		if left.Sign() > 0 {
			parts[i].whole.Add(parts[i].whole, big.NewInt(1))
			left.Sub(left, big.NewInt(1))
		}
		charges[parts[i].at].Cost = new(big.Rat).SetFrac(parts[i].whole, big.NewInt(picoPerDollar))
	}
}

// picodollars is a number of dollars, none below zero.
func picodollars(dollars float64) *big.Int {
	if !(dollars > 0) || math.IsInf(dollars, 0) {
		return new(big.Int)
	}
	product := new(big.Float).SetPrec(200).Mul(big.NewFloat(dollars), big.NewFloat(picoPerDollar))
	exact, _ := product.Int(nil)
	if product.Sub(product, new(big.Float).SetInt(exact)).Cmp(big.NewFloat(.5)) >= 0 {
		exact.Add(exact, big.NewInt(1))
	}
	return exact
}

// rat is a price with 18 decimals, as doubles of small prices have.
func rat(price float64) *big.Rat {
	r := new(big.Rat)
	if math.IsNaN(price) || math.IsInf(price, 0) {
		return r
	}
	r.SetString(new(big.Float).SetFloat64(price).Text('f', 18))
	return r
}

// unit is the unit of a kind, as the attribute Unit Format has it.
func unit(kind usage.Kind) string {
	switch u := kind.Info().Unit; u {
	case usage.GBDay:
		return "GB-Days"
	case usage.Search:
		return "Searches"
	default:
		return strings.ToUpper(string(u[:1])) + string(u[1:]) + "s"
	}
}

const tokensPerPrice = 1_000_000

// perPricingUnit is how many units a price is for: a million tokens, one of the others.
func perPricingUnit(kind usage.Kind) *big.Rat {
	if kind.Info().Unit == usage.Token {
		return big.NewRat(tokensPerPrice, 1)
	}
	return big.NewRat(1, 1)
}

func pricingUnit(kind usage.Kind) string {
	if kind.Info().Unit == usage.Token {
		return "1000000 " + unit(kind)
	}
	return unit(kind)
}
