// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package otlpreceiver

import (
	"context"
	"errors"
	"fmt"
	"time"

	"golang.org/x/sync/semaphore"

	"github.com/otelcol-arc/otelcol-arc/receiver/otlpreceiver/internal/elements"
)

const (
	// maxElements is how many messages a request may have. Each takes up to 450 bytes
	// when it is decoded. Real requests have one in 13 bytes or more, points with short
	// attributes, so that those of 4 MiB stay below.
	maxElements = 400_000
	// budget is how many the requests may have together that are decoded or processed.
	budget = 2 * maxElements
	// maxWait is how long a request waits for others.
	maxWait = 10 * time.Second
)

// bytesOfElement is the least that a message takes in protobuf: a tag and a length.
const bytesOfElement = 2

var (
	errBusy     = errors.New("too many large requests at once, send the request again later")
	errTooLarge = errors.New("the request is too large")
)

// budgets bounds what requests take together.
type budgets struct {
	elements *semaphore.Weighted
	// uncounted are those of elements that are acquired for requests whose messages were not
	// counted. It leaves the other half to those that are, which have fewer than assumed.
	uncounted *semaphore.Weighted
	wait      time.Duration
}

func newBudgets() *budgets {
	return &budgets{semaphore.NewWeighted(budget), semaphore.NewWeighted(budget / 2), maxWait}
}

// admit waits until an encoded request fits into the budget, which is to be released. The
// error is errTooLarge for a request that no receiver accepts, and errBusy if it had to wait
// for too long. A request in protobuf that cannot be too large is not counted while there is
// budget for as many messages as it has space for: counting takes a tenth of the time of decoding.
func (b *budgets) admit(ctx context.Context, encoded []byte, isJSON bool) (release func(), err error) {
	if isJSON {
		return b.acquire(ctx, elements.InJSON(encoded))
	}
	if release, ok := b.tryAcquire(len(encoded) / bytesOfElement); ok {
		return release, nil
	}
	return b.acquire(ctx, elements.InProtobuf(encoded))
}

// tryAcquire acquires without waiting, for a request whose messages were not counted.
func (b *budgets) tryAcquire(most int) (release func(), ok bool) {
	n := int64(most)
	if !b.uncounted.TryAcquire(n) {
		return nil, false
	}
	if !b.elements.TryAcquire(n) {
		b.uncounted.Release(n)
		return nil, false
	}
	return func() {
		b.elements.Release(n)
		b.uncounted.Release(n)
	}, true
}

// acquire waits until a request whose messages were counted fits into the budget.
func (b *budgets) acquire(ctx context.Context, n int) (release func(), err error) {
	if n > maxElements {
		return nil, fmt.Errorf("%w: it has %d messages, %d are the most", errTooLarge, n, maxElements)
	}
	ctx, cancel := context.WithTimeout(ctx, b.wait)
	defer cancel()
	if err = b.elements.Acquire(ctx, int64(n)); err != nil {
		return nil, errBusy
	}
	return func() { b.elements.Release(int64(n)) }, nil
}
