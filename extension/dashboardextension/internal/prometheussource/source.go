// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package prometheussource

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"sort"
	"time"

	"go.opentelemetry.io/collector/component"
	"go.uber.org/zap"

	"github.com/otelcol-arc/otelcol-arc/extension/dashboardextension/internal/spend"
	"github.com/otelcol-arc/otelcol-arc/internal/dashboard"
)

// Source is a source of usage that has the sums of all collectors whose metrics a server has.
type Source struct {
	cfg    *Config
	schema schema
	zone   *time.Location // of days
	logger *zap.Logger
	now    func() time.Time

	http   *http.Client
	client *client
	// ctx ends at Shutdown.
	ctx  context.Context
	stop context.CancelFunc

	// reading is held by who reads from the server, and guards what follows.
	reading chan struct{}
	cache   cache
	since   time.Time
	asked   time.Time // when since was
	budgets budgetCache
}

var _ dashboard.Usage = (*Source)(nil)

// New returns a source whose days are those of a time zone.
func New(cfg *Config, logger *zap.Logger, zone *time.Location, now func() time.Time) *Source {
	s := &Source{cfg: cfg, schema: newSchema(cfg), zone: zone, logger: logger, now: now, reading: make(chan struct{}, 1)}
	s.cache.blocks = map[blockKey]*block{}
	s.ctx, s.stop = context.WithCancel(context.Background())
	return s
}

// Start makes the client. Nothing is read until somebody opens the dashboard.
func (s *Source) Start(ctx context.Context, host component.Host, settings component.TelemetrySettings) error {
	made, err := s.cfg.ToClient(ctx, host.GetExtensions(), settings)
	if err != nil {
		return fmt.Errorf("source::prometheus: %w", err)
	}
	s.http = made
	s.client, err = newClient(s.cfg.Endpoint, made, s.cfg.MaxSeries)
	return err
}

// Shutdown ends queries that are running.
func (s *Source) Shutdown() {
	s.stop()
	if s.http != nil {
		s.http.CloseIdleConnections()
	}
}

// errNotStarted is reported where the dashboard has not started yet.
var errNotStarted = errors.New("the source is not started")

// withTimeout is a time for one response of the source.
func (s *Source) withTimeout() (context.Context, context.CancelFunc) {
	return context.WithTimeout(s.ctx, s.cfg.Timeout)
}

// Dimensions are those of the configuration, and the collector.
func (s *Source) Dimensions() []string { return slices.Clone(s.schema.dimensions) }

// Usage sums what all collectors counted.
func (s *Source) Usage(q dashboard.Query) ([]dashboard.Row, error) {
	if s.client == nil {
		return nil, errNotStarted
	}
	by, where, err := s.columns(q)
	if err != nil {
		return nil, err
	}
	ctx, cancel := s.withTimeout()
	defer cancel()
	since, err := s.firstHour(ctx)
	if err != nil {
		return nil, unavailable(err)
	}
	if since.IsZero() {
		return nil, nil
	}
	from := q.From
	if from.Before(since) {
		from = since
	}
	blocks, err := s.blocksOf(ctx, from, q.To)
	if err != nil {
		return nil, unavailable(err)
	}
	has := dashboard.Extent{SumsOnly: true, FailuresBy: failuresBy}
	sums := newSums(q, by, where, has.HasFailures(q.GroupBy, q.Where))
	for _, each := range blocks {
		for i, rows := range each.rows {
			sums.add(each.from.Add(time.Duration(i)*each.step), rows)
		}
	}
	return sums.rows(), nil
}

// columns are the indexes of the dimensions of a query.
func (s *Source) columns(q dashboard.Query) (by []int, where map[int]string, err error) {
	where = map[int]string{}
	at := func(name string) (int, error) {
		if i := slices.Index(s.schema.dimensions, name); i >= 0 {
			return i, nil
		}
		return 0, fmt.Errorf("there is no dimension %q", name)
	}
	for _, name := range q.GroupBy {
		i, err := at(name)
		if err != nil {
			return nil, nil, err
		}
		by = append(by, i)
	}
	for name, value := range q.Where {
		i, err := at(name)
		if err != nil {
			return nil, nil, err
		}
		where[i] = value
	}
	return by, where, nil
}

// failuresBy are the dimensions of the metrics of failed calls and of durations.
var failuresBy = []string{dashboard.Model, Collector}

// sums adds rows up, by step and group.
type sums struct {
	query        dashboard.Query
	by           []int
	where        map[int]string
	withFailures bool
	groups       map[sumKey]*dashboard.Row
}

type sumKey struct {
	step  int64
	group string
}

func newSums(q dashboard.Query, by []int, where map[int]string, withFailures bool) *sums {
	return &sums{q, by, where, withFailures, map[sumKey]*dashboard.Row{}}
}

func (s *sums) add(start time.Time, rows []row) {
	if start.Before(s.query.From) || !start.Before(s.query.To) {
		return
	}
	step := s.query.From
	if n := sort.Search(len(s.query.Steps), func(i int) bool { return s.query.Steps[i].After(start) }); n > 0 {
		step = s.query.Steps[n-1]
	}
	for i := range rows {
		if rows[i].byModel && !s.withFailures || !s.selects(&rows[i]) {
			continue
		}
		group := make([]string, len(s.by))
		for k, column := range s.by {
			group[k] = rows[i].values[column]
		}
		key := sumKey{step.Unix(), spend.GroupKey(group)}
		if s.groups[key] == nil {
			s.groups[key] = &dashboard.Row{Start: step, Group: group}
		}
		rows[i].addTo(&s.groups[key].Usage)
	}
}

func (s *sums) selects(r *row) bool {
	for column, value := range s.where {
		if r.values[column] != value {
			return false
		}
	}
	return true
}

func (s *sums) rows() []dashboard.Row {
	rows := make([]dashboard.Row, 0, len(s.groups))
	for _, each := range s.groups {
		finish(&each.Usage)
		rows = append(rows, *each)
	}
	slices.SortFunc(rows, func(a, b dashboard.Row) int {
		return cmp.Or(a.Start.Compare(b.Start), slices.Compare(a.Group, b.Group))
	})
	return rows
}

// Unavailable is an error of the server, or on the way to it.
type Unavailable struct{ err error }

func unavailable(err error) error { return &Unavailable{err} }

func (e *Unavailable) Error() string { return "Prometheus: " + e.err.Error() }

// Unwrap returns what happened.
func (e *Unavailable) Unwrap() error { return e.err }

// What only a ledger has.

// Calls returns nil.
func (s *Source) Calls(dashboard.CallQuery) []dashboard.Call { return nil }

// Unpriced returns nil: which models have no price is on the dashboards of the collectors.
func (s *Source) Unpriced() []dashboard.UnpricedModel { return nil }

// Estimates returns nil.
func (s *Source) Estimates() []dashboard.Estimate { return nil }

// Disagreements returns nil.
func (s *Source) Disagreements() []dashboard.Disagreement { return nil }

// Prices is empty.
func (s *Source) Prices() dashboard.PriceTable { return dashboard.PriceTable{} }

// Tariff is empty.
func (s *Source) Tariff(string, string, time.Time) dashboard.Tariff { return dashboard.Tariff{} }

// Billing is empty.
func (s *Source) Billing(time.Time, time.Time) dashboard.Billing { return dashboard.Billing{} }

// Costs are what was counted, by provider and model.
func (s *Source) Costs(from, to time.Time) []dashboard.CostLine {
	rows, err := s.Usage(dashboard.Query{From: from, To: to, GroupBy: []string{dashboard.Provider, dashboard.Model}})
	if err != nil {
		return nil
	}
	lines := make([]dashboard.CostLine, 0, len(rows))
	for i := range rows {
		lines = append(lines, dashboard.CostLine{
			Provider: rows[i].Group[0], Model: rows[i].Group[1], Calls: rows[i].Usage.Calls, Unpriced: rows[i].Usage.Unpriced, Counted: rows[i].Usage.Dollars,
		})
	}
	slices.SortStableFunc(lines, func(a, b dashboard.CostLine) int { return cmp.Compare(b.Counted, a.Counted) })
	return lines
}
