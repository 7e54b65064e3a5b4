-- Section 3: every reason that holds, in order; then duplicates among the rows without a reason.

CREATE OR REPLACE TEMP TABLE judged AS
SELECT
    *,
    CASE WHEN is_malformed THEN ['MALFORMED_ROW'] ELSE list_filter([
        CASE WHEN transaction_id IS NULL THEN 'MISSING_TRANSACTION_ID' END,
        CASE WHEN customer_id IS NULL THEN 'MISSING_CUSTOMER_ID' END,
        CASE WHEN ts_micros IS NULL THEN 'INVALID_TIMESTAMP' END,
        CASE WHEN transaction_ts > batch_date() + INTERVAL '1 day 1 hour'
            THEN 'FUTURE_TIMESTAMP' END,
        CASE WHEN ts_date < batch_date() - 7 THEN 'TOO_LATE' END,
        CASE WHEN amount_e4 IS NULL OR abs(amount_cents) >= 1000000000000000000::HUGEINT
            THEN 'INVALID_AMOUNT' END,
        CASE WHEN amount_e4 < 0 THEN 'REFUND_OR_REVERSAL' END,
        CASE WHEN amount_e4 = 0 THEN 'ZERO_AMOUNT' END,
        CASE WHEN NOT is_currency THEN 'INVALID_CURRENCY' END,
        CASE WHEN is_currency AND ts_micros IS NOT NULL AND rate_e10 IS NULL
            THEN 'NO_FX_RATE' END
    ], lambda reason: reason IS NOT NULL) END AS reasons
FROM converted;

-- The other columns in name order: channel, country, merchant_id (the two keys are equal anyhow).
CREATE OR REPLACE TEMP TABLE duplicates AS
WITH ordered AS (
    SELECT row_id, customer_id, transaction_id, row_number() OVER (
        PARTITION BY customer_id, transaction_id
        ORDER BY ts_micros, amount_e4, currency, channel NULLS FIRST, country NULLS FIRST,
            merchant_id NULLS FIRST, raw
    ) AS place
    FROM judged
    WHERE len(reasons) = 0
), previous AS (
    SELECT customer_id, transaction_id
    FROM history
    WHERE batch_date = (SELECT max(batch_date) FROM runs)
)
SELECT row_id FROM ordered WHERE place > 1
UNION
SELECT row_id FROM ordered JOIN previous USING (customer_id, transaction_id);

CREATE OR REPLACE TEMP TABLE accepted AS
SELECT * FROM judged WHERE len(reasons) = 0 AND row_id NOT IN (SELECT row_id FROM duplicates);

CREATE OR REPLACE TEMP TABLE out_quarantine AS
SELECT
    raw.transaction_id, raw.customer_id, raw.transaction_ts, raw.amount, raw.currency,
    raw.merchant_id, raw.channel, raw.country, raw.raw_line,
    CASE WHEN len(reasons) = 0 THEN ['DUPLICATE_TRANSACTION'] ELSE reasons END AS reject_reasons
FROM judged
WHERE len(reasons) > 0 OR row_id IN (SELECT row_id FROM duplicates)
ORDER BY ALL;
