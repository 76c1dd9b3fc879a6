// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"errors"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/textparse"
	"github.com/stretchr/testify/require"
)

// page is what Prometheus' own parser finds on a page it scrapes: values by series.
type page map[string]float64

// scrape reads a page as Prometheus does. Labels that say which process was scraped, or
// counted, are left out: series that differ in nothing else are added up.
func scrape(t require.TestingT, url string) page {
	client := http.Client{Timeout: 5 * time.Second}
	defer client.CloseIdleConnections()
	response, err := client.Get(url)
	require.NoError(t, err)
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	require.Equal(t, http.StatusOK, response.StatusCode)
	parser, err := textparse.New(body, response.Header.Get("Content-Type"), labels.NewSymbolTable(), textparse.ParserOptions{})
	require.NoError(t, err)
	found := page{}
	for {
		entry, err := parser.Next()
		if errors.Is(err, io.EOF) {
			return found
		}
		require.NoError(t, err)
		if entry != textparse.EntrySeries {
			continue
		}
		_, _, value := parser.Series()
		var series labels.Labels
		parser.Labels(&series)
		found[labels.NewBuilder(series).Del("job", "instance").Labels().String()] += value
	}
}

// sum adds up the series of a metric.
func (p page) sum(name string) (sum float64) {
	for series, value := range p {
		if strings.Contains(series, `__name__="`+name+`"`) {
			sum += value
		}
	}
	return sum
}

func get(t require.TestingT, url string) string {
	client := http.Client{Timeout: 5 * time.Second}
	defer client.CloseIdleConnections()
	response, err := client.Get(url)
	require.NoError(t, err)
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	return string(body)
}

// sums adds up the series of each name.
func sums(found page) map[string]float64 {
	byName := map[string]float64{}
	for series, value := range found {
		_, rest, _ := strings.Cut(series, `__name__="`)
		name, _, _ := strings.Cut(rest, `"`)
		byName[name] += value
	}
	return byName
}
