-- Section 6: baselines from exact sums of whole cents, and the velocity window.

CREATE OR REPLACE TEMP TABLE baseline_rows AS
SELECT customer_id, amount_cents
FROM history
WHERE batch_date >= batch_date() - 90 AND batch_date < batch_date();

CREATE OR REPLACE TEMP TABLE customer_baseline AS
SELECT customer_id, count(*) AS n, sum(amount_cents) AS s, sum(amount_cents * amount_cents) AS ss
FROM baseline_rows
GROUP BY customer_id;

CREATE OR REPLACE TEMP TABLE population_baseline AS
SELECT count(*) AS n, sum(amount_cents) AS s, sum(amount_cents * amount_cents) AS ss
FROM baseline_rows;

CREATE OR REPLACE TEMP TABLE batch_sums AS
SELECT count(*) AS n, sum(amount_cents) AS s, sum(amount_cents * amount_cents) AS ss
FROM accepted;

CREATE OR REPLACE TEMP TABLE sourced AS
SELECT
    a.row_id,
    a.amount_cents,
    coalesce(c.n, 0) AS baseline_count,
    CASE
        WHEN c.n >= 5 THEN 'customer'
        WHEN p.n >= 100 THEN 'population'
        WHEN b.n - 1 >= 30 THEN 'batch'
        ELSE 'none'
    END AS baseline_source,
    CASE baseline_source
        WHEN 'customer' THEN {'n': c.n, 's': c.s, 'ss': c.ss}
        WHEN 'population' THEN {'n': p.n, 's': p.s, 'ss': p.ss}
        WHEN 'batch' THEN {'n': b.n - 1, 's': b.s - a.amount_cents,
                           'ss': b.ss - a.amount_cents * a.amount_cents}
    END AS moments
FROM accepted a
LEFT JOIN customer_baseline c USING (customer_id)
CROSS JOIN population_baseline p
CROSS JOIN batch_sums b;

CREATE OR REPLACE TEMP TABLE spread AS
SELECT moments, mean_usd(moments.n, moments.s) AS mean, sd_usd(moments.n, moments.s, moments.ss) AS sd
FROM (SELECT DISTINCT moments FROM sourced WHERE moments IS NOT NULL);

CREATE OR REPLACE TEMP TABLE baselines AS
SELECT
    s.row_id,
    s.baseline_count,
    s.baseline_source,
    d.mean AS baseline_mean_usd,
    d.sd AS baseline_sd_usd,
    (dollars(s.amount_cents)::DOUBLE - d.mean) / greatest(d.sd, 0.05::DOUBLE * d.mean, 1.0::DOUBLE)
        AS amount_zscore
FROM sourced s
LEFT JOIN spread d ON d.moments = s.moments;

-- (t - 60 s, t] in whole microseconds is [t - 59999999 us, t]; equal timestamps are peers.
CREATE OR REPLACE TEMP TABLE velocity AS
WITH seen AS (
    SELECT row_id, customer_id, ts_micros FROM accepted
    UNION ALL
    SELECT NULL, customer_id, ts_micros
    FROM history
    WHERE ts_micros > (SELECT min(ts_micros) FROM accepted) - 60000000
), counted AS (
    SELECT row_id, count(*) OVER (
        PARTITION BY customer_id ORDER BY ts_micros
        RANGE BETWEEN 59999999 PRECEDING AND CURRENT ROW
    ) AS velocity_count
    FROM seen
)
SELECT row_id, velocity_count FROM counted WHERE row_id IS NOT NULL;
