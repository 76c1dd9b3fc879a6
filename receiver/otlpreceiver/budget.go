// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package otlpreceiver

import (
	"context"
	"errors"
	"fmt"
	"time"

	"golang.org/x/sync/semaphore"
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

var errBusy = errors.New("too many large requests at once, send the request again later")

// budgets bounds what requests take together.
type budgets struct {
	elements *semaphore.Weighted
	wait     time.Duration
}

func newBudgets() *budgets { return &budgets{semaphore.NewWeighted(budget), maxWait} }

// checkSize returns an error for a request that no receiver accepts.
func checkSize(elements int) error {
	if elements > maxElements {
		return fmt.Errorf("the request has %d messages, %d are the most", elements, maxElements)
	}
	return nil
}

// acquire waits until a request fits into the budget. It is to be released.
func (b *budgets) acquire(ctx context.Context, elements int) (release func(), err error) {
	ctx, cancel := context.WithTimeout(ctx, b.wait)
	defer cancel()
	if err = b.elements.Acquire(ctx, int64(elements)); err != nil {
		return nil, errBusy
	}
	return func() { b.elements.Release(int64(elements)) }, nil
}
