// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package llmbillingreceiver

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/config/confighttp"
	"go.opentelemetry.io/collector/config/configoptional"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/pmetric"
	"go.opentelemetry.io/collector/receiver"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
	"go.uber.org/zap"

	"github.com/otelcol-arc/otelcol-arc/internal/checkedstorage"
	"github.com/otelcol-arc/otelcol-arc/internal/health"
	"github.com/otelcol-arc/otelcol-arc/receiver/llmbillingreceiver/internal/metadata"
	"github.com/otelcol-arc/otelcol-arc/receiver/llmbillingreceiver/internal/report"
)

// keyAccount is the prefix of the keys in the storage.
const keyAccount = "account/"

// billing is the receiver: its accounts, and what they reported.
type billing struct {
	cfg       *Config
	set       receiver.Settings
	logger    *zap.Logger
	health    *health.Health
	telemetry *metadata.TelemetryBuilder
	builder   *metadata.MetricsBuilder
	accounts  []*account
	now       func() time.Time
	started   time.Time

	store      *checkedstorage.Client // nil without a storage
	closeStore sync.Once
	stop       context.CancelFunc
	asking     sync.WaitGroup
}

func newBilling(cfg *Config, set receiver.Settings) (*billing, error) {
	telemetry, err := metadata.NewTelemetryBuilder(set.TelemetrySettings)
	if err != nil {
		return nil, err
	}
	b := &billing{
		cfg: cfg, set: set, logger: set.Logger, health: health.New(set.Logger), telemetry: telemetry, now: time.Now,
		builder: metadata.NewMetricsBuilder(metadata.NewDefaultMetricsBuilderConfig(), set),
	}
	for i := range cfg.Accounts {
		each := &cfg.Accounts[i]
		b.accounts = append(b.accounts, &account{cfg: each, provider: report.Providers[each.Provider], owner: b})
	}
	return b, nil
}

// start loads what was persisted, and begins to ask.
func (b *billing) start(ctx context.Context, host component.Host) error {
	b.health.Report(host)
	b.started = b.now()
	if err := b.openStore(ctx, host); err != nil {
		return err
	}
	b.accounts = slices.DeleteFunc(b.accounts, func(a *account) bool {
		if !a.cfg.hasAccess() {
			b.logger.Info("An account has no key and is not asked", zap.String("provider", a.cfg.Provider), zap.String("account", a.cfg.Name))
		}
		return !a.cfg.hasAccess()
	})
	if len(b.accounts) == 0 {
		b.logger.Warn("No account has a key: no billed costs are asked for")
	}
	for _, a := range b.accounts {
		if err := b.connect(ctx, host, a); err != nil {
			return fmt.Errorf("accounts: %s: %w", a.id(), err)
		}
		if err := b.load(ctx, a); err != nil {
			b.logger.Error("What an account reported before cannot be read; it is asked again", zap.String("account", a.id()), zap.Error(err))
		}
	}
	if err := b.observe(); err != nil {
		return err
	}
	running, stop := context.WithCancel(context.WithoutCancel(ctx))
	b.stop = stop
	for _, a := range b.accounts {
		b.asking.Go(func() { a.run(running) })
	}
	return nil
}

func (b *billing) connect(ctx context.Context, host component.Host, a *account) error {
	config := a.cfg.HTTP
	config.Keepalive = configoptional.None[confighttp.KeepaliveClientConfig]() // the next request is an hour away
	http, err := config.ToClient(ctx, host.GetExtensions(), b.set.TelemetrySettings)
	if err != nil {
		return err
	}
	http.CheckRedirect = checkRedirect
	a.client = &client{
		http: http, provider: a.provider, key: string(a.cfg.Key), timeout: config.Timeout, now: b.now,
		agent: b.set.BuildInfo.Command + "/" + b.set.BuildInfo.Version,
	}
	return nil
}

func (b *billing) openStore(ctx context.Context, host component.Host) error {
	if b.cfg.StorageID == nil {
		return nil
	}
	store, err := checkedstorage.Open(ctx, host, *b.cfg.StorageID, checkedstorage.Owner{Kind: component.KindReceiver, ID: b.set.ID}, func(key string, _ []byte) {
		b.logger.Error("What an account reported before is damaged; it is asked again", zap.String("key", key))
	})
	if err != nil {
		return err
	}
	b.store = store
	return nil
}

func (b *billing) load(ctx context.Context, a *account) error {
	if b.store == nil {
		return nil
	}
	content, err := b.store.Get(ctx, keyAccount+a.id())
	if err != nil || content == nil {
		return err
	}
	var state accountState
	if err := json.Unmarshal(content, &state); err != nil {
		return err
	}
	for name, of := range state.Days {
		if slices.ContainsFunc(of.Costs, func(c report.Cost) bool { return c.Dollars == nil }) {
			return fmt.Errorf("day %s: an item has no amount", name)
		}
	}
	a.mu.Lock()
	a.state = state
	a.mu.Unlock()
	return nil
}

// persist writes what an account reported to the storage.
func (b *billing) persist(ctx context.Context, a *account) error {
	if b.store == nil {
		return nil
	}
	a.mu.Lock()
	content, err := json.Marshal(a.state)
	a.mu.Unlock()
	if err == nil {
		err = b.store.Set(ctx, keyAccount+a.id(), content)
	}
	if err != nil {
		return fmt.Errorf("storage: %w", err)
	}
	return nil
}

// shutdown ends the requests and waits for them, no longer than ctx.
func (b *billing) shutdown(ctx context.Context) error {
	if b.stop != nil {
		b.stop()
	}
	ended := make(chan struct{})
	go func() {
		b.asking.Wait()
		close(ended)
	}()
	var err error
	select {
	case <-ended:
	case <-ctx.Done():
		err = ctx.Err()
	}
	b.telemetry.Shutdown()
	if b.store != nil {
		b.closeStore.Do(func() { err = errors.Join(err, b.store.Close(ctx)) })
	}
	return err
}

// scrape emits what the accounts reported last.
func (b *billing) scrape(context.Context) (pmetric.Metrics, error) {
	now := pcommon.NewTimestampFromTime(b.now())
	for _, a := range b.accounts {
		a.mu.Lock()
		for _, name := range slices.Sorted(maps.Keys(a.state.Days)) {
			of := a.state.Days[name]
			for _, cost := range of.Costs {
				dollars, _ := cost.Dollars.Float64()
				b.builder.RecordArcLlmBilledCostDollarsDataPoint(now, dollars, a.cfg.Provider, a.cfg.Name, cost.Project, cost.Item, name)
			}
			for key, amount := range amounts(of.Usage) {
				b.builder.RecordArcLlmBilledUsageDataPoint(now, amount, a.cfg.Provider, a.cfg.Name, key.Project, key.Model, key.Kind, key.Tier, name)
			}
		}
		a.mu.Unlock()
	}
	return b.builder.Emit(metadata.WithResource(b.set.Resource)), nil
}

// amounts adds up usage of the same labels.
func amounts(usage []report.Usage) map[report.Usage]int64 {
	sums := map[report.Usage]int64{}
	for _, each := range usage {
		amount := each.Amount
		each.Amount = 0
		sums[each] += amount
	}
	return sums
}

func (b *billing) observe() error {
	return b.telemetry.RegisterReceiverLlmBillingAgeCallback(func(_ context.Context, o metric.Float64Observer) error {
		for _, a := range b.accounts {
			a.mu.Lock()
			since := a.state.Read
			a.mu.Unlock()
			if since.IsZero() {
				since = b.started
			}
			o.Observe(b.now().Sub(since).Seconds(), metric.WithAttributes(a.labels()...))
		}
		return nil
	})
}

func (a *account) labels() []attribute.KeyValue {
	return []attribute.KeyValue{attribute.String("provider", a.cfg.Provider), attribute.String("account", a.cfg.Name)}
}

// count counts a report by its outcome.
func (a *account) count(ctx context.Context, name string, err error) {
	outcome := outcomeRead
	if err != nil {
		outcome = outcomeFailed
		if refused, ok := errors.AsType[*reportError](err); ok {
			outcome = refused.outcome
		}
	}
	a.owner.telemetry.ReceiverLlmBillingReports.Add(ctx, 1, metric.WithAttributes(append(a.labels(),
		attribute.String("report", name), attribute.String("outcome", outcome))...))
}

func (b *billing) countOverflow(ctx context.Context, a *account, items int64) {
	b.telemetry.ReceiverLlmBillingOverflow.Add(ctx, items, metric.WithAttributes(a.labels()...))
}
