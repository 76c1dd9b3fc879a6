// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package calls

// ring is a number of places that are used again and again. It is in parts, which are made when
// a place of them is first used, so that it grows without a copy and has little room to spare.
type ring[T any] struct{ parts [][]T }

const placesInPart = 256

// at is the place of a number; nil where no place near it was used.
func (r *ring[T]) at(number uint64, size int) *T {
	place := int(number % uint64(size))
	if part := place / placesInPart; part < len(r.parts) && r.parts[part] != nil {
		return &r.parts[part][place%placesInPart]
	}
	return nil
}

// use is the place of a number, of size in all.
func (r *ring[T]) use(number uint64, size int) *T {
	place := int(number % uint64(size))
	part := place / placesInPart
	for part >= len(r.parts) {
		r.parts = append(r.parts, nil)
	}
	if r.parts[part] == nil {
		r.parts[part] = make([]T, min(placesInPart, size-part*placesInPart))
	}
	return &r.parts[part][place%placesInPart]
}

// all yields the places, in their order.
func (r *ring[T]) all(yield func(*T) bool) {
	for _, part := range r.parts {
		for i := range part {
			if !yield(&part[i]) {
				return
			}
		}
	}
}
