-- Section 3 of the contract for one batch: typed, converted, judged, each transaction once.
CREATE OR REPLACE TEMP TABLE batch AS
WITH typed AS (
    SELECT
        nullif(trim(transaction_id), '') AS transaction_id,
        nullif(trim(customer_id), '') AS customer_id,
        transaction_ts,
        make_timestamp(epoch_us(transaction_ts))::DATE AS day,
        amount,
        upper(trim(currency)) AS currency,
        nullif(trim(merchant_id), '') AS merchant_id,
        nullif(trim(channel), '') AS channel,
        nullif(trim(country), '') AS country
    FROM read_parquet(getvariable('batch_files'), hive_partitioning = false)
)
SELECT
    row_number() OVER () AS row_id,
    t.*,
    CASE WHEN r.rate_date >= t.day - 7 THEN r.usd_per_unit END AS fx_rate,
    CASE WHEN t.currency = 'USD' THEN t.day ELSE r.rate_date END AS fx_rate_date,
    cents(t.amount, r.rate_e10) AS cents,
    coalesce(
        t.transaction_id IS NOT NULL AND t.customer_id IS NOT NULL AND t.amount > 0
        AND t.transaction_ts <= getvariable('batch')::TIMESTAMPTZ + INTERVAL '1 day 1 hour'
        AND t.day >= getvariable('batch')::DATE - 7
        AND fx_rate IS NOT NULL, false) AS is_good
FROM typed t
LEFT JOIN rate_days r
    ON r.currency = t.currency AND r.day = least(t.day, getvariable('batch')::DATE);

CREATE OR REPLACE TEMP TABLE repeats AS
WITH twice AS (
    SELECT customer_id, transaction_id FROM batch WHERE is_good GROUP BY ALL HAVING count(*) > 1
), placed AS (
    SELECT row_id, row_number() OVER (
        PARTITION BY customer_id, transaction_id
        ORDER BY transaction_ts, amount, currency, channel NULLS FIRST, country NULLS FIRST,
            merchant_id NULLS FIRST
    ) AS place
    FROM batch SEMI JOIN twice USING (customer_id, transaction_id)
    WHERE is_good
)
SELECT row_id FROM placed WHERE place > 1
UNION
SELECT b.row_id
FROM batch b
JOIN recent p ON p.customer_id = b.customer_id AND p.transaction_id = b.transaction_id
WHERE b.is_good AND p.batch_date = getvariable('previous')::DATE;

CREATE OR REPLACE TEMP TABLE accepted AS
SELECT * EXCLUDE (is_good) FROM batch WHERE is_good AND row_id NOT IN (FROM repeats);

CREATE OR REPLACE TEMP TABLE quarantine AS
SELECT transaction_id, customer_id, transaction_ts::VARCHAR AS transaction_ts,
    amount::VARCHAR AS amount, currency, merchant_id, channel, country, NULL::VARCHAR AS raw_line,
    CASE WHEN is_good THEN ['DUPLICATE_TRANSACTION'] ELSE list_filter([
        CASE WHEN transaction_id IS NULL THEN 'MISSING_TRANSACTION_ID' END,
        CASE WHEN customer_id IS NULL THEN 'MISSING_CUSTOMER_ID' END,
        CASE WHEN transaction_ts IS NULL THEN 'INVALID_TIMESTAMP' END,
        CASE WHEN transaction_ts > getvariable('batch')::TIMESTAMPTZ + INTERVAL '1 day 1 hour'
            THEN 'FUTURE_TIMESTAMP' END,
        CASE WHEN day < getvariable('batch')::DATE - 7 THEN 'TOO_LATE' END,
        CASE WHEN amount IS NULL THEN 'INVALID_AMOUNT' END,
        CASE WHEN amount < 0 THEN 'REFUND_OR_REVERSAL' END,
        CASE WHEN amount = 0 THEN 'ZERO_AMOUNT' END,
        CASE WHEN NOT coalesce(regexp_full_match(currency, '[A-Z]{3}'), false)
            THEN 'INVALID_CURRENCY' END,
        CASE WHEN regexp_full_match(currency, '[A-Z]{3}') AND transaction_ts IS NOT NULL
            AND fx_rate IS NULL THEN 'NO_FX_RATE' END
    ], lambda reason: reason IS NOT NULL) END AS reject_reasons
FROM batch
WHERE NOT is_good OR row_id IN (FROM repeats);
