// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"fmt"
	"image/color"
	"io"
	"math"
	"path"
	"slices"
	"strconv"
	"strings"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/plotutil"
	"gonum.org/v1/plot/vg"

	"github.com/otelcol-arc/otelcol-arc/internal/testkit/ratio"
)

// soakNames are what is sampled. What is bound must not grow; samples on disk are cut every
// two hours at first, however little is sampled.
var soakNames = [soakQuantities]struct {
	name, short, unit string
	bound             bool
}{
	soakResident:   {"resident memory", "resident", "MiB", true},
	soakLive:       {"live heap", "live", "MiB", true},
	soakHeap:       {"heap with garbage", "heap", "MiB", true},
	soakGoroutines: {"goroutines", "goroutines", "", true},
	soakFiles:      {"open file descriptors", "files", "", true},
	soakStorage:    {"ledger and notifications on disk", "storage", "MiB", true},
	soakSamplesOn:  {"samples of the rules on disk", "samples", "MiB", false},
}

// soakMetrics are the collector's own metrics that show that what is bounded has reached its
// bound; 0 is none.
var soakMetrics = []struct {
	name, metric string
	bound        int
}{
	{"rows of hours of the ledger", "otelcol_processor_llm_cost_ledger_rows", soakRows},
	{"rows of days", "otelcol_processor_llm_cost_ledger_day_rows", soakDayRows},
	{"series of `llm_cost`", "otelcol_processor_llm_cost_series", soakSeries},
	{"single calls", "otelcol_processor_llm_cost_kept_calls", soakCalls},
	{"records in the deduplication cache", "otelcol_processor_llm_cost_dedup_records", soakRecords},
	{"senders", "otelcol_processor_llm_cost_senders", 1000},
	{"series of `alert`", "otelcol_processor_alert_series", soakSamples},
	{"series of `arc`", "otelcol_arc_receiver_series", 0},
	{"alerts firing or pending", "otelcol_processor_alert_alerts", 0},
	{"names of models that were searched for, 10,000 of which are remembered", "otelcol_processor_llm_cost_price_resolutions_total", 0},
	{"notifications", "otelcol_slack_exporter_alerts_total", 0},
	{"series of the collector's own metrics page", "", 0},
}

// windows is the number of parts of the time, of each of which the least value counts, and leastSamples is what they need.
const (
	windows      = 12
	leastSamples = windows
)

// tolerated is the growth over the last two thirds, as a share of the mean, that is none.
const tolerated = 0.05

// report prints what was sampled, draws it, and returns an error for what grows.
func (s *soaked) report(out io.Writer, load *soakLoad, drawing string) error {
	if len(s.minutes) < leastSamples {
		return fmt.Errorf("%d samples are too few", len(s.minutes))
	}
	grows := s.writeQuantities(out)
	s.writeBounds(out, load)
	fmt.Fprintf(out, "\n![Memory and disk over the time of the soak](images/%s)\n", path.Base(drawing))
	return errors.Join(grows, s.draw(drawing))
}

// writeQuantities prints what was sampled, and returns an error for what grows.
func (s *soaked) writeQuantities(out io.Writer) error {
	total := s.minutes[len(s.minutes)-1]
	var errs []error
	ratio.Head(out, fmt.Sprintf("%.0f minutes of churn", total), "", "at the start", "after a third", "at the end", "growth over the last two thirds", "")
	for i, q := range soakNames {
		values := s.values[i]
		t := s.trend(i)
		outcome := "flat"
		switch {
		case t.climbs():
			outcome = "climbs"
		case t.growth < -tolerated*t.mean && t.growth < -2*t.doubt:
			outcome = "falls"
		}
		if q.bound && t.climbs() {
			errs = append(errs, fmt.Errorf("%s: climbs by %.1f %s of %.1f in %.0f minutes", q.name, t.growth, q.unit, t.mean, total*2/3))
		}
		number := func(v float64) string { return strings.TrimSpace(fmt.Sprintf("%.0f %s", v, q.unit)) }
		ratio.Row(out, q.name, number(values[0]), number(values[len(values)/3]), number(values[len(values)-1]),
			fmt.Sprintf("%+.1f %% ± %.1f %%", 100*t.growth/t.mean, 200*t.doubt/t.mean), outcome)
	}
	return errors.Join(errs...)
}

// writeBounds prints whether what is bounded has reached its bound, and what was sent.
func (s *soaked) writeBounds(out io.Writer, load *soakLoad) {
	from := len(s.pages) / 3
	ratio.Head(out, "What was bounded", "", "after a third", "at the end", "limit")
	for _, m := range soakMetrics {
		limit := "–"
		if m.bound > 0 {
			limit = strconv.Itoa(m.bound)
		}
		ratio.Row(out, m.name, valueOf(s.pages[from], m.metric), valueOf(s.pages[len(s.pages)-1], m.metric), limit)
	}
	c := &load.sent
	fmt.Fprintf(out, "\nSent: %d spans of %d traces, %d Arc events, %d log records and %d data points; %d calls, %d users, %d models without a price, "+
		"%d services, %d label sets and %d endpoints that were new. Failed: %d requests.\n",
		c.Spans.Load(), c.Traces.Load(), c.Events.Load(), c.Records.Load(), c.Points.Load(), c.Calls.Load(), c.Users.Load(), c.Models.Load(),
		c.Services.Load(), c.LabelSets.Load(), c.Endpoints.Load(), load.errors.Load())
}

// valueOf is the sum of a metric in what Prometheus scrapes; of no metric, the number of its lines.
func valueOf(page, metric string) string {
	sum, lines := 0.0, 0
	for line := range strings.Lines(page) {
		if strings.HasPrefix(line, "#") {
			continue
		}
		lines++
		rest, ok := strings.CutPrefix(line, metric)
		if !ok || rest == "" || rest[0] != '{' && rest[0] != ' ' {
			continue
		}
		v, err := strconv.ParseFloat(strings.TrimSpace(rest[strings.LastIndexByte(rest, ' ')+1:]), 64)
		if err == nil {
			sum += v
		}
	}
	if metric == "" {
		return strconv.Itoa(lines)
	}
	return strconv.FormatFloat(sum, 'f', -1, 64)
}

// trend is that of a quantity over the last two thirds: of its least value in each twelfth of the time,
// five minutes of an hour. What a scrape or a request allocates is garbage a moment later, and what is written is compacted,
// but what leaks raises the least value too.
func (s *soaked) trend(quantity int) trend { return trendOf(s.floors(quantity)) }

func (s *soaked) floors(quantity int) (middles, least []float64) {
	from := len(s.minutes) / 3
	return floors(s.minutes[from:], s.values[quantity][from:], len(s.minutes)/windows)
}

// floors are the least values of so many samples each, and the middle of their times. Samples that
// are left over at the end are left out.
func floors(x, y []float64, samples int) (middles, least []float64) {
	for ; len(x) >= samples; x, y = x[samples:], y[samples:] {
		middles = append(middles, mean(x[:samples]))
		least = append(least, slices.Min(y[:samples]))
	}
	return middles, least
}

// trend is a straight line through samples by least squares.
type trend struct {
	mean   float64
	growth float64 // of the line from the first sample to the last
	doubt  float64 // the standard error of growth
	first  float64 // of the line
}

func trendOf(x, y []float64) trend {
	n := float64(len(x))
	meanX, meanY := mean(x), mean(y)
	var xx, xy float64
	for i := range x {
		xx += (x[i] - meanX) * (x[i] - meanX)
		xy += (x[i] - meanX) * (y[i] - meanY)
	}
	slope, span := xy/xx, x[len(x)-1]-x[0]
	var rest float64
	for i := range x {
		d := y[i] - meanY - slope*(x[i]-meanX)
		rest += d * d
	}
	return trend{
		mean:   meanY,
		growth: slope * span,
		doubt:  math.Sqrt(rest/(n-2)/xx) * span,
		first:  meanY + slope*(x[0]-meanX),
	}
}

// climbs reports whether it grows by more than is tolerated and than noise explains.
func (t trend) climbs() bool { return t.growth > tolerated*t.mean && t.growth > 2*t.doubt }

func mean(v []float64) float64 {
	sum := 0.0
	for _, x := range v {
		sum += x
	}
	return sum / float64(len(v))
}

// draw draws memory and disk over the time, with the lines of the last two thirds.
func (s *soaked) draw(to string) error {
	p := plot.New()
	p.BackgroundColor = color.White
	p.Title.Text, p.X.Label.Text, p.Y.Label.Text = "Memory and disk under churn", "minutes", "MiB"
	p.Legend.Top, p.Legend.Left = true, true
	most := 0.0
	for i, q := range soakNames {
		if q.unit != "MiB" {
			continue
		}
		points := make(plotter.XYs, len(s.minutes))
		for j := range points {
			points[j].X, points[j].Y = s.minutes[j], s.values[i][j]
			most = max(most, points[j].Y)
		}
		line, err := plotter.NewLine(points)
		if err != nil {
			return err
		}
		middles, least := s.floors(i)
		t := trendOf(middles, least)
		fit, err := plotter.NewLine(plotter.XYs{{X: middles[0], Y: t.first}, {X: middles[len(middles)-1], Y: t.first + t.growth}})
		if err != nil {
			return err
		}
		line.Color, fit.Color = plotutil.Color(i), plotutil.Color(i)
		line.Width, fit.Width = vg.Points(0.7), vg.Points(1.5)
		fit.Dashes = plotutil.Dashes(1)
		p.Add(line, fit)
		p.Legend.Add(q.name, line)
	}
	p.Y.Min, p.Y.Max = 0, most*1.5 // room for the legend
	return p.Save(16*vg.Centimeter, 10*vg.Centimeter, to)
}
