// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package llmcostprocessor

import (
	"encoding/json"

	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/otelcol-arc/otelcol-arc/internal/usage"
	"github.com/otelcol-arc/otelcol-arc/processor/llmcostprocessor/internal/convention"
	"github.com/otelcol-arc/otelcol-arc/processor/llmcostprocessor/internal/price"
)

// What requests for images and videos are written under: by OpenLIT and those that
// follow it, by OpenInference as JSON, and by applications themselves.
var (
	keysSize    = []string{"arc.llm.image.size", "gen_ai.request.image_size", "gen_ai.request.video_size"}
	keysQuality = []string{"arc.llm.image.quality", "gen_ai.request.image_quality"}
	keysCount   = []string{"gen_ai.request.image_count", "gen_ai.request.choice.count", "gen_ai.request.n"}
)

const (
	keyParameters = "llm.invocation_parameters"
	// maxParameters bounds the JSON that is read, in bytes.
	maxParameters = 64 << 10
	// maxImages is more than any request can ask for.
	maxImages = 1000
)

// countImages returns which images or video the call asked for. A call that succeeded
// and reports no usage, but the size or quality of an image, used as many images as
// it asked for: one if it does not report how many.
func (d *detectedCall) countImages() price.Variant {
	call := &d.call
	if call.HasUsage && call.Usage[usage.Images] == 0 && call.Usage[usage.Seconds] == 0 {
		return price.Variant{}
	}
	variant := price.NewVariant(firstText(d.attributes, keysSize), firstText(d.attributes, keysQuality))
	images := variant != price.Variant{}
	count := firstInt(d.attributes, keysCount)
	if of, ok := requestedImages(text(d.attributes, keyParameters)); ok && !images {
		variant, count, images = price.NewVariant(of.Size, of.Quality), of.N, of.Size != "" || of.Quality != ""
	}
	if images && !call.HasUsage && !call.Free && call.Problem == "" && call.Status == convention.Success {
		call.HasUsage = true
		call.Usage[usage.Images] = min(max(count, 1), maxImages)
	}
	return variant
}

// imageRequest are the parameters of OpenAI's API for images.
type imageRequest struct {
	Size, Quality string
	N             int64
}

func requestedImages(parameters string) (of imageRequest, ok bool) {
	if parameters == "" || len(parameters) > maxParameters {
		return of, false
	}
	err := json.Unmarshal([]byte(parameters), &of)
	return of, err == nil
}

func firstText(attributes pcommon.Map, keys []string) string {
	for _, key := range keys {
		if value := text(attributes, key); value != "" {
			return value
		}
	}
	return ""
}

func firstInt(attributes pcommon.Map, keys []string) int64 {
	for _, key := range keys {
		if value, ok := attributes.Get(key); ok && value.Type() == pcommon.ValueTypeInt {
			return value.Int()
		}
	}
	return 0
}
