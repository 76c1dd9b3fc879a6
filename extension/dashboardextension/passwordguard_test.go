// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package dashboardextension

import (
	"context"
	"errors"
	"strconv"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/extension/extensionauth"
)

func TestPasswordGuard(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const cost = 250 * time.Millisecond
		checks, busy := 0, time.Duration(0)
		g := newPasswordGuard(nil, extensionauth.ServerAuthenticateFunc(func(ctx context.Context, sources map[string][]string) (context.Context, error) {
			if len(sources["Authorization"]) == 0 {
				return ctx, errors.New("no credentials")
			}
			checks++
			busy += cost
			time.Sleep(cost)
			if sources["Authorization"][0] != "right" {
				return ctx, errors.New("wrong")
			}
			return ctx, nil
		}))
		try := func(credentials ...string) error {
			_, err := g.Authenticate(t.Context(), map[string][]string{"Authorization": credentials})
			return err
		}
		require.NoError(t, try("right"))
		require.Error(t, try())
		begin, before := time.Now(), busy
		var wg sync.WaitGroup
		for i := range 50 {
			wg.Go(func() {
				for n := range 10 {
					assert.Error(t, try("wrong "+strconv.Itoa(i)+" "+strconv.Itoa(n)))
				}
			})
		}
		synctest.Wait()
		start := time.Now()
		require.NoError(t, try("right"))
		assert.Zero(t, time.Since(start), "who was right lately does not wait")
		wg.Wait()
		assert.Less(t, busy-before, time.Since(begin)/4)
		time.Sleep(2 * knownFor)
		checks = 0
		require.NoError(t, try("right"))
		assert.Equal(t, 1, checks, "checked again after a while")
		for i := range 2 * maxKnown {
			g.remember([32]byte{byte(i), byte(i >> 8)}, nil)
		}
		assert.LessOrEqual(t, len(g.known), maxKnown)
	})
}
