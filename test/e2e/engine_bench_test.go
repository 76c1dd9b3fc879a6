// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// BenchmarkEngineByUser is the cost by user of a month of 1,000,000 made-up calls in the shipped
// tables of ClickHouse. Of ten calls one is in a framework's span of the same usage.
func BenchmarkEngineByUser(b *testing.B) {
	ch := startClickHouse(b)
	from := time.Now().UTC().AddDate(0, 0, -30)
	insert := fmt.Sprintf(`INSERT INTO otel_llm_calls (Timestamp, TraceId, SpanId, ServiceName, ResourceAttributes, LogAttributes)
SELECT toDateTime64('%s', 9, 'UTC') + toIntervalSecond(n * 2), lower(hex(MD5(toString(n)))), lower(hex(substring(MD5(concat(toString(n), if(outer, 'f', 's'))), 1, 8))), 'assistant',
  map('service.instance.id', 'collector'),
  map('arc.llm.call.id', concat('s', toString(n), if(outer, 'f', '')), 'arc.llm.call.version', '1', 'arc.llm.call.duplicate', 'false',
    'arc.llm.call.parent_span_id', if(outer, '', lower(hex(substring(MD5(concat(toString(n), 'f')), 1, 8)))),
    'gen_ai.provider.name', 'openai', 'gen_ai.response.model', 'gpt-4o', 'arc.llm.call.status', 'success', 'arc.llm.cost.status', 'priced',
    'arc.llm.call.duration', '0.7', 'arc.llm.tokens.input', toString(1000 + n %% 500), 'arc.llm.tokens.output', toString(100 + n %% 700),
    'arc.llm.usage.input_tokens', toString(1000 + n %% 500), 'arc.llm.usage.output_tokens', toString(100 + n %% 700),
    'arc.llm.dimension.user.id', concat('user-', toString(n %% 1000)), 'arc.llm.dimension.service.name', 'assistant', 'arc.llm.cost.picodollars', '7500000000')
FROM (SELECT number AS n, arrayJoin(if(number %% 10 = 0, [true, false], [false])) AS outer FROM numbers(1000000))`, from.Format(time.DateTime))
	ch.query(b, insert)
	for b.Loop() {
		rows := ch.query(b, fmt.Sprintf(`SELECT dimensions['user.id'] AS user, sum(cost_dollars), count()
FROM llm_calls_between(from = '%s', to = '%s') GROUP BY user ORDER BY user`, from.Format(time.DateTime), from.AddDate(0, 0, 30).Format(time.DateTime)))
		require.Len(b, rows, 1000)
		require.EqualValues(b, 1000, rows[0][2], "each call counts once")
	}
}
