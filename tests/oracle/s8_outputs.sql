-- Section 8: the tables of the batch; the batch joins the history before the profile is drawn.

CREATE OR REPLACE TEMP TABLE out_scored_transactions AS
SELECT
    transaction_id, customer_id, transaction_ts,
    CAST(CAST(amount_e4 AS DECIMAL(34, 0)) * CAST(0.0001 AS DECIMAL(4, 4)) AS DECIMAL(16, 4))
        AS amount,
    currency, merchant_id, channel, country,
    dollars(amount_cents) AS amount_usd,
    CAST(CAST(rate_e10 AS DECIMAL(28, 0)) * CAST(0.0000000001 AS DECIMAL(10, 10))
        AS DECIMAL(18, 10)) AS fx_rate,
    fx_rate_date, customer_known, blacklist_match_type,
    baseline_count, baseline_source, baseline_mean_usd, baseline_sd_usd, amount_zscore,
    velocity_count, risk_score, risk_category, risk_rank, risk_reasons, points
FROM scored
ORDER BY transaction_id, customer_id;

CREATE OR REPLACE TEMP TABLE out_flagged_customers AS
SELECT
    m.customer_id, m.blacklist_id, m.match_type, m.similarity, m.reason,
    count(a.row_id) AS transaction_count,
    usd(coalesce(sum(a.amount_cents), 0)) AS total_amount_usd
FROM matches m
LEFT JOIN accepted a USING (customer_id)
GROUP BY ALL
ORDER BY m.customer_id;

CREATE OR REPLACE TEMP TABLE out_customer_risk AS
SELECT
    customer_id,
    count(*) AS transaction_count,
    usd(sum(amount_cents)) AS total_amount_usd,
    mean_usd(count(*), sum(amount_cents)) AS average_amount_usd,
    dollars(max(amount_cents)) AS max_amount_usd,
    sum(amount_cents * amount_cents) AS sum_of_squares_cents,
    count(*) FILTER (risk_category = 'High') AS high_risk_count,
    count(*) FILTER (risk_category = 'Medium') AS medium_risk_count,
    max(velocity_count) AS max_velocity_count,
    max(risk_score) AS max_risk_score,
    arg_max(risk_category, risk_score) AS risk_category,
    min(transaction_ts) AS first_transaction_ts,
    max(transaction_ts) AS last_transaction_ts
FROM scored
GROUP BY customer_id
ORDER BY customer_id;

INSERT INTO runs VALUES (batch_date());
INSERT INTO history
SELECT batch_date(), customer_id, transaction_id, ts_micros, amount_cents, risk_score,
    velocity_count, risk_category
FROM scored;

CREATE OR REPLACE TEMP TABLE out_customer_profile AS
WITH placed AS (SELECT *, batch_date >= batch_date() - 89 AS is_recent FROM history)
SELECT
    customer_id,
    count(*) AS lifetime_transaction_count,
    usd(sum(amount_cents)) AS lifetime_total_amount_usd,
    mean_usd(count(*), sum(amount_cents)) AS lifetime_average_amount_usd,
    make_timestamp(min(ts_micros)) AS first_transaction_ts,
    make_timestamp(max(ts_micros)) AS last_transaction_ts,
    count(*) FILTER (is_recent) AS baseline_count,
    coalesce(sum(amount_cents) FILTER (is_recent), 0) AS baseline_sum_cents,
    coalesce(sum(amount_cents * amount_cents) FILTER (is_recent), 0)
        AS baseline_sum_of_squares_cents
FROM placed
GROUP BY customer_id
ORDER BY customer_id;
