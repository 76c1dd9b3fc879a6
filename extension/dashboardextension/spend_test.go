// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package dashboardextension

import (
	"encoding/csv"
	"fmt"
	"html"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	nethtml "golang.org/x/net/html"

	"github.com/otelcol-arc/otelcol-arc/internal/testkit/dashboards"
)

// rowsOfTable are the texts of the cells of the table of groups, the values first.
func rowsOfTable(t *testing.T, page string) (rows [][]string) {
	t.Helper()
	body := regexp.MustCompile(`(?s)<table class="groups">.*?<tbody>(.*?)</tbody>`).FindStringSubmatch(page)
	require.NotNil(t, body)
	for _, line := range regexp.MustCompile(`(?s)<tr>.*?</tr>`).FindAllString(body[1], -1) {
		root, err := nethtml.Parse(strings.NewReader("<table>" + line + "</table>"))
		require.NoError(t, err)
		var row []string
		for node := range root.Descendants() {
			if node.Type == nethtml.ElementNode && (node.Data == "td" || node.Data == "th") {
				var text strings.Builder
				for inner := range node.Descendants() {
					if inner.Type == nethtml.TextNode {
						text.WriteString(inner.Data)
					}
				}
				row = append(row, strings.TrimSpace(text.String()))
			}
		}
		rows = append(rows, row)
	}
	return rows
}

// link is the address of a link with a text.
func link(t *testing.T, page, text string) string {
	t.Helper()
	found := regexp.MustCompile(`<a href="([^"]*)"[^>]*>` + regexp.QuoteMeta(text) + `</a>`).FindStringSubmatch(page)
	require.NotNil(t, found, text)
	return html.UnescapeString(found[1])
}

// head is the address of the head of a column.
func head(t *testing.T, page, text string) string {
	t.Helper()
	found := regexp.MustCompile(`<th scope="col"[^>]*><a href="([^"]*)"[^>]*>` + regexp.QuoteMeta(text) + `</a>`).FindStringSubmatch(page)
	require.NotNil(t, found, text)
	return html.UnescapeString(found[1])
}

func withUsers(r *rig, n int) {
	for i := range n {
		dollars := float64(i)
		r.usage.All = append(r.usage.All, dashboards.Call{})
		call := &r.usage.All[len(r.usage.All)-1]
		call.Time, call.Values, call.Status, call.Dollars = rigNow.Add(-time.Minute), []string{"gpt-4o", "shop", "", fmt.Sprintf("many-%03d", i)}, "success", &dollars
	}
}

// Every row of a table with hundreds of groups can be reached, in the order of any column, and the
// CSV file has the same rows and columns.
func TestTablesAreSortedSearchedAndPaged(t *testing.T) {
	r := newRig(t)
	withUsers(r, 180)
	page := r.get("/?by=user.id&q=MANY").Body.String()
	var seen []string
	for {
		for _, row := range rowsOfTable(t, page) {
			seen = append(seen, row[0])
		}
		page, _, _ = strings.Cut(page, `id="calls"`) // which has pages of its own
		if !strings.Contains(page, ">Next</a>") {
			break
		}
		page = r.get(link(t, page, "Next")).Body.String()
	}
	require.Len(t, seen, 180)
	assert.Equal(t, "many-179", seen[0], "the most expensive first")
	assert.Contains(t, page, "151–180 of 180")
	slices.Sort(seen)
	assert.Len(t, slices.Compact(seen), 180)

	page = r.get(head(t, r.get("/?by=user.id&q=many&page=3").Body.String(), "User")).Body.String()
	assert.Equal(t, "many-000", rowsOfTable(t, page)[0][0])
	assert.Contains(t, page, `aria-sort="ascending"`)
	page = r.get(head(t, page, "User")).Body.String()
	assert.Equal(t, "many-179", rowsOfTable(t, page)[0][0], "the other way round")

	page = r.get("/?by=user.id&by=service.name&q=many-01&sort=cost&col=cost&col=p95&where=model%3Dgpt-4o").Body.String()
	shown := rowsOfTable(t, page)
	require.Len(t, shown, 10)
	assert.Equal(t, []string{"many-010", "shop", "$10.00", "–"}, shown[0])
	file := r.get(html.UnescapeString(regexp.MustCompile(`These rows: <a href="([^"]*)"`).FindStringSubmatch(page)[1]))
	require.Equal(t, http.StatusOK, file.Code, file.Body.String())
	lines, err := csv.NewReader(file.Body).ReadAll()
	require.NoError(t, err)
	assert.Equal(t, []string{"start", "user.id", "service.name", "cost", "p95"}, lines[0])
	require.Len(t, lines, 11)
	for i, row := range shown {
		assert.Equal(t, row[:2], lines[i+1][1:3])
		assert.Equal(t, row[2], "$"+lines[i+1][3]+".00")
	}
	assert.Contains(t, r.get("/?q=nothing-has-this").Body.String(), "Nothing has “nothing-has-this” in its name.")
}

// The calls of the period are listed, page by page, in the order of any column.
func TestCallsArePaged(t *testing.T) {
	r := newRig(t)
	page := r.get("/?csort=user.id&where=model%3Dgpt-4o").Body.String()
	counted := 0
	for {
		counted += strings.Count(page[strings.Index(page, `id="calls"`):strings.Index(page, `id="attention"`)], "<tr><td")
		if !strings.Contains(page, `#calls" data-stay rel="next"`) {
			break
		}
		found := regexp.MustCompile(`href="([^"]*)#calls" data-stay rel="next"`).FindStringSubmatch(page)
		page = r.get(html.UnescapeString(found[1])).Body.String()
	}
	want := 0
	for _, call := range r.usage.All {
		if call.Values[0] == "gpt-4o" && !call.Time.Before(rigNow.Truncate(time.Hour).Add(-23*time.Hour)) {
			want++
		}
	}
	assert.Equal(t, want, counted)
}

// Each preset and any dates lead to figures of the calendar of the time zone, and links keep the
// rest of what is chosen.
func TestPeriods(t *testing.T) {
	r := newRig(t)
	for _, preset := range presets {
		page := r.get("/?by=user.id&tz=Asia/Tokyo&range=" + preset.name)
		require.Equal(t, http.StatusOK, page.Code)
		assert.Contains(t, page.Body.String(), html.EscapeString(preset.in))
		of := preset.of(rigNow)
		assert.False(t, rigNow.Before(of.From) && preset.name != "yesterday", preset.name)
	}
	page := r.get("/?from=2026-03-14&to=2026-03-15&tz=Europe/Berlin&by=service.name&show=calls").Body.String()
	assert.Contains(t, page, "from Mar 14, 2026 to Mar 15, 2026")
	assert.Contains(t, page, "When (Europe/Berlin)")
	assert.Contains(t, page, `value="2026-03-15"`)
	berlin := rigNow.In(must(time.LoadLocation("Europe/Berlin"))).Location()
	want := 0
	for _, call := range r.usage.All {
		if at := call.Time.In(berlin); !at.Before(time.Date(2026, 3, 14, 0, 0, 0, 0, berlin)) && at.Before(time.Date(2026, 3, 16, 0, 0, 0, 0, berlin)) {
			want++
		}
	}
	assert.Contains(t, page, fmt.Sprintf(`<dt>Calls</dt><dd><span class="num">%d</span>`, want))
	address, err := url.Parse(link(t, page, "Cost"))
	require.NoError(t, err)
	assert.Equal(t, url.Values{"from": {"2026-03-14"}, "to": {"2026-03-15"}, "tz": {"Europe/Berlin"}, "by": {"service.name"}}, address.Query())
	assert.Contains(t, r.get("/?from=2026-03-16").Body.String(), "from Mar 16, 2026 00:00 to Mar 16, 2026 15:00")
	assert.Contains(t, r.get("/?from=2026-03-16&to=2026-03-16").Body.String(), "on Mar 16, 2026")
	for path, message := range map[string]string{
		"/?from=2026-02-30": "parameter from: must be a time", "/?tz=Nowhere": "parameter tz", "/?sort=joy": "parameter sort", "/?col=joy": "parameter col",
		"/?csort=joy": "parameter sort", "/?page=x": "parameter page",
	} {
		recorder := r.get(path)
		assert.Equal(t, http.StatusBadRequest, recorder.Code, path)
		assert.Contains(t, recorder.Body.String(), message)
	}
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// A figure is compared with the whole period before, or there is a note why not.
func TestComparedWithThePeriodBefore(t *testing.T) {
	r := newRig(t)
	r.usage.All = slices.DeleteFunc(r.usage.All, func(call dashboards.Call) bool { return call.Values[3] != "user-1" })
	all := r.usage.All
	r.usage.All = nil
	for i, hours := range []int{-30, -30, -1, -1, -1} {
		call := all[0]
		call.Time, call.Values[0] = rigNow.Add(time.Duration(hours)*time.Hour), "gpt-4o"
		dollars := []float64{1, 1, 1, 1, 1}[i]
		call.Dollars = &dollars
		r.usage.All = append(r.usage.All, call)
	}
	page := r.get("/").Body.String()
	assert.Contains(t, page, "Counted since Mar 15, 2026 08:00: there is no whole period before to compare with.")
	assert.NotContains(t, page, "vs. the period before")
	old := all[0]
	old.Time = rigNow.AddDate(0, 0, -3)
	r.usage.All = append(r.usage.All, old)
	page = r.get("/").Body.String()
	assert.NotContains(t, page, "Counted since")
	assert.Contains(t, page, "&#43;50% vs. the period before")
	assert.Equal(t, "+50%", rowsOfTable(t, page)[0][3])
	assert.Contains(t, r.get("/?range=7d").Body.String(), "Counted since Mar 13, 2026 14:00: there is nothing before.")
	for _, tt := range []struct {
		now, past float64
		want      string
	}{{0, 0, "–"}, {1, 0, "new"}, {30, 2, "× 15"}, {1, 2, "−50%"}, {2, 2, "±0%"}} {
		assert.Equal(t, tt.want, changeOf(tt.now, tt.past))
	}
}

// Filters hold on lists of calls and models too, and where they cannot it is written there.
func TestFiltersHoldEverywhere(t *testing.T) {
	r := newRig(t)
	page := r.get("/?where=model%3Dgpt-4o").Body.String()
	assert.NotContains(t, page, `<b class="what">acme-70b-instruct</b>`)
	assert.NotContains(t, page, "Applications that report another cost")
	assert.Contains(t, page, "tier: flex")
	assert.Contains(t, page, "Of the filters, those by model and provider apply.")
	assert.Contains(t, r.get("/").Body.String(), `<b class="what">acme-70b-instruct</b>`)
}
