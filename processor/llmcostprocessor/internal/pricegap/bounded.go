// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package pricegap

// bounded has values by key: those of the first limit keys, and one for all others.
type bounded[K comparable, V any] struct {
	limit    int
	overflow K         // the key of all others
	clone    func(K) K // of texts that a request owns
	values   map[K]*V
}

// add returns the value of a key, a new one if there is none.
func (b *bounded[K, V]) add(key K) *V {
	value := b.values[key]
	if value == nil && len(b.values) >= b.limit {
		key = b.overflow
		value = b.values[key]
	}
	if value == nil {
		value = new(V)
		b.values[b.clone(key)] = value
	}
	return value
}

// find returns the value that a key was added to, and the key that it has; nil if there is none.
func (b *bounded[K, V]) find(key K) (K, *V) {
	if value := b.values[key]; value != nil {
		return key, value
	}
	return b.overflow, b.values[b.overflow]
}
