// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package ingest

import (
	"encoding/binary"
	"hash/maphash"
	"math"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/pmetric"
)

// identity stands for what the labels of a data point are made of: its
// resource, metric and attributes, in the order they came in. It is two keyed
// hashes of 64 bits, so that different ones are equal less often than memory
// fails, and nobody can choose attributes for which they are.
type identity [2]uint64

// identifier makes identities. It is not for use at the same time by several.
type identifier struct {
	seeds   *[2]maphash.Seed
	scratch []byte
}

func newSeeds() [2]maphash.Seed { return [2]maphash.Seed{maphash.MakeSeed(), maphash.MakeSeed()} }

func (i *identifier) sum() identity {
	return identity{maphash.Bytes(i.seeds[0], i.scratch), maphash.Bytes(i.seeds[1], i.scratch)}
}

// resource is the identity of a resource.
func (i *identifier) resource(resource pcommon.Resource) identity {
	i.scratch = i.scratch[:0]
	i.attributes(resource.Attributes())
	return i.sum()
}

// metric is the identity of a metric of a resource.
func (i *identifier) metric(resource identity, metric pmetric.Metric) identity {
	i.begin(resource)
	i.scratch = append(i.scratch, byte(metric.Type()))
	i.text(metric.Name())
	return i.sum()
}

// ofTarget is the identity of the target_info of a resource.
func (i *identifier) ofTarget(resource identity) identity {
	i.begin(resource)
	return i.sum()
}

// number is the identity of a data point of a gauge or sum.
func (i *identifier) number(metric identity, p pmetric.NumberDataPoint) identity {
	i.begin(metric)
	i.attributes(p.Attributes())
	return i.sum()
}

// histogram is the identity of a data point of a histogram: its bounds and
// whether it has a sum say which series it has.
func (i *identifier) histogram(metric identity, p pmetric.HistogramDataPoint) identity {
	i.begin(metric)
	i.attributes(p.Attributes())
	if p.HasSum() {
		i.scratch = append(i.scratch, 1)
	}
	for n := range bounds(p) {
		i.word(math.Float64bits(p.ExplicitBounds().At(n)))
	}
	return i.sum()
}

func (i *identifier) begin(with identity) {
	i.scratch = i.scratch[:0]
	i.word(with[0])
	i.word(with[1])
}

func (i *identifier) word(v uint64) { i.scratch = binary.LittleEndian.AppendUint64(i.scratch, v) }

// text adds a string with its length, so that none can look like two.
func (i *identifier) text(s string) {
	i.scratch = binary.AppendUvarint(i.scratch, uint64(len(s)))
	i.scratch = append(i.scratch, s...)
}

func (i *identifier) attributes(attributes pcommon.Map) {
	i.scratch = binary.AppendUvarint(i.scratch, uint64(attributes.Len()))
	for key, value := range attributes.All() {
		i.text(key)
		i.scratch = append(i.scratch, byte(value.Type()))
		switch value.Type() {
		case pcommon.ValueTypeStr:
			i.text(value.Str())
		case pcommon.ValueTypeInt:
			i.word(uint64(value.Int()))
		case pcommon.ValueTypeDouble:
			i.word(math.Float64bits(value.Double()))
		case pcommon.ValueTypeBool:
			if value.Bool() {
				i.scratch = append(i.scratch, 1)
			} else {
				i.scratch = append(i.scratch, 0)
			}
		default:
			i.text(value.AsString()) // all that a label has of it
		}
	}
}

// bounds is the number of buckets of a point that have an upper bound.
func bounds(p pmetric.HistogramDataPoint) int {
	return min(p.ExplicitBounds().Len(), p.BucketCounts().Len())
}
