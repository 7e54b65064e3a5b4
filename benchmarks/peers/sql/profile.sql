-- What each customer ever seen looks like at the end of the batch.
CREATE OR REPLACE TEMP TABLE customer_profile AS
WITH lifetimes AS (
    SELECT customer_id, sum(n)::BIGINT AS lifetime_transaction_count, sum(s)::HUGEINT AS total,
        to_timestamp(0) + to_microseconds(min(first_us)) AS first_transaction_ts,
        to_timestamp(0) + to_microseconds(max(last_us)) AS last_transaction_ts,
        coalesce(sum(n) FILTER (batch_date >= getvariable('batch')::DATE - 89), 0)::BIGINT
            AS baseline_count,
        coalesce(sum(s) FILTER (batch_date >= getvariable('batch')::DATE - 89), 0)::DECIMAL(28, 0)
            AS baseline_sum_cents,
        coalesce(sum(ss) FILTER (batch_date >= getvariable('batch')::DATE - 89), 0)::DECIMAL(38, 0)
            AS baseline_sum_of_squares_cents
    FROM past
    GROUP BY customer_id
)
SELECT customer_id, lifetime_transaction_count, usd_total(total) AS lifetime_total_amount_usd,
    total::DOUBLE / lifetime_transaction_count / 100 AS lifetime_average_amount_usd,
    first_transaction_ts, last_transaction_ts, baseline_count, baseline_sum_cents,
    baseline_sum_of_squares_cents
FROM lifetimes;
