// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package convention

import "github.com/otelcol-arc/otelcol-arc/internal/usage"

// tally is the counts of a record as they are written, which may include each
// other.
type tally struct {
	n     [counts]int64
	given uint64 // a bit for each
	some  uint64 // a bit for each that is not zero
}

// A tally has a bit for each count.
var _ [64 - int(counts)]struct{}

// write changes a count, but not whether it is given.
func (t *tally) write(f field, n int64) {
	t.n[f] = n
	if t.some &^= 1 << f; n != 0 {
		t.some |= 1 << f
	}
}

func (t *tally) set(f field, n int64) {
	t.write(f, n)
	t.given |= 1 << f
}

func (t *tally) drop(f field) {
	t.write(f, 0)
	t.given &^= 1 << f
}

func (t *tally) has(f field) bool { return t.given&(1<<f) != 0 }

// fill takes the counts of an object that the record does not have otherwise, or
// has as zero.
func (t *tally) fill(o *tally) {
	for f := range counts {
		if o.has(f) && (t.n[f] == 0 || !t.has(f)) {
			t.set(f, o.n[f])
		}
	}
}

// nothing reports whether all counts are zero.
func (t *tally) nothing() bool { return t.some == 0 }

// others reports whether there is usage that is neither input nor output tokens.
func (t *tally) others() bool { return t.some&(1<<usage.Count-1) != 0 }

// stated are the kinds that are given.
func (t *tally) stated() usage.Set {
	set := usage.Set(t.given & (1<<usage.Count - 1)) // a kind has the bit of its field
	if t.has(thoughts) {
		set.Add(usage.Reasoning)
	}
	if t.has(cacheWrite5m) {
		set.Add(usage.CacheWrite)
	}
	return set
}

// written is all that was written to caches.
func (t *tally) written() int64 {
	return max(t.n[cacheWrite], t.n[cacheWrite5m]+t.n[usage.CacheWrite1h]+t.n[usage.CacheWriteLong])
}

// cached is all that was read from caches and written to them.
func (t *tally) cached() int64 { return t.n[cacheRead] + t.written() }

// reading is a way to read a tally.
type reading struct {
	cached    inclusion // inclusive or exclusive
	reasoning inclusion
	residual  int64 // output tokens that only the total has
}

// sum is the total that the reading adds up to.
func (t *tally) sum(r reading) int64 {
	sum := t.n[input] + t.n[output]
	if r.cached == exclusive {
		sum += t.cached()
	}
	if r.reasoning == exclusive {
		sum += t.n[reasoning]
	}
	return sum
}

// parts are the counts that are included in others, or add to them.
var parts = func() uint64 {
	all := uint64(1<<counts-1) &^ (1<<input | 1<<output | 1<<total)
	for _, k := range usage.Kinds() {
		if k.Info().Side == usage.Other {
			all &^= 1 << k
		}
	}
	return all
}()

// amounts makes the counts disjoint.
func (t *tally) amounts(r reading) usage.Amounts {
	a := usage.Amounts(t.n[:usage.Count]) // those that nothing includes stay as they are
	if t.some&parts == 0 && r.residual == 0 {
		return a
	}
	written := t.written()
	a[usage.CacheWriteLong] = min(t.n[usage.CacheWriteLong], written)
	a[usage.CacheWrite1h] = min(t.n[usage.CacheWrite1h], written-a[usage.CacheWriteLong])
	a[usage.CacheWrite] = written - a[usage.CacheWrite1h] - a[usage.CacheWriteLong]
	if r.cached == inclusive {
		a[usage.Input] -= t.cached()
	}
	a[usage.Output] += r.residual
	if r.reasoning == exclusive {
		a[usage.Output] += t.n[reasoning]
	}
	// Where the total leaves no place for them, thoughts and the prompts of tools are
	// counted in the output and input already.
	if t.n[total] == 0 || t.n[total] != t.n[input]+t.n[output] {
		a[usage.Output] += t.n[thoughts]
		a[usage.Input] += t.n[toolPrompt]
	}
	// Of the cached tokens some may be audio or images, which the count of these
	// includes, as the cached ones do.
	for _, part := range [...]struct{ cached, kind usage.Kind }{
		{usage.CachedAudio, usage.AudioInput},
		{usage.CachedImage, usage.ImageInput},
	} {
		move(&a, usage.CacheRead, part.cached, t.n[part.cached])
		n := t.n[part.kind]
		if n >= a[part.cached] {
			n -= a[part.cached]
		}
		move(&a, usage.Input, part.kind, n)
	}
	move(&a, usage.Input, usage.VideoInput, t.n[usage.VideoInput])
	for _, part := range [...]usage.Kind{usage.AudioOutput, usage.ImageOutput, usage.VideoOutput} {
		move(&a, usage.Output, part, t.n[part])
	}
	move(&a, usage.Output, usage.Reasoning, t.n[reasoning]+t.n[thoughts]+r.residual)
	a[usage.Input] += t.n[compactedInput]
	a[usage.Output] += t.n[compactedOutput]
	return a
}

// move sets a part, and takes it from the whole: never more than that has.
func move(a *usage.Amounts, whole, part usage.Kind, n int64) {
	n = min(n, a[whole])
	a[whole] -= n
	a[part] = n
}
