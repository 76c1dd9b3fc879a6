// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package traffic

import (
	"strconv"
	"time"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/pmetric"
	"go.opentelemetry.io/collector/pdata/pmetric/pmetricotlp"
)

// CountersInRequest is the number of points in a request of Counters.
const CountersInRequest = 1000

// Counters are OTLP requests with a point of each of n counters, as an SDK
// sends them. Each counter has five labels.
func Counters(n int, start, at time.Time) ([][]byte, error) {
	var out [][]byte
	for first := 0; first < n; first += CountersInRequest {
		md := pmetric.NewMetrics()
		rm := md.ResourceMetrics().AppendEmpty()
		rm.Resource().Attributes().PutStr("service.name", "shop")
		rm.Resource().Attributes().PutStr("service.instance.id", "shop-"+strconv.Itoa(first/CountersInRequest))
		m := rm.ScopeMetrics().AppendEmpty().Metrics().AppendEmpty()
		m.SetName("http_requests_total")
		sum := m.SetEmptySum()
		sum.SetIsMonotonic(true)
		sum.SetAggregationTemporality(pmetric.AggregationTemporalityCumulative)
		for i := first; i < min(first+CountersInRequest, n); i++ {
			p := sum.DataPoints().AppendEmpty()
			p.SetStartTimestamp(pcommon.NewTimestampFromTime(start))
			p.SetTimestamp(pcommon.NewTimestampFromTime(at))
			p.SetDoubleValue(float64(i%10) * at.Sub(start).Seconds())
			p.Attributes().PutStr("path", "/path/"+strconv.Itoa(i))
			p.Attributes().PutStr("code", []string{"200", "500"}[i%2])
			p.Attributes().PutStr("method", "GET")
		}
		body, err := pmetricotlp.NewExportRequestFromMetrics(md).MarshalProto()
		if err != nil {
			return nil, err
		}
		out = append(out, body)
	}
	return out, nil
}
