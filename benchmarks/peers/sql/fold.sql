-- Days that no baseline reaches any more become one: lifetimes need their sums only.
CREATE OR REPLACE TABLE past AS
SELECT greatest(batch_date, getvariable('batch')::DATE - 92) AS batch_date, customer_id,
    sum(n)::BIGINT AS n, sum(s)::HUGEINT AS s, sum(ss)::HUGEINT AS ss,
    min(first_us) AS first_us, max(last_us) AS last_us
FROM past
GROUP BY ALL;
