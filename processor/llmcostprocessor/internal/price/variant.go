// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package price

import (
	"errors"
	"regexp"
	"slices"
	"strings"

	"github.com/otelcol-arc/otelcol-arc/internal/usage"
	"github.com/otelcol-arc/otelcol-arc/processor/llmcostprocessor/internal/money"
)

// Variant is what the price of an image, or of a second of video, depends on, as
// NewVariant writes it; empty when unknown.
type Variant struct{ Size, Quality string }

// NewVariant reads a size and a quality as requests write them.
func NewVariant(size, quality string) Variant {
	return Variant{size, quality}.normalized()
}

// variantFee is the price of a unit of one size and quality.
type variantFee struct {
	kind usage.Kind
	of   Variant
	fee  money.Pico
}

// sized are the kinds whose price may depend on the size and quality.
var sized = map[usage.Kind]bool{usage.Images: true, usage.Seconds: true}

// DoubtVariant is that the size or quality has no price of its own, or is not reported.
const DoubtVariant = "variant"

// size is a width and a height, however they are separated.
var size = regexp.MustCompile(`^(\d{2,5})(?:-x-|x|\*|×| x )(\d{2,5})$`)

func (v Variant) normalized() Variant {
	v.Size, v.Quality = strings.ToLower(strings.TrimSpace(v.Size)), strings.ToLower(strings.TrimSpace(v.Quality))
	if m := size.FindStringSubmatch(v.Size); m != nil {
		v.Size = m[1] + "x" + m[2]
	}
	return v
}

// parseVariant reads the key of a fee: image/QUALITY/SIZE, of which one may be empty.
func parseVariant(key string) (kind usage.Kind, of Variant, err error) {
	parts := strings.Split(key, "/")
	kind, known := usage.Priced(parts[0])
	if len(parts) != 3 || !known || !sized[kind] {
		return 0, Variant{}, errors.New("is not image/QUALITY/SIZE or second/QUALITY/SIZE")
	}
	of = Variant{Quality: parts[1], Size: parts[2]}
	if of == (Variant{}) || of != of.normalized() {
		return 0, Variant{}, errors.New("must name a quality or a size, in lower case, such as image/hd/1024x1024")
	}
	return kind, of, nil
}

// key is how price files name it.
func (v *variantFee) key() string {
	return v.kind.Info().Price + "/" + v.of.Quality + "/" + v.of.Size
}

// usual are the qualities and sizes that vendors take when none is asked for.
var (
	usualQualities = []string{"standard", "medium", "auto"}
	usualSizes     = []string{"1024x1024", "1k", "720p"}
)

// feeOf is the price of a unit of a kind. It is exact where the size and quality have a
// price, or nothing depends on them.
func (p *period) feeOf(kind usage.Kind, asked Variant) (fee money.Pico, exact bool) {
	plain := p.fees[kind]
	if len(p.variants) == 0 {
		return plain, true
	}
	var best *variantFee
	bestRank := 0
	for i := range p.variants {
		v := &p.variants[i]
		if v.kind != kind {
			continue
		}
		rank := rankOf(v.of.Quality, asked.Quality, usualQualities) + rankOf(v.of.Size, asked.Size, usualSizes)
		if v.fits(asked) {
			rank -= 1000 // before all that do not
		}
		if best == nil || rank < bestRank {
			best, bestRank = v, rank
		}
	}
	switch {
	case best == nil:
		return plain, true
	case best.fits(asked):
		return best.fee, true
	case plain > 0:
		return plain, false
	}
	return best.fee, false
}

// fits reports whether the price is that of what was asked for.
func (v *variantFee) fits(asked Variant) bool {
	return (v.of.Quality == "" || v.of.Quality == asked.Quality) && (v.of.Size == "" || v.of.Size == asked.Size)
}

// rankOf is how close a value is to what was asked for: 0 where it is that, 1 where the
// price does not depend on it, and more the less usual it is.
func rankOf(value, asked string, usual []string) int {
	switch i := slices.Index(usual, value); {
	case value == asked:
		return 0
	case value == "":
		return 1
	case i >= 0:
		return 2 + i
	}
	return 2 + len(usual)
}
