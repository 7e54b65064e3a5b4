-- Sections 6 and 7 for one batch.
CREATE OR REPLACE TEMP TABLE baseline AS
SELECT *, divisor(n, s, ss) AS divisor
FROM (
    SELECT customer_id, sum(n)::HUGEINT AS n, sum(s)::HUGEINT AS s, sum(ss)::HUGEINT AS ss
    FROM past
    WHERE batch_date >= getvariable('batch')::DATE - 90 AND batch_date < getvariable('batch')::DATE
    GROUP BY customer_id
);

CREATE OR REPLACE TEMP TABLE everybody AS
SELECT *, divisor(n, s, ss) AS divisor
FROM (
    SELECT coalesce(sum(n), 0)::HUGEINT AS n, coalesce(sum(s), 0)::HUGEINT AS s,
        coalesce(sum(ss), 0)::HUGEINT AS ss
    FROM baseline
);

CREATE OR REPLACE TEMP TABLE this_batch AS
SELECT count(*)::HUGEINT AS n, sum(cents)::HUGEINT AS s, sum(cents * cents)::HUGEINT AS ss
FROM accepted;

-- The rows of earlier batches that a row of this one can see: those of the minute before
-- midnight, and whatever stands beside a late row.
CREATE OR REPLACE TEMP TABLE velocity AS
WITH late AS (
    SELECT DISTINCT customer_id FROM accepted WHERE day < getvariable('batch')::DATE
), reach AS (
    SELECT min(transaction_ts) - INTERVAL '60 seconds' AS oldest FROM accepted
), seen AS (
    SELECT row_id, customer_id, epoch_us(transaction_ts) AS us FROM accepted
    UNION ALL
    SELECT NULL, customer_id, epoch_us(transaction_ts)
    FROM recent
    WHERE transaction_ts > getvariable('batch')::TIMESTAMPTZ - INTERVAL '60 seconds'
        AND batch_date < getvariable('batch')::DATE
    UNION ALL
    SELECT NULL, customer_id, epoch_us(transaction_ts)
    FROM recent SEMI JOIN late USING (customer_id)
    WHERE transaction_ts > (SELECT oldest FROM reach)
        AND transaction_ts <= getvariable('batch')::TIMESTAMPTZ - INTERVAL '60 seconds'
        AND batch_date < getvariable('batch')::DATE
)
SELECT row_id, velocity_count
FROM (
    SELECT row_id, count(*) OVER (
        PARTITION BY customer_id ORDER BY us RANGE BETWEEN 59999999 PRECEDING AND CURRENT ROW
    ) AS velocity_count
    FROM seen
)
WHERE row_id IS NOT NULL;

CREATE OR REPLACE TEMP TABLE matches AS
SELECT customer_id, blacklist_id, match_type, similarity, reason
FROM candidates SEMI JOIN batch USING (customer_id)
WHERE listed_at <= getvariable('batch')::DATE AND expires_at > getvariable('batch')::DATE
QUALIFY row_number() OVER (
    PARTITION BY customer_id ORDER BY place, similarity DESC, blacklist_id) = 1;

CREATE OR REPLACE TEMP TABLE scored AS
WITH featured AS (
    SELECT a.*, v.velocity_count, p.customer_id IS NOT NULL AS customer_known,
        m.match_type AS blacklist_match_type,
        coalesce(b.n, 0)::BIGINT AS baseline_count,
        CASE WHEN b.n >= 5 THEN 'customer' WHEN e.n >= 100 THEN 'population'
            WHEN t.n - 1 >= 30 THEN 'batch' ELSE 'none' END AS baseline_source,
        CASE baseline_source WHEN 'customer' THEN b.n WHEN 'population' THEN e.n
            WHEN 'batch' THEN t.n - 1 END AS bn,
        CASE baseline_source WHEN 'customer' THEN b.s WHEN 'population' THEN e.s
            WHEN 'batch' THEN t.s - a.cents END AS bs,
        CASE baseline_source WHEN 'customer' THEN b.ss WHEN 'population' THEN e.ss
            WHEN 'batch' THEN t.ss - a.cents * a.cents END AS bss,
        CASE baseline_source WHEN 'customer' THEN b.divisor WHEN 'population' THEN e.divisor
            WHEN 'batch' THEN divisor(bn, bs, bss) END AS divisor
    FROM accepted a
    JOIN velocity v USING (row_id)
    LEFT JOIN people p ON p.customer_id = a.customer_id
    LEFT JOIN matches m ON m.customer_id = a.customer_id
    LEFT JOIN baseline b ON b.customer_id = a.customer_id
    CROSS JOIN everybody e
    CROSS JOIN this_batch t
), measured AS (
    SELECT *, (bn * cents - bs)::DOUBLE / divisor AS amount_zscore,
        bs::DOUBLE / bn / 100 AS baseline_mean_usd, spread(bn, bs, bss) / bn / 100 AS baseline_sd_usd
    FROM featured
), judged AS (
    SELECT * EXCLUDE (bn, bs, bss, divisor),
        cents > 500000 AS over_limit,
        coalesce(amount_zscore > 3 AND cents > 10000, false) AS outlier,
        velocity_count >= 4 AS burst,
        coalesce(blacklist_match_type IN ('customer_id', 'email', 'phone'), false) AS listed,
        coalesce(blacklist_match_type = 'name', false) AS named,
        least(100, over_limit::INT * 70 + outlier::INT * 30 + burst::INT * 40 + listed::INT * 100
            + named::INT * 40 + (NOT customer_known)::INT * 30) AS risk_score
    FROM measured
)
SELECT transaction_id, customer_id, transaction_ts, amount, currency, merchant_id, channel, country,
    usd(cents) AS amount_usd, fx_rate, fx_rate_date, customer_known, blacklist_match_type,
    baseline_count, baseline_source, baseline_mean_usd, baseline_sd_usd, amount_zscore,
    velocity_count, risk_score,
    CASE WHEN risk_score >= 70 THEN 'High' WHEN risk_score >= 30 THEN 'Medium' ELSE 'Low' END
        AS risk_category,
    risk_score + 0.5 + 0.99 * atan(coalesce(amount_zscore, 0.0)) / pi() AS risk_rank,
    CASE WHEN risk_score = 0 THEN [] ELSE list_filter([
        CASE WHEN over_limit THEN {'rule': 'AMOUNT_OVER_LIMIT', 'points': 70,
            'text': money(cents) || ' is over the limit of 5,000.00 USD'} END,
        CASE WHEN outlier THEN {'rule': 'AMOUNT_OUTLIER', 'points': 30, 'text': format(
            '{} is {:,.1f} standard deviations above the mean of {:,.2f} USD ({} baseline)',
            money(cents), amount_zscore, baseline_mean_usd, baseline_source)} END,
        CASE WHEN burst THEN {'rule': 'VELOCITY_BURST', 'points': 40, 'text': format(
            '{:,} transactions of one customer_id within 60 s (rule: at least 4)',
            velocity_count)} END,
        CASE WHEN listed THEN {'rule': 'BLACKLISTED_CUSTOMER', 'points': 100, 'text': format(
            'Customer {} matches the blacklist by {}', customer_id,
            replace(blacklist_match_type, '_', ' '))} END,
        CASE WHEN named THEN {'rule': 'BLACKLIST_NAME_MATCH', 'points': 40, 'text': format(
            'Customer {} matches the blacklist by name', customer_id)} END,
        CASE WHEN NOT customer_known THEN {'rule': 'UNKNOWN_CUSTOMER', 'points': 30, 'text': format(
            'Customer {} is not in the customer table', customer_id)} END
    ], lambda one: one IS NOT NULL) END AS evidence,
    list_transform(evidence, lambda one: one.rule) AS risk_reasons,
    getvariable('rules_version') AS rules_version, cents
FROM judged;
