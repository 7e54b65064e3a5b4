-- One pass over the history. Days that stay in the 90 days until the last batch, and those that
-- left them before the first, count as one day each.
CREATE VIEW history AS
SELECT ingest_date AS batch_date, customer_id, transaction_id, transaction_ts, amount, currency
FROM read_parquet(getvariable('history_files'), hive_partitioning = true);

INSERT INTO past
WITH priced AS (
    SELECT h.batch_date, h.customer_id, h.transaction_ts,
        cents(h.amount, r.rate_e10) AS cents
    FROM history h
    JOIN rate_days r ON r.currency = h.currency AND r.day = h.batch_date
)
SELECT
    CASE
        WHEN batch_date < getvariable('first')::DATE - 90 THEN getvariable('first')::DATE - 91
        WHEN batch_date <= getvariable('last')::DATE - 90 THEN batch_date
        ELSE getvariable('first')::DATE - 1
    END AS day,
    customer_id, count(*), sum(cents), sum(cents * cents),
    epoch_us(min(transaction_ts)), epoch_us(max(transaction_ts))
FROM priced
GROUP BY day, customer_id;

CREATE VIEW recent AS
SELECT batch_date, customer_id, transaction_id, transaction_ts
FROM history
WHERE batch_date >= getvariable('first')::DATE - 9
UNION ALL
FROM remembered;
