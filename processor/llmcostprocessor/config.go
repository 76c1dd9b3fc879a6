// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package llmcostprocessor

import (
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"time"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/confmap"

	"github.com/otelcol-arc/otelcol-arc/internal/dashboard"
	"github.com/otelcol-arc/otelcol-arc/internal/period"
	"github.com/otelcol-arc/otelcol-arc/processor/llmcostprocessor/internal/convention"
	"github.com/otelcol-arc/otelcol-arc/processor/llmcostprocessor/internal/price"
)

// Config sets the prices of calls, and how what they cost is persisted and shown.
type Config struct {
	// Prices are the price tables.
	Prices PricesConfig `mapstructure:"prices"`

	// ReportedCost is when the cost that an application, SDK or gateway reports counts
	// as the cost of a call: never; unpriced, for calls without a price; or the names of
	// providers, for all their calls. The reported cost has an attribute of its own in any case.
	// Default: unpriced.
	ReportedCost []string `mapstructure:"reported_cost"`

	// MetricsInterval is the interval at which usage metrics are emitted into the
	// metrics pipelines. Default: 15s.
	MetricsInterval time.Duration `mapstructure:"metrics_interval"`

	// Dimensions are what usage is split by in the ledger, metrics and budgets, at most
	// 12. One is the key of an attribute (team.id), a name with the keys that it is read
	// from (team: [team.id, langfuse.tags.team]), or a map of what follows.
	// Default: service.name and gen_ai.agent.name.
	Dimensions []DimensionConfig `mapstructure:"dimensions"`

	// Budgets are amounts to be spent in a window of time. Default: none.
	Budgets []BudgetConfig `mapstructure:"budgets"`

	// MetricSources are names of metrics that add up the tokens of calls, to be
	// counted as calls: gen_ai.client.token.usage, claude_code.token.usage,
	// gemini_cli.token.usage, qwen-code.token.usage, codex.turn.token_usage, and for the families of metrics
	// whose names begin with it, gen_ai.client.inference.usage, gen_ai.client.inference.usage.detailed,
	// gen_ai.client.inference.operation, gen_ai.client.embeddings.operation or
	// arc_app_llm, the Arc guide's MetricsCollector as config/sources/metrics-collector.yaml
	// scrapes it.
	// They do not count for a service whose spans or events reported a call within the last
	// 24 hours; what comes before the first of these counts twice. Of several gen_ai.client
	// metrics that a scope sends of the same calls, one counts. Default: none.
	MetricSources []string `mapstructure:"metric_sources"`

	// Storage is the ID of a storage extension that persists the ledger across
	// restarts. Default: none, it is in memory alone.
	Storage *component.ID `mapstructure:"storage"`

	// Retention is how long the hours of the ledger are kept. Default: 840h,
	// 35 days, so that a month's budget can be computed.
	Retention time.Duration `mapstructure:"retention"`

	// DailyRetention is how long the ledger keeps days, which hours become that are older than
	// retention; at most that of retention: hours are dropped. Default: 9600h, 400 days.
	DailyRetention time.Duration `mapstructure:"daily_retention"`

	// TimeZone is a name of the IANA time zone database, as Europe/Berlin: that of the days of
	// the ledger. Default: UTC.
	TimeZone string `mapstructure:"time_zone"`

	// MaxRows is the number of rows of hours above which new models and dimensions are counted
	// in one overflow row an hour. An hour has at most 100000. A row takes some 60 bytes, and
	// 1 KB as long as it has changed in the last metrics_interval. Default: 1000000.
	MaxRows int `mapstructure:"max_rows"`

	// MaxDayRows is the number of rows of days above which the oldest days keep the sums of
	// providers and models alone. Default: 4000000, 240 MB.
	MaxDayRows int `mapstructure:"max_day_rows"`

	// MaxModels is the number of models that the price table does not know and
	// that have metrics of their own; the others are counted under the model
	// otel.metric.overflow. Default: 1000.
	MaxModels int `mapstructure:"max_models"`

	// MaxSeries is the number of label sets of the metrics by provider, model and
	// dimensions. The most expensive ones are kept; the others are counted in one series
	// more, labeled otel.metric.overflow=true. Default: 5000.
	MaxSeries int `mapstructure:"max_series"`

	// Exemplars adds the trace IDs of calls to those metrics. Prometheus 2.42
	// rejects a scrape in the OpenMetrics format that has them, because the names of the
	// metrics do not end in _total. Default: true.
	Exemplars bool `mapstructure:"exemplars"`

	// Calls bounds the single calls that are kept and that the dashboard lists.
	Calls CallsConfig `mapstructure:"calls"`

	// Dedup sets how records of the same call are recognized.
	Dedup DedupConfig `mapstructure:"dedup"`

	// CallsOf is the ID of another llm_cost processor. This one then has no other settings,
	// and is in pipelines of logs, by which the call records of that one leave: for an engine
	// that counts the calls of any number of collectors. Default: none.
	CallsOf *component.ID `mapstructure:"calls_of"`

	// prevent unkeyed literal initialization
	_ struct{}
}

// DimensionConfig is what usage is split by.
type DimensionConfig struct {
	// Name is that of the dimension in the API, in budgets and in prices; with
	// underscores it is the label of metrics. Default: the first key of from.
	Name string `mapstructure:"name"`

	// From are keys of attributes; the first that is there counts. Those of the span or
	// record come first, then those of the spans around it, then those of its resource.
	// For gen_ai.agent.name, user.id, session.id and gen_ai.conversation.id it is whatever
	// key the call's convention has. Default: the name.
	From []string `mapstructure:"from"`

	// Table is a CSV file that maps the values: its first line names the columns, the
	// first column has the values, the column named as the dimension has what is
	// counted. It is read again when it changes. Default: none.
	Table string `mapstructure:"table"`

	// Unlisted is counted for values that are not in the table. Default: none, as for
	// calls without a value.
	Unlisted string `mapstructure:"unlisted"`

	// Hash counts the first 16 digits of the value's SHA-256 hash in its place. The same
	// value has the same hash in every collector; who can guess a value can confirm it.
	// Default: false.
	Hash bool `mapstructure:"hash"`

	// Drop counts no value at all: the dimension exists and is empty. Default: false.
	Drop bool `mapstructure:"drop"`

	// prevent unkeyed literal initialization
	_ struct{}
}

// PricesConfig sets the price tables.
type PricesConfig struct {
	// Files are price tables that override the built-in one; a later file
	// overrides an earlier one. Default: none.
	Files []string `mapstructure:"files"`

	// Sources are price tables that are fetched from URLs. They override the built-in
	// one, a later source an earlier one, and files override them. Default: none.
	Sources []PriceSourceConfig `mapstructure:"sources"`

	// prevent unkeyed literal initialization
	_ struct{}
}

// BudgetConfig is an amount to be spent in a window of time.
type BudgetConfig struct {
	// Name is the label budget of the metric. Required, and unique.
	Name string `mapstructure:"name"`

	// Window is hour, day, week (from Monday on), month or quarter, of the calendar in the
	// time zone; or 24h or 30d, the whole hours until now. Required.
	Window Window `mapstructure:"window"`

	// TimeZone is that of the window, as Europe/Berlin. Default: time_zone of the processor.
	TimeZone string `mapstructure:"time_zone"`

	// By are dimensions, or model, each value of which has the limit for itself. Calls
	// without any of them are left out. Of more than 1000 values, those that used the
	// largest part of their limits are reported. Default: none, one limit for all.
	By []string `mapstructure:"by"`

	// Limits are other amounts for single values, in dollars. Values of several
	// dimensions are written with a slash in between. Default: none.
	Limits map[string]float64 `mapstructure:"limits"`

	// Limit is the amount, in dollars. Required.
	Limit float64 `mapstructure:"limit"`

	// Thresholds are parts of the limit, in percent and ascending, at most 10 of them and none
	// above 1000, that are notified when they are reached: each once in a window.
	// Default: 50, 80 and 100.
	Thresholds []float64 `mapstructure:"thresholds"`

	// Where are values of dimensions, or of model, that the calls of the budget
	// have. Default: none, all calls.
	Where map[string]string `mapstructure:"where"`

	// prevent unkeyed literal initialization
	_ struct{}
}

// CallsConfig bounds the single calls that are kept, for as long as retention at most.
type CallsConfig struct {
	// MaxEntries is how many of the newest calls are kept; 0 for none at all.
	// Default: 50000, some 30 MB.
	MaxEntries int `mapstructure:"max_entries"`

	// MostExpensivePerDay is how many of the most expensive calls of each day are kept in
	// addition, once newer calls took their place. Default: 1000.
	MostExpensivePerDay int `mapstructure:"most_expensive_per_day"`

	// prevent unkeyed literal initialization
	_ struct{}
}

// DedupConfig sets how records of the same call are recognized.
type DedupConfig struct {
	// MaxEntries is the size of the deduplication cache, in records of calls, and
	// half as many spans around them. Default: 100000, at most 64 MiB.
	MaxEntries int `mapstructure:"max_entries"`

	// Window is how long a record stays in the cache, unless it is full. A pause in which
	// nothing arrives counts as a tenth of it at most. Default: 10m.
	Window time.Duration `mapstructure:"window"`

	// PairByTime counts records of different instrumentation scopes as one call if
	// they have the same resource and usage at the same time, but no common ID.
	// Default: true.
	PairByTime bool `mapstructure:"pair_by_time"`

	// prevent unkeyed literal initialization
	_ struct{}
}

var (
	_ confmap.Validator   = (*Config)(nil)
	_ confmap.Unmarshaler = (*Config)(nil)
)

// Unmarshal reads the short forms of dimensions, too.
func (c *Config) Unmarshal(conf *confmap.Conf) error {
	if err := expandDimensions(conf); err != nil {
		return err
	}
	if err := conf.Unmarshal(c); err != nil || c.CallsOf == nil {
		return err
	}
	if others := slices.DeleteFunc(slices.Sorted(maps.Keys(conf.ToStringMap())), func(key string) bool { return key == "calls_of" }); len(others) > 0 {
		return fmt.Errorf("calls_of: excludes all other settings, which are those of %s: %s", c.CallsOf, strings.Join(others, ", "))
	}
	return nil
}

// Validate reads the price files too. It reports all errors.
func (c *Config) Validate() error {
	errs := []error{
		atLeast("metrics_interval", c.MetricsInterval, time.Millisecond),
		atLeast("retention", c.Retention, time.Hour),
		validateDays(c),
		atLeast("max_rows", c.MaxRows, 1),
		atLeast("max_day_rows", c.MaxDayRows, 0),
		atLeast("max_models", c.MaxModels, 1),
		atLeast("max_series", c.MaxSeries, 1),
		atLeast("calls::max_entries", c.Calls.MaxEntries, 0),
		atLeast("calls::most_expensive_per_day", c.Calls.MostExpensivePerDay, 0),
		atLeast("dedup::max_entries", c.Dedup.MaxEntries, 2),
		atLeast("dedup::window", c.Dedup.Window, time.Second),
		validateDimensions(c.Dimensions),
		validateTables(c.Dimensions),
		validateMetricSources(c.MetricSources),
		validateReportedCost(c.ReportedCost),
		validateBudgets(c.Budgets, dimensionNames(c.Dimensions), max(c.Retention, c.DailyRetention)),
		validatePriceSources(c.Prices.Sources),
	}
	if err := c.validatePriceFiles(); err != nil {
		errs = append(errs, fmt.Errorf("prices::files: %w", err))
	}
	return errors.Join(errs...)
}

func (c *Config) validatePriceFiles() error {
	layers, err := c.readPriceFiles()
	table, invalid := price.LoadLayers(layers)
	if err := errors.Join(err, invalid); err != nil {
		return err
	}
	return table.CheckDimensions(dimensionNames(c.Dimensions))
}

// readPriceFiles reads the price files. Where sources are configured, their aliases may mean
// models that are yet to be fetched.
func (c *Config) readPriceFiles() ([]price.Layer, error) {
	layers, err := price.ReadFiles(c.Prices.Files)
	for i := range layers {
		layers[i].Patient = len(c.Prices.Sources) > 0
	}
	return layers, err
}

func validateDays(c *Config) error {
	var errs []error
	errs = append(errs, atLeast("daily_retention", c.DailyRetention, 0))
	if _, err := period.LoadZone(c.TimeZone); err != nil {
		errs = append(errs, fmt.Errorf("time_zone: %w", err))
	}
	return errors.Join(errs...)
}

func atLeast[T int | time.Duration](key string, got, least T) error {
	if got < least {
		return fmt.Errorf("%s: must be %v or more, is %v", key, least, got)
	}
	return nil
}

func validateReportedCost(names []string) error {
	var errs []error
	for i, name := range names {
		switch {
		case name == reportedNever && len(names) > 1:
			errs = append(errs, fmt.Errorf("reported_cost::%d: %s excludes the others", i, reportedNever))
		case strings.TrimSpace(name) == "":
			errs = append(errs, fmt.Errorf("reported_cost::%d: is empty", i))
		}
	}
	return errors.Join(errs...)
}

func validateMetricSources(names []string) error {
	var errs []error
	for i, name := range names {
		if convention.MetricSourceOf(name) == nil {
			var known []string
			for _, source := range convention.MetricSources {
				known = append(known, source.Name)
			}
			errs = append(errs, fmt.Errorf("metric_sources::%d: %q is none of %s", i, name, strings.Join(known, ", ")))
		}
	}
	return errors.Join(errs...)
}

// checkUnique checks a value that must not be empty, nor the same as one before it.
func checkUnique(key, value string, taken bool) error {
	switch {
	case value == "":
		return fmt.Errorf("%s: must not be empty", key)
	case taken:
		return fmt.Errorf("%s: %q comes twice", key, value)
	default:
		return nil
	}
}

func validateBudgets(budgets []BudgetConfig, dimensions []string, retention time.Duration) error {
	var errs []error
	seen := map[string]bool{}
	for i, b := range budgets {
		errs = append(errs, checkUnique(fmt.Sprintf("budgets::%d::name", i), b.Name, seen[b.Name]))
		seen[b.Name] = true
		switch longest, known := windows[b.Window]; {
		case !known:
			errs = append(errs, fmt.Errorf("budgets::%d::window: %q is none of hour, day, week, month, quarter, 24h, 30d", i, b.Window))
		case retention < longest:
			errs = append(errs, fmt.Errorf("budgets::%d::window: a %s can be longer than retention, %v", i, b.Window, retention))
		}
		if !isAmount(b.Limit) {
			errs = append(errs, fmt.Errorf("budgets::%d::limit: must be above 0, is %v", i, b.Limit))
		}
		errs = append(errs, validateBy(i, &b, dimensions))
		errs = append(errs, validateThresholds(i, b.Thresholds)...)
		if _, err := whereOf(dimensions, b.Where); err != nil {
			errs = append(errs, fmt.Errorf("budgets::%d::%w", i, err))
		}
	}
	return errors.Join(errs...)
}

func isAmount(dollars float64) bool { return dollars > 0 && !math.IsInf(dollars, 1) } // NaN is not above 0

func validateBy(i int, b *BudgetConfig, dimensions []string) error {
	var errs []error
	if _, err := period.LoadZone(b.TimeZone); err != nil {
		errs = append(errs, fmt.Errorf("budgets::%d::time_zone: %w", i, err))
	}
	for j, name := range b.By {
		if _, known := columnOf(dimensions, name); !known || slices.Contains(b.By[:j], name) {
			errs = append(errs, fmt.Errorf("budgets::%d::by::%d: %q is there twice or no dimension; there are %s, %s", i, j, name, dashboard.Model, strings.Join(dimensions, ", ")))
		}
	}
	for values, limit := range b.Limits {
		if len(b.By) == 0 || strings.Count(values, "/") < len(b.By)-1 {
			errs = append(errs, fmt.Errorf("budgets::%d::limits::%s: there are %d dimensions in by", i, values, len(b.By)))
		}
		if !isAmount(limit) {
			errs = append(errs, fmt.Errorf("budgets::%d::limits::%s: must be above 0, is %v", i, values, limit))
		}
	}
	return errors.Join(errs...)
}
