// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package dashboardextension

import (
	"cmp"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/otelcol-arc/otelcol-arc/extension/dashboardextension/internal/text"
	"github.com/otelcol-arc/otelcol-arc/internal/compatibility"
	"github.com/otelcol-arc/otelcol-arc/internal/dashboard"
)

const arrivalsPath = "/arrivals"

// arrivalColumn is a column by which senders can be sorted.
type arrivalColumn struct {
	name, label string
	figure      bool
	compare     func(a, b *dashboard.Sender) int
}

func figureOf[T cmp.Ordered](of func(*dashboard.Sender) T) func(a, b *dashboard.Sender) int {
	return func(a, b *dashboard.Sender) int { return cmp.Compare(of(a), of(b)) }
}

var arrivalColumns = []arrivalColumn{
	{"service", "Service", false, figureOf(func(s *dashboard.Sender) string { return s.Service })},
	{"scope", "Instrumentation", false, figureOf(func(s *dashboard.Sender) string { return s.Scope })},
	{"version", "Version", false, figureOf(func(s *dashboard.Sender) string { return s.Version })},
	{"records", "Records", true, figureOf((*dashboard.Sender).Records)},
	{"per_minute", "Per minute", true, figureOf(func(s *dashboard.Sender) float64 { return s.PerMinute })},
	{"calls", "Calls", true, figureOf(func(s *dashboard.Sender) int64 { return s.Calls })},
	{"last", "Last seen", false, func(a, b *dashboard.Sender) int { return a.Last.Compare(b.Last) }},
}

// arrivalsChoice is what is asked for of the senders.
type arrivalsChoice struct {
	source, search, sort string
	page                 int
}

func readArrivals(p *params) arrivalsChoice {
	words := []string{"-records"}
	for _, column := range arrivalColumns {
		words = append(words, column.name, "-"+column.name)
	}
	return arrivalsChoice{source: p.text("source"), search: p.text("q"), sort: p.oneOf("sort", words...), page: p.number("page", 1, maxGroups)}
}

func (c arrivalsChoice) values() url.Values {
	values := url.Values{}
	give(values, "q", c.search)
	if c.sort != "-records" {
		values.Set("sort", c.sort)
	}
	return values
}

func (c arrivalsChoice) url() string {
	values := c.values()
	if c.page > 1 {
		values.Set("page", strconv.Itoa(c.page))
	}
	return addressOf(arrivalsPath, c.source, values)
}

func (c arrivalsChoice) apiURL(format string) string {
	values := c.values()
	values.Set("format", format)
	return addressOf("/api"+arrivalsPath, c.source, values)
}

// of are the senders that are asked for, in their order.
func (c arrivalsChoice) of(senders []dashboard.Sender) []dashboard.Sender {
	search := strings.ToLower(c.search)
	found := slices.DeleteFunc(slices.Clone(senders), func(s dashboard.Sender) bool {
		return !strings.Contains(strings.ToLower(s.Service+"\n"+s.Scope+"\n"+s.Version), search)
	})
	name, down := cutDown(c.sort)
	at := slices.IndexFunc(arrivalColumns, func(column arrivalColumn) bool { return column.name == name })
	slices.SortFunc(found, func(a, b dashboard.Sender) int {
		order := arrivalColumns[at].compare(&a, &b)
		if down {
			order = -order
		}
		return cmp.Or(order, cmp.Compare(a.Service, b.Service), cmp.Compare(a.Scope, b.Scope), cmp.Compare(a.Version, b.Version))
	})
	return found
}

// arrivalsView lists who sends telemetry.
type arrivalsView struct {
	shell
	NoSource, NotKnown bool
	Search             string
	Form               []keptValue
	Sources            []option
	Stats              []stat
	Notes              []string
	Heads              []tableHead
	Senders            []senderView
	Pager              pager
	CSV, JSON          string
}

type senderView struct {
	Service, Version            string
	Scope                       []string // its parts, after which a line may break
	Records, Signals, PerMinute string
	Calls, Last                 string
	NoCalls                     bool
	Own                         bool // a receiver of this collector
	At                          time.Time
	Reasons                     []reasonView
	Known                       []knownView
}

// reasonView is why records are not calls.
type reasonView struct{ Count, Text, Advice string }

// knownView is what was measured of an instrumentation.
type knownView struct {
	Title, Versions string
	Same            bool // the version
	Problems        []string
}

func (b *dashboardServer) arrivalsPage(r *http.Request) (content, error) {
	view := arrivalsView{shell: b.newShell("What arrives", "arrivals")}
	p := newParams(r.URL.Query())
	usage, none, err := b.shownUsage(p)
	if err != nil {
		return content{}, err
	}
	if view.NoSource = none; none {
		return content{template: "arrivals.html", data: view}, nil
	}
	c := readArrivals(p)
	if err := p.err(); err != nil {
		return content{}, err
	}
	view.Sources = sourceOptions(b.usage.ids(), c.source, func(id string) string { return addressOf(arrivalsPath, id, url.Values{}) })
	source, known := usage.(dashboard.TrafficSource)
	if view.NotKnown = !known; known {
		view.fill(source, c, b.now().In(b.zone))
	}
	return content{template: "arrivals.html", data: view}, nil
}

func (view *arrivalsView) fill(source dashboard.TrafficSource, c arrivalsChoice, now time.Time) {
	arrivals, passed := source.Arrivals(), source.Traffic()
	calls := int64(0)
	for i := range arrivals.Senders {
		s := &arrivals.Senders[i]
		calls += s.Calls
		if s.Overflow {
			view.Notes = append(view.Notes, fmt.Sprintf("%s senders have an entry of their own. Others are added up as %s: a service or instrumentation whose name changes all the time has too many.",
				text.Count(int64(arrivals.Limit)), dashboard.Overflow))
		}
	}
	view.Stats = append(signalStats(&passed), stat{Name: "Records of calls", Value: text.Count(calls), Note: "several may report one call"})
	found := c.of(arrivals.Senders)
	view.Search, view.CSV, view.JSON = c.search, c.apiURL("csv"), c.apiURL("json")
	values := c.values()
	give(values, "source", c.source)
	view.Form = keep(values, "q")
	for _, column := range arrivalColumns {
		other := c
		other.page = 1
		head := tableHead{Label: column.label, Number: column.figure}
		other.sort, head.Sorted = toggleSort(c.sort, column.name, column.figure || column.name == "last")
		head.URL = other.url()
		view.Heads = append(view.Heads, head)
	}
	view.Pager = newPager(len(found), c.page, listRows, func(page int) string {
		other := c
		other.page = page
		return other.url()
	})
	shown := pageOf(found, listRows, c.page)
	for i := range shown {
		view.Senders = append(view.Senders, newSenderView(&shown[i], now))
	}
}

func signalStats(passed *dashboard.Traffic) []stat {
	return []stat{
		{Name: "Spans", Value: text.Count(passed.Spans)},
		{Name: "Log records", Value: text.Count(passed.LogRecords)},
		{Name: "Data points", Value: text.Count(passed.DataPoints), Note: "of metrics"},
	}
}

// ownScopes begins the scopes of this collector's receivers, of which there is no released
// version to measure.
const ownScopes = "github.com/otelcol-arc/otelcol-arc/"

func newSenderView(s *dashboard.Sender, now time.Time) senderView {
	view := senderView{
		Service: text.Cut(valueLabel(s.Service), shownDimRunes), Scope: strings.SplitAfter(text.Cut(valueLabel(s.Scope), shownDimRunes), "."), Version: text.Cut(cmp.Or(s.Version, "–"), shownDimRunes),
		Records: text.Count(s.Records()), Calls: text.Count(s.Calls), NoCalls: s.Calls == 0, Own: strings.HasPrefix(s.Scope, ownScopes), PerMinute: text.Short(s.PerMinute),
		At: s.Last, Last: s.Last.In(now.Location()).Format("Jan 2, 15:04:05"), Reasons: reasonViews(s.NotCalls),
	}
	var signals []string
	for _, signal := range []struct {
		n    int64
		name string
	}{{s.Spans, "spans"}, {s.LogRecords, "log records"}, {s.DataPoints, "data points"}} {
		if signal.n > 0 {
			signals = append(signals, text.Count(signal.n)+" "+signal.name)
		}
	}
	view.Signals = strings.Join(signals, ", ")
	for _, measured := range compatibility.Of(s.Scope) {
		view.Known = append(view.Known, knownView{measured.Title, measured.Versions, measured.Version == s.Version, measured.Problems})
	}
	return view
}

func reasonViews(counts map[string]int64) (views []reasonView) {
	for _, reason := range dashboard.Reasons() {
		if n := counts[reason.Name]; n > 0 {
			views = append(views, reasonView{text.Count(n), reason.Text, reason.Advice})
		}
	}
	return views
}

// waiting is the live check of a ledger without calls.
type waiting struct {
	Known   bool // what arrives
	Any     bool
	Stats   []stat
	Reasons []reasonView
	URL     string // of what arrives
}

func newWaiting(usage dashboard.Usage, from string) *waiting {
	view := &waiting{URL: addressOf(arrivalsPath, from, url.Values{})}
	source, known := usage.(dashboard.TrafficSource)
	if view.Known = known; !known {
		return view
	}
	passed := source.Traffic()
	view.Stats, view.Any = signalStats(&passed), passed.Spans+passed.LogRecords+passed.DataPoints > 0
	sum := map[string]int64{}
	arrivals := source.Arrivals()
	for i := range arrivals.Senders {
		for reason, n := range arrivals.Senders[i].NotCalls {
			sum[reason] += n
		}
	}
	view.Reasons = reasonViews(sum)
	return view
}
