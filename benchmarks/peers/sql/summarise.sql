-- Section 8, and what the next batch needs of this one.
CREATE OR REPLACE TEMP TABLE customer_risk AS
SELECT customer_id, count(*) AS transaction_count, usd_total(sum(cents)) AS total_amount_usd,
    sum(cents)::DOUBLE / count(*) / 100 AS average_amount_usd, max(amount_usd) AS max_amount_usd,
    sum(cents * cents)::DECIMAL(38, 0) AS sum_of_squares_cents,
    count(*) FILTER (risk_category = 'High') AS high_risk_count,
    count(*) FILTER (risk_category = 'Medium') AS medium_risk_count,
    max(velocity_count) AS max_velocity_count, max(risk_score) AS max_risk_score,
    CASE WHEN max(risk_score) >= 70 THEN 'High' WHEN max(risk_score) >= 30 THEN 'Medium'
        ELSE 'Low' END AS risk_category,
    min(transaction_ts) AS first_transaction_ts, max(transaction_ts) AS last_transaction_ts
FROM scored
GROUP BY customer_id;

CREATE OR REPLACE TEMP TABLE flagged_customers AS
SELECT m.customer_id, m.blacklist_id, m.match_type, m.similarity, m.reason,
    coalesce(r.transaction_count, 0) AS transaction_count,
    coalesce(r.total_amount_usd, 0)::DECIMAL(28, 2) AS total_amount_usd
FROM matches m LEFT JOIN customer_risk r USING (customer_id);

DELETE FROM past WHERE batch_date = getvariable('batch')::DATE;
INSERT INTO past
SELECT getvariable('batch')::DATE, customer_id, transaction_count,
    (total_amount_usd * 100)::HUGEINT, sum_of_squares_cents::HUGEINT,
    epoch_us(first_transaction_ts), epoch_us(last_transaction_ts)
FROM customer_risk;

DELETE FROM remembered WHERE batch_date < getvariable('batch')::DATE - 9;
INSERT INTO remembered
SELECT getvariable('batch')::DATE, customer_id, transaction_id, transaction_ts FROM accepted;
