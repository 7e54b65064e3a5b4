-- Section 4: the newest rate on or before the transaction's date and the batch date, 7 days at most.

CREATE OR REPLACE TEMP TABLE rate_of AS
WITH asked AS (
    SELECT DISTINCT currency, ts_date FROM parsed WHERE is_currency AND ts_date IS NOT NULL
)
SELECT currency, ts_date, ts_date AS fx_rate_date, 10000000000::HUGEINT AS rate_e10
FROM asked
WHERE currency = 'USD'
UNION ALL
SELECT a.currency, a.ts_date, r.rate_date, r.rate_e10
FROM asked a
JOIN rates r
    ON r.currency = a.currency
    AND r.rate_date <= a.ts_date
    AND r.rate_date <= batch_date()
    AND r.rate_date >= a.ts_date - 7
QUALIFY row_number() OVER (PARTITION BY a.currency, a.ts_date ORDER BY r.rate_date DESC) = 1;

CREATE OR REPLACE TEMP TABLE converted AS
SELECT p.*, r.fx_rate_date, r.rate_e10, cents_half_up(p.amount_e4, r.rate_e10) AS amount_cents
FROM parsed p
LEFT JOIN rate_of r ON r.currency = p.currency AND r.ts_date = p.ts_date;
