// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package llmcostprocessor

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/config/confighttp"
	"go.opentelemetry.io/collector/config/configoptional"
	"go.opentelemetry.io/collector/extension/xextension/storage"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
	"go.uber.org/zap"

	"github.com/otelcol-arc/otelcol-arc/internal/health"
	"github.com/otelcol-arc/otelcol-arc/processor/llmcostprocessor/internal/price"
)

// priceLists are what overrides the built-in table: what was fetched, and above it
// the files of the user.
type priceLists struct {
	sources []*priceSource

	mu    sync.Mutex // one change at a time; guards what follows, and the sources
	files []price.Layer
}

// layers are the lists in use, with another copy of one of the sources.
func (l *priceLists) layers(changed *priceSource, list []byte, files []price.Layer) []price.Layer {
	var layers []price.Layer
	for _, s := range l.sources {
		content := s.copy
		if s == changed {
			content = list
		}
		if content != nil {
			layers = append(layers, price.Layer{Name: s.name, Content: content})
		}
	}
	return append(layers, files...)
}

// complete reports whether every source has a copy.
func (l *priceLists) complete() bool {
	return !slices.ContainsFunc(l.sources, func(s *priceSource) bool { return s.copy == nil })
}

// Keys in the storage: the states of all copies by source, and each copy.
const (
	keySources = "prices"
	keyCopy    = "prices/"
)

// startSources makes the clients, and has the last good copies used.
func (c *core) startSources(ctx context.Context, host component.Host, settings component.TelemetrySettings) error {
	for _, s := range c.lists.sources {
		config := s.cfg.HTTP
		config.Keepalive = configoptional.None[confighttp.KeepaliveClientConfig]() // the next request is hours away
		client, err := config.ToClient(ctx, host.GetExtensions(), settings)
		if err != nil {
			return fmt.Errorf("prices::sources: %s: %w", s.name, err)
		}
		client.CheckRedirect = s.checkRedirect
		s.client = client
	}
	defer func() {
		c.lists.mu.Lock()
		c.checkAliases(c.prices.Load())
		c.lists.mu.Unlock()
	}()
	if c.store == nil {
		return nil
	}
	states, err := c.loadSourceStates(ctx)
	if err != nil {
		c.logger.Error("Reading the copies of price lists from the storage failed; they are fetched again", zap.Error(err))
		return nil
	}
	for _, s := range c.lists.sources {
		state, stored := states[s.key]
		if !stored {
			continue
		}
		list, err := c.store.Client().Get(ctx, keyCopy+s.key)
		if err == nil && list == nil {
			err = errors.New("it is not there")
		}
		if err == nil {
			err = c.useList(s, list)
		}
		if err != nil {
			c.logger.Error("The stored copy of a price list cannot be used; it is fetched again", zap.String("source", s.name), zap.Error(shortenError(err)))
			continue
		}
		s.state = state
	}
	return nil
}

// loadSourceStates also removes the copies of sources that the configuration does not
// have any more.
func (c *core) loadSourceStates(ctx context.Context) (map[string]sourceState, error) {
	content, err := c.store.Client().Get(ctx, keySources)
	if err != nil || content == nil {
		return nil, err
	}
	states := map[string]sourceState{}
	if err := json.Unmarshal(content, &states); err != nil {
		return nil, err
	}
	configured := map[string]bool{}
	for _, s := range c.lists.sources {
		configured[s.key] = true
	}
	var operations []*storage.Operation
	for key := range states {
		if !configured[key] {
			delete(states, key)
			operations = append(operations, storage.DeleteOperation(keyCopy+key))
		}
	}
	if len(operations) == 0 {
		return states, nil
	}
	remaining, err := json.Marshal(states)
	if err != nil {
		return nil, err
	}
	return states, c.store.Client().Batch(ctx, append(operations, storage.SetOperation(keySources, remaining))...)
}

// useList makes a table with another copy of a source. If anything in it is wrong, the
// table and the copy stay as they are.
func (c *core) useList(s *priceSource, list []byte) error {
	c.lists.mu.Lock()
	defer c.lists.mu.Unlock()
	table, err := price.LoadLayers(c.lists.layers(s, list, c.lists.files))
	if err == nil {
		err = table.CheckDimensions(c.dimensions.names)
	}
	if err != nil {
		return err
	}
	s.copy = list
	c.swapPrices(table)
	return nil
}

// swapPrices must be called with lists.mu held.
func (c *core) swapPrices(table *price.Table) {
	c.searched.Add(c.prices.Swap(table).Resolutions())
	c.checkAliases(table)
}

// checkAliases reports aliases of the files whose model no list has, once each source has
// been fetched: before that, one of them may bring it. The other prices count anyway: a list
// from which a model has gone must not keep the new prices of the others away.
func (c *core) checkAliases(table *price.Table) {
	missing := table.MissingAliases()
	if missing != nil {
		missing = fmt.Errorf("prices::files: %w", missing)
	}
	if missing != nil && !c.lists.complete() {
		c.logger.Info("Aliases of price files wait for a price list that is yet to be fetched", zap.Error(shortenError(missing)))
		missing = nil
	}
	c.health.Set(problemAliases, missing, "Aliases of price files mean models that no price list has; calls under these names are unpriced", "Every alias of the price files has a price again")
}

// priceAge is the time since the prices in use were read from their sources: of several
// lists the oldest that calls were priced by. It is unknown while none was, except that
// without sources the built-in list is the only one. Files have no age: they are the user's.
func (c *core) priceAge(now time.Time) (age time.Duration, known bool) {
	table := c.prices.Load()
	inUse := table.ListsInUse()
	c.lists.mu.Lock()
	defer c.lists.mu.Unlock()
	fetched := map[string]time.Time{price.BuiltIn: table.Date()}
	for _, s := range c.lists.sources {
		fetched[s.name] = s.state.Confirmed
	}
	for _, list := range table.Lists() {
		at, has := fetched[list.Name]
		if !has || at.IsZero() || !inUse[list] && (list.Name != price.BuiltIn || len(c.lists.sources) > 0) {
			continue
		}
		age, known = max(age, now.Sub(at)), true
	}
	return age, known
}

// watchSource fetches a list now, and again at its interval, until ctx is done.
func (c *core) watchSource(ctx context.Context, s *priceSource) {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for failures := 0; ; {
		select {
		case <-ctx.Done():
			return
		case <-timer.C:
		}
		outcome, err := c.fetchList(ctx, s)
		if ctx.Err() != nil {
			return
		}
		wait := s.cfg.Interval
		if failures++; err == nil {
			failures = 0
		} else {
			wait = min(wait, retryIn(err, failures))
		}
		c.reportFetch(ctx, s, outcome, err, wait)
		timer.Reset(wait)
	}
}

// Outcomes of a fetch.
const (
	fetchUpdated   = "updated"
	fetchUnchanged = "unchanged"
	fetchFailed    = "failed"   // no list came
	fetchRejected  = "rejected" // the list is not valid
)

// fetchList fetches a list, and has it used and persisted if it is another.
func (c *core) fetchList(ctx context.Context, s *priceSource) (outcome string, err error) {
	c.lists.mu.Lock()
	state := s.state
	if s.copy == nil {
		state = sourceState{}
	}
	c.lists.mu.Unlock()
	list, next, err := s.fetch(ctx, state)
	if err != nil {
		return fetchFailed, err
	}
	outcome = fetchUnchanged
	if list != nil && !bytes.Equal(list, s.copy) {
		if err := c.useList(s, list); err != nil {
			return fetchRejected, fmt.Errorf("the list is not valid: %w", shortenError(err))
		}
		outcome = fetchUpdated
	}
	next.Confirmed = wallClock()
	c.lists.mu.Lock()
	s.state = next
	c.lists.mu.Unlock()
	c.persistSource(ctx, s, outcome == fetchUpdated)
	return outcome, nil
}

// wallClock is the time as it is shown and persisted.
func wallClock() time.Time { return time.Now().UTC().Round(0) }

// persistSource writes the states, and the copy of a source if it has changed.
func (c *core) persistSource(ctx context.Context, s *priceSource, changed bool) {
	if c.store == nil {
		return
	}
	c.lists.mu.Lock()
	states := map[string]sourceState{}
	for _, each := range c.lists.sources {
		if each.copy != nil {
			states[each.key] = each.state
		}
	}
	content, err := json.Marshal(states)
	operations := []*storage.Operation{storage.SetOperation(keySources, content)}
	if changed {
		operations = append(operations, storage.SetOperation(keyCopy+s.key, s.copy))
	}
	if err == nil {
		// Under the lock, so that an older state does not replace a newer one.
		err = c.store.Client().Batch(ctx, operations...)
	}
	c.lists.mu.Unlock()
	if err != nil && ctx.Err() == nil {
		c.logger.Error("Writing a price list to the storage failed; it is lost at the next restart", zap.String("source", s.name), zap.Error(err))
	}
}

func (c *core) reportFetch(ctx context.Context, s *priceSource, outcome string, err error, wait time.Duration) {
	c.lists.mu.Lock()
	s.attempt, s.err = wallClock(), err
	confirmed := s.state.Confirmed
	c.lists.mu.Unlock()
	c.telemetry.ProcessorLlmCostPriceFetches.Add(ctx, 1, metric.WithAttributes(attribute.String("source", s.name), attribute.String("outcome", outcome)))
	source := zap.String("source", s.name)
	switch {
	case err != nil && confirmed.IsZero():
		c.logger.Warn("Fetching a price list failed; prices are those of the other lists", source, zap.Error(err), zap.Duration("retry_in", wait))
	case err != nil:
		c.logger.Warn("Fetching a price list failed; the last good copy stays active", source, zap.Error(err), zap.Time("confirmed", confirmed), zap.Duration("retry_in", wait))
	case outcome == fetchUpdated:
		table := c.prices.Load()
		c.logger.Info("A fetched price list is active", source, zap.String("version", table.Version()), zap.Int("models", table.Len()))
	}
	if err != nil {
		err = fmt.Errorf("price list %s: %w", s.name, err)
	}
	c.health.Set(health.Problem("prices "+s.name), err, "", "") // each failure is logged
}

// maxListErrors bounds how many errors of one list are logged and shown.
const maxListErrors = 10

// shortenError keeps the first errors of many: a list that is no price file has one for
// each line.
func shortenError(err error) error {
	lines := strings.SplitN(err.Error(), "\n", maxListErrors+1)
	if len(lines) <= maxListErrors {
		return err
	}
	more := 1 + strings.Count(lines[maxListErrors], "\n")
	return fmt.Errorf("%s\nand %d more errors", strings.Join(lines[:maxListErrors], "\n"), more)
}
