// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package dashboardextension

import (
	"fmt"
	"slices"
	"time"

	"github.com/otelcol-arc/otelcol-arc/extension/dashboardextension/internal/text"
	"github.com/otelcol-arc/otelcol-arc/internal/dashboard"
)

type unpricedView struct {
	dashboard.UnpricedModel
	ID int
}

// priceView is a price in use, with the days since it was compared with its source.
type priceView struct {
	dashboard.PriceInUse
	Age string
}

// addAttention adds what is wrong with costs, of the models and providers that are chosen.
func addAttention(view *spendView, usage dashboard.Usage, where map[string]string) {
	left := func(model, provider string) bool {
		wantModel, byModel := where[dashboard.Model]
		wantProvider, byProvider := where[dashboard.Provider]
		return byModel && model != wantModel || byProvider && provider != wantProvider
	}
	unpriced := slices.DeleteFunc(slices.Clone(usage.Unpriced()), func(m dashboard.UnpricedModel) bool { return left(m.Model, m.Provider) })
	if len(unpriced) > listedModels {
		view.MoreUnpriced = len(unpriced) - listedModels
		unpriced = unpriced[:listedModels]
	}
	for i, model := range unpriced {
		model.Model = text.Cut(model.Model, shownDimRunes)
		view.Unpriced = append(view.Unpriced, unpricedView{model, i})
	}
	view.Estimates = slices.DeleteFunc(slices.Clone(usage.Estimates()), func(e dashboard.Estimate) bool { return left(e.Model, e.Provider) })
	if len(view.Estimates) > listedModels {
		view.MoreEstimates = len(view.Estimates) - listedModels
		view.Estimates = view.Estimates[:listedModels]
	}
	for i := range view.Estimates {
		view.Estimates[i].Model = text.Cut(view.Estimates[i].Model, shownDimRunes)
	}
	view.Disagreements = slices.DeleteFunc(slices.Clone(usage.Disagreements()), func(d dashboard.Disagreement) bool { return left(d.Model, where[dashboard.Provider]) })
	if len(view.Disagreements) > listedModels {
		view.MoreDisagree = len(view.Disagreements) - listedModels
		view.Disagreements = view.Disagreements[:listedModels]
	}
}

func addPrices(view *spendView, usage dashboard.Usage, now time.Time) {
	view.Prices = usage.Prices()
	for i, price := range view.Prices.InUse {
		if i == listedPrices {
			view.MorePrices = len(view.Prices.InUse) - listedPrices
			break
		}
		shown := priceView{price, "unknown"}
		shown.Model = text.Cut(shown.Model, shownDimRunes)
		if !price.Checked.IsZero() {
			shown.Age = fmt.Sprintf("%d days", int(now.Sub(price.Checked)/(24*time.Hour)))
		}
		view.PricesInUse = append(view.PricesInUse, shown)
	}
}
