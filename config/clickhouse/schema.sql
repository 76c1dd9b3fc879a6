-- Tables and views for the call records of any number of collectors: each call counts
-- once, whichever collectors received it, in whatever order and however often. For ClickHouse
-- 24.3 or later; docs/scaling.md shows how to use it.

-- What contrib's clickhouse exporter writes, with the columns of its logs tables. It is kept for
-- some days, for inspection. The views below copy what counts as it arrives.
CREATE TABLE IF NOT EXISTS otel_llm_calls
(
    `Timestamp` DateTime64(9) CODEC(Delta(8), ZSTD(1)),
    `TraceId` String CODEC(ZSTD(1)),
    `SpanId` String CODEC(ZSTD(1)),
    `TraceFlags` UInt8,
    `SeverityText` LowCardinality(String),
    `SeverityNumber` UInt8,
    `ServiceName` LowCardinality(String),
    `Body` String CODEC(ZSTD(1)),
    `ResourceSchemaUrl` LowCardinality(String),
    `ResourceAttributes` Map(LowCardinality(String), String) CODEC(ZSTD(1)),
    `ScopeSchemaUrl` LowCardinality(String),
    `ScopeName` String CODEC(ZSTD(1)),
    `ScopeVersion` LowCardinality(String),
    `ScopeAttributes` Map(LowCardinality(String), String) CODEC(ZSTD(1)),
    `LogAttributes` Map(LowCardinality(String), String) CODEC(ZSTD(1)),
    `EventName` String CODEC(ZSTD(1)),
    `Received` DateTime DEFAULT now()
)
ENGINE = MergeTree
PARTITION BY toDate(Received)
ORDER BY Received
TTL Received + INTERVAL 3 DAY
SETTINGS ttl_only_drop_parts = 1;

-- For each call, the record with the highest version.
CREATE TABLE IF NOT EXISTS llm_call_records
(
    call_id String CODEC(ZSTD(1)),
    version UInt64,
    duplicate Bool,
    duplicate_of String CODEC(ZSTD(1)),
    time DateTime64(9, 'UTC') CODEC(Delta(8), ZSTD(1)),
    trace_id String CODEC(ZSTD(1)),
    span_id String CODEC(ZSTD(1)),
    parent_span_id String CODEC(ZSTD(1)),
    provider LowCardinality(String),
    model LowCardinality(String),
    status LowCardinality(String),
    cost_status LowCardinality(String),
    cost_reason LowCardinality(String),
    convention LowCardinality(String),
    duration_seconds Nullable(Float64),
    input_tokens Int64,
    output_tokens Int64,
    cached_tokens Int64,
    usage Map(LowCardinality(String), Float64),
    dimensions Map(LowCardinality(String), String),
    cost_picodollars Int64,
    saved_picodollars Int64,
    reported_picodollars Nullable(Int64),
    collector LowCardinality(String)
)
ENGINE = ReplacingMergeTree(version)
PARTITION BY toYYYYMM(time)
ORDER BY call_id
TTL toDateTime(time) + INTERVAL 400 DAY;

CREATE MATERIALIZED VIEW IF NOT EXISTS llm_call_records_mv TO llm_call_records AS
SELECT
    LogAttributes['arc.llm.call.id'] AS call_id,
    toUInt64OrZero(LogAttributes['arc.llm.call.version']) AS version,
    LogAttributes['arc.llm.call.duplicate'] = 'true' AS duplicate,
    LogAttributes['arc.llm.call.duplicate_of'] AS duplicate_of,
    Timestamp AS time,
    TraceId AS trace_id,
    SpanId AS span_id,
    LogAttributes['arc.llm.call.parent_span_id'] AS parent_span_id,
    LogAttributes['gen_ai.provider.name'] AS provider,
    LogAttributes['gen_ai.response.model'] AS model,
    LogAttributes['arc.llm.call.status'] AS status,
    LogAttributes['arc.llm.cost.status'] AS cost_status,
    LogAttributes['arc.llm.cost.reason'] AS cost_reason,
    LogAttributes['arc.llm.call.convention'] AS convention,
    toFloat64OrNull(LogAttributes['arc.llm.call.duration']) AS duration_seconds,
    toInt64OrZero(LogAttributes['arc.llm.tokens.input']) AS input_tokens,
    toInt64OrZero(LogAttributes['arc.llm.tokens.output']) AS output_tokens,
    toInt64(arraySum(mapValues(mapApply((k, v) -> (k, toInt64OrZero(v)), mapFilter((k, v) -> startsWith(k, 'arc.llm.usage.cache'), LogAttributes))))) AS cached_tokens,
    CAST(mapApply((k, v) -> (substring(k, length('arc.llm.usage.') + 1), toFloat64OrZero(v)),
        mapFilter((k, v) -> startsWith(k, 'arc.llm.usage.'), LogAttributes)) AS Map(LowCardinality(String), Float64)) AS usage,
    CAST(mapApply((k, v) -> (substring(k, length('arc.llm.dimension.') + 1), v),
        mapFilter((k, v) -> startsWith(k, 'arc.llm.dimension.'), LogAttributes)) AS Map(LowCardinality(String), String)) AS dimensions,
    toInt64OrZero(LogAttributes['arc.llm.cost.picodollars']) AS cost_picodollars,
    toInt64OrZero(LogAttributes['arc.llm.cost.saved_picodollars']) AS saved_picodollars,
    toInt64OrNull(LogAttributes['arc.llm.cost.reported_picodollars']) AS reported_picodollars,
    ResourceAttributes['service.instance.id'] AS collector
FROM otel_llm_calls
WHERE LogAttributes['arc.llm.call.id'] != '';

-- The calls that ended in a time, from (inclusive) to (exclusive):
--   SELECT * FROM llm_calls_between(from = '2026-11-01 00:00:00', to = '2026-12-01 00:00:00')
--
-- Collectors leave out what they know to be the same call. Two records of one call that
-- reached different collectors, and have no ID in common, are found here:
--   * a span and a log record in it, of which one has no response ID
--   * a span around another that used the same, or around several that used the same in all
-- A call takes a day at most, so a day before and after is read, too. Times are UTC, in this form
-- or in that of ISO 8601.
CREATE VIEW IF NOT EXISTS llm_calls_between AS
WITH
    near AS
    (
        SELECT * FROM llm_call_records FINAL
        WHERE time >= parseDateTime64BestEffort({from:String}, 9, 'UTC') - INTERVAL 1 DAY AND time < parseDateTime64BestEffort({to:String}, 9, 'UTC') + INTERVAL 1 DAY
    ),
    live AS
    (
        SELECT call_id, trace_id, span_id, status, input_tokens, output_tokens, input_tokens + output_tokens AS tokens,
            cached_tokens AS cached
        FROM near WHERE NOT duplicate
    ),
    same_span AS
    (
        SELECT if(r.tokens = 0 AND s.tokens > 0, r.call_id, s.call_id) AS call_id
        FROM (SELECT * FROM live WHERE startsWith(call_id, 's') AND (trace_id, span_id) IN (SELECT trace_id, span_id FROM near WHERE startsWith(call_id, 'r') AND span_id != '')) AS s
        INNER JOIN (SELECT * FROM live WHERE startsWith(call_id, 'r') AND span_id != '') AS r ON r.trace_id = s.trace_id AND r.span_id = s.span_id
        WHERE r.tokens = 0 OR s.tokens = 0 OR (r.input_tokens = s.input_tokens AND r.output_tokens = s.output_tokens)
            OR (abs(r.input_tokens - s.input_tokens) = greatest(r.cached, s.cached) AND r.output_tokens = s.output_tokens)
    ),
    within AS
    (
        SELECT trace_id, around, groupArray(call_id) AS ids, groupUniqArray(status) AS statuses, sum(input_tokens) AS input, sum(output_tokens) AS output, sum(cached) AS cached
        FROM (SELECT call_id, status, input_tokens, output_tokens, cached FROM live WHERE call_id NOT IN (SELECT call_id FROM same_span)) AS inner
        INNER JOIN
        (
            SELECT DISTINCT trace_id, parent_span_id AS around, if(duplicate, duplicate_of, call_id) AS id
            FROM near WHERE (trace_id, parent_span_id) IN (SELECT trace_id, span_id FROM near WHERE NOT duplicate AND span_id != '')
        ) AS links ON links.id = inner.call_id
        GROUP BY trace_id, around
    ),
    nested AS
    (
        SELECT arrayJoin(if(outer.tokens > 0 AND within.input + within.output = 0, within.ids, [outer.call_id])) AS call_id
        FROM (SELECT * FROM live WHERE span_id != '') AS outer
        INNER JOIN within ON within.trace_id = outer.trace_id AND within.around = outer.span_id
        WHERE NOT has(within.ids, outer.call_id) AND
        (
            (outer.tokens = 0 AND has(within.statuses, outer.status))
            OR (outer.tokens > 0 AND within.input + within.output = 0 AND length(within.ids) = 1 AND has(within.statuses, outer.status))
            OR (outer.tokens > 0 AND outer.output_tokens = within.output
                AND (outer.input_tokens = within.input OR abs(outer.input_tokens - within.input) = greatest(outer.cached, within.cached)))
        )
    )
SELECT
    call_id, time, trace_id, span_id, provider, model, status, cost_status, cost_reason, convention, duration_seconds,
    input_tokens, output_tokens, usage, dimensions,
    cost_picodollars, CAST(cost_picodollars AS Decimal(38, 12)) / 1000000000000 AS cost_dollars,
    CAST(saved_picodollars AS Decimal(38, 12)) / 1000000000000 AS saved_dollars,
    CAST(reported_picodollars AS Nullable(Decimal(38, 12))) / 1000000000000 AS reported_dollars,
    collector
FROM near
WHERE NOT duplicate AND time >= parseDateTime64BestEffort({from:String}, 9, 'UTC') AND time < parseDateTime64BestEffort({to:String}, 9, 'UTC')
    AND call_id NOT IN (SELECT call_id FROM same_span) AND call_id NOT IN (SELECT call_id FROM nested);

-- All calls.
CREATE VIEW IF NOT EXISTS llm_calls AS
SELECT * FROM llm_calls_between(from = '1970-01-02 00:00:00', to = '2200-01-01 00:00:00');

-- Usage and cost by the hour (UTC), model and dimensions.
CREATE VIEW IF NOT EXISTS llm_usage_hourly AS
SELECT
    toStartOfHour(time) AS hour, provider, model, dimensions,
    count() AS calls, countIf(status != 'success') AS errors, countIf(cost_status = 'unpriced') AS unpriced,
    sum(input_tokens) AS input_tokens, sum(output_tokens) AS output_tokens, sumMap(usage) AS usage,
    sum(cost_dollars) AS cost_dollars, sum(saved_dollars) AS saved_dollars
FROM llm_calls
GROUP BY hour, provider, model, dimensions;
