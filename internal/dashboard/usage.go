// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package dashboard

import (
	"maps"
	"slices"
	"time"

	"github.com/otelcol-arc/otelcol-arc/internal/usage"
)

// Dimensions that every usage has; the others are keys of attributes, as configured.
const (
	Model = "model"
	// Provider is as calls name it; "" where they do not.
	Provider = "provider"
)

// Overflow stands for the models and values of dimensions beyond a limit.
const Overflow = "otel.metric.overflow"

// Usage has what calls of models cost, by the hour in which they were made.
type Usage interface {
	// Dimensions are what calls can be grouped and chosen by; Model is the first, Provider
	// the last, unless an attribute has its name.
	Dimensions() []string
	// Usage sums calls. Its rows are ordered by start, then by group.
	Usage(q Query) ([]Row, error)
	// Extent is what there is to be queried.
	Extent() Extent
	// Calls are single calls that are still remembered, the newest first or,
	// with MostExpensive, the most expensive first.
	Calls(q CallQuery) []Call
	// Budgets are those of the configuration, in its order.
	Budgets() []Budget
	// Unpriced are the models of calls without a price, those with most calls first.
	Unpriced() []UnpricedModel
	// Estimates are what costs that are estimates, or missing, depend on since the start,
	// the largest sum first.
	Estimates() []Estimate
	// Disagreements are the models whose applications reported another cost
	// than ours, the largest difference first.
	Disagreements() []Disagreement
	// Prices describes the table that prices are taken from.
	Prices() PriceTable
	// Tariff is what a model of a provider costs at a time.
	Tariff(provider, model string, at time.Time) Tariff
	// Billing compares days (UTC) of [from, to) with what providers billed. It is empty
	// where no bill is known.
	Billing(from, to time.Time) Billing
	// Costs are what was reported, counted and billed of [from, to), by provider and model as
	// price files name them, those with the largest amounts first. Bills have whole days (UTC).
	Costs(from, to time.Time) []CostLine
}

// Query selects and groups calls. From is inclusive, To exclusive. The ledger has whole hours
// (UTC): From is the start of the hour that it is in, To the end of that hour unless it is its
// start.
type Query struct {
	From, To time.Time
	// Steps are starts of steps, in order: there are rows for each, which lasts until the next
	// one. The first is From. None makes one row of all.
	Steps []time.Time
	// GroupBy are dimensions. There is a row for each combination of their values.
	GroupBy []string
	// Where keeps calls whose dimensions have these values.
	Where map[string]string
}

// RowSource is a source of usage that can leave out what is not wanted of rows.
type RowSource interface {
	// EachRow calls see with each row of a query, in no order. The row is used again, but not its group.
	EachRow(q Query, want Wanted, see func(*Row)) error
}

// Wanted is what is wanted of rows.
type Wanted struct {
	// Figures are those that Totals have to have; 0 is all.
	Figures Figures
	// Groups are those that are wanted; nil is all.
	Groups [][]string
}

// Figures are parts of Totals.
type Figures uint8

// Figures that can be asked for.
const (
	CallFigures     Figures = 1 << iota // Calls, Errors, Timeouts, Unpriced
	CostFigures                         // Dollars
	SavedFigures                        // SavedDollars
	EstimateFigures                     // Estimated, EstimatedDollars
	DurationFigures                     // Timed, Seconds, Buckets
	UsageFigures                        // Tokens, Amounts
)

// Extent is what a source of usage holds.
type Extent struct {
	// Since is the first hour that calls are counted in, HoursSince the first that has rows of
	// its own: before it there are whole days, of the time zone Zone. Both are zero when there are
	// no calls.
	Since, HoursSince time.Time
	Zone              *time.Location
	// Rows are those of hours, DayRows those of days.
	Rows, RowsLimit, DayRows, DayRowsLimit int
	// FoldedDays are days beyond the limit of which providers and models are left, since the
	// start.
	FoldedDays int
	// Overflow is the model of calls that are counted together since the limit was reached.
	Overflow string
	// SumsOnly: the source has sums, and no single calls, prices, estimates and bills. Errors and
	// durations it then has for rows and conditions of FailuresBy alone.
	SumsOnly   bool
	FailuresBy []string
	// Err is why the source could not be asked just now.
	Err error
}

// HasFailures reports whether there are errors and durations for rows and conditions.
func (e *Extent) HasFailures(by []string, where map[string]string) bool {
	unknown := func(name string) bool { return !slices.Contains(e.FailuresBy, name) }
	return !e.SumsOnly || !slices.ContainsFunc(by, unknown) && !slices.ContainsFunc(slices.Collect(maps.Keys(where)), unknown)
}

// Row is the sum of the calls of a group in a step.
type Row struct {
	Start time.Time
	// Group has the values of the dimensions asked for, in their order.
	Group []string
	Usage Totals
}

// Totals are sums over calls. Dollars are exact sums, converted once.
type Totals struct {
	Calls, Errors, Timeouts int64 // Calls includes Errors and Timeouts
	Unpriced                int64
	// Estimated are the calls whose cost is an estimate, and EstimatedDollars what they cost.
	Estimated        int64
	EstimatedDollars float64
	Tokens           Tokens
	// Amounts are all that was used, by kind; kinds are disjoint.
	Amounts usage.Amounts
	Dollars float64
	// SavedDollars is the additional cost that the tokens read from caches would have
	// had without the caches, minus the additional cost of writing to the caches.
	SavedDollars float64
	// Timed are the calls whose duration is known; Seconds is the sum of their
	// durations, and Buckets counts them by the upper bounds of DurationBounds,
	// the last one without bound.
	Timed   int64
	Seconds float64
	Buckets []uint64
}

// DurationBounds are the upper bounds of Totals.Buckets in seconds, those of
// arc_llm_duration_seconds of the Arc guide.
var DurationBounds = []float64{.1, .5, 1, 2, 5, 10, 30, 60}

// Tokens of a call or of several. CacheRead, CacheWrite are parts of Input,
// Reasoning of Output.
type Tokens struct {
	Input, Output, CacheRead, CacheWrite, Reasoning int64
}

// TokensOf returns the tokens among amounts of any kind.
func TokensOf(amounts *usage.Amounts) Tokens {
	return Tokens{
		Input: amounts.Prompt(), Output: amounts.Completion(),
		CacheRead: amounts.CacheReads(), CacheWrite: amounts.CacheWrites(), Reasoning: amounts[usage.Reasoning],
	}
}

// CallQuery selects single calls.
type CallQuery struct {
	From, To      time.Time // zero: without bound
	Where         map[string]string
	ID            string
	Find          string // a trace, span, response, session or user ID, or that of the call
	TraceID       string // of the call, or of a record merged into it
	ResponseID    string
	User          string
	Session       string
	Agent         string
	Status        string // failed: error or timeout
	ErrorType     string
	CostStatus    string
	MinDollars    *float64
	MaxDollars    *float64
	MostExpensive bool
	// MergedBy selects calls of which a record was merged by this rule; "" for all.
	MergedBy string
	// Problems has only calls with a Problem.
	Problems bool
	Limit    int // 0: all that are remembered
}

// Call is one call.
type Call struct {
	// ID is the same as long as the call is kept.
	ID              string
	Time            time.Time // its end
	TraceID, SpanID string    // in hex; "" when unknown
	// Values are those of the dimensions, in the order of Usage.Dimensions.
	Values   []string
	Status   string // success, error or timeout
	Tokens   Tokens
	Amounts  usage.Amounts // by kind; kinds are disjoint
	Dollars  *float64      // nil: no price is known
	Reported *float64      // the cost that the application reported
	Computed *float64      // the cost by the price table; Dollars unless the reported one counts
	// CostStatus is priced, estimated, reported or unpriced.
	CostStatus string
	Seconds    *float64 // nil: unknown
	// Provider is as in the record, Convention that of the record, and Reading the
	// evidence that decided how its numbers are read; "" if there is only one way.
	Provider, Convention, Reading string
	// Estimated is why the cost is an estimate; "" where it is not.
	Estimated string
	// Problem is what makes no sense in the record of a call without a price; "" for
	// nothing.
	Problem string
	// Merged are the other records that report the call.
	Merged []MergedRecord

	// User, Session and Agent are those of the record, or the values of the dimensions that
	// have them.
	User, Session, Agent string
	ResponseID           string
	ParentID             string // the span around the call, in hex
	Operation            string
	RequestModel         string // where it is another than the model
	ErrorType            string
	ServiceTier          string // as written
	Scope                string // of the instrumentation
	// FirstToken is the time to the first token or chunk, in seconds; nil when unknown.
	FirstToken *float64
}

// CallSource is a source of usage that keeps single calls.
type CallSource interface {
	// CountCalls is how many calls a query chooses, whatever its limit.
	CountCalls(q CallQuery) int
	// CallsKept is how many calls there are.
	CallsKept() CallsKept
	// Steps are the spans of agents, chains and tools of a trace that are kept, in no order.
	Steps(traceID string) []Step
	// CallPrice is how a call that is kept was priced.
	CallPrice(id string) (CallPrice, bool)
}

// Step is a span around calls: of an agent, a chain or a tool.
type Step struct {
	SpanID, ParentID string // in hex; "" for none
	Name, Agent      string
	Start, End       time.Time
	Failed           bool
}

// CallsKept is which calls are kept.
type CallsKept struct {
	// Newest are the newest calls, MostExpensive others that are among the most expensive
	// of their days; the limits are those of the configuration.
	Newest, NewestLimit            int
	MostExpensive, ExpensivePerDay int
	// Dropped are the calls that were counted and are not kept any more, for newer ones.
	Dropped int64
	// Since is when the oldest of the newest calls ended; zero: none was dropped.
	Since time.Time
}

// CallPrice is how a call was priced.
type CallPrice struct {
	// Entry is the entry of the price table, Provider whose price it is, List the list
	// that has it, and Source where that has it from.
	Entry, Provider, List, Source string
	Region, Tier                  string
	Checked                       time.Time
	// Lines are what each kind costs by the table as it is now, at the time of the call.
	// There is no line where the cost is not that of the table.
	Lines []PriceLine
	// Adjustments are what changed the sum of the lines, in words.
	Adjustments []string
	// Changed: the lines do not add up to what was counted, as the table has changed.
	Changed bool
}

// PriceLine is what a kind of usage of a call costs.
type PriceLine struct {
	Kind    usage.Kind
	Amount  int64
	Dollars float64
}

// MergedRecord is a record that reports a call that another record represents.
type MergedRecord struct {
	TraceID, SpanID string // in hex; "" when unknown
	Scope           string // the instrumentation scope
	// Rule is the rule by which it was merged: same_span, response_id, nested, stream
	// or concurrent.
	Rule string
}

// Budget is a budget of the configuration and how much of it is used.
type Budget struct {
	// Values are those that have the limit for themselves; none if all have it together.
	Values []string
	// By are the dimensions that Values are of.
	By     []string
	Name   string
	Window string // hour, day, week, month or quarter of the calendar, 24h or 30d
	Where  map[string]string
	Start  time.Time // of the window that is running
	End    time.Time
	Used   float64 // dollars
	Limit  float64 // dollars
	// Thresholds are in ascending order.
	Thresholds []Threshold
	// SumOnly: which calls it is of, besides Values, is not known.
	SumOnly bool
}

// Threshold is a part of a budget that is notified.
type Threshold struct {
	Percent float64
	Reached time.Time // in the running window; zero: not yet
}

// UnpricedModel is a model without a price.
type UnpricedModel struct {
	Model    string
	Provider string // as calls name it; "" when they do not
	Calls    int64
	Tokens   Tokens
	LastSeen time.Time
	// Entry is a template of an entry for a file of prices::files.
	Entry string
}

// Estimate is a reason for which calls of a model have no exact price.
type Estimate struct {
	Provider, Model string
	// Reason is what has no price of its own: that of arc.llm.cost.reason.
	Reason  string
	Calls   int64
	Dollars float64 // that depend on it; 0 where the calls are unpriced
}

// Disagreement compares the costs that applications reported with ours.
type Disagreement struct {
	Model              string
	Calls              int64 // that had both
	Reported, Computed float64
}

// PriceTable describes a table of prices.
type PriceTable struct {
	Version string
	Date    time.Time // of the built-in list
	Models  int
	Files   []string // that go before the built-in table
	// Sources are lists that are fetched, in the order of the configuration.
	Sources []PriceSource
	// InUse are the prices that calls were priced by since the table was loaded.
	InUse []PriceInUse
}

// PriceSource is a price list that is fetched from a URL.
type PriceSource struct {
	URL     string    // without its query
	Version string    // of the copy in use; "" when there is none
	Models  int       // that it has
	Fetched time.Time // when the server last confirmed the copy; zero: never
	Tried   time.Time // the last attempt; zero: none yet
	Err     string    // of the last attempt; "" when it succeeded
}

// PriceInUse is an entry of the table that names of calls mean.
type PriceInUse struct {
	Model, Provider string
	// List is the list that the entry is from: built-in, a file or a URL.
	List string
	// Source is where the list has the price from: an address, or the list itself.
	Source string
	// Checked is when the price was compared with its source; zero: unknown.
	Checked time.Time
}
