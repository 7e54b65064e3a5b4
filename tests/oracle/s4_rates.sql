-- Section 4, once for all batches: the rates as read. A cell for "nothing" is no rate.

CREATE TABLE rates_read AS
SELECT DISTINCT
    clean_date(rate_date) AS rate_date,
    upper_text(trim_text(currency)) AS currency,
    scaled(trim_text(usd_per_unit), 8, 10) AS rate_e10
FROM raw_fx_rates
WHERE clean_text(usd_per_unit) IS NOT NULL;

CREATE TABLE rates AS
SELECT currency, rate_date, max(rate_e10) AS rate_e10
FROM rates_read
WHERE currency <> 'USD'
GROUP BY ALL;

-- In reach: an accepted transaction is at most 7 days late, and its rate at most 7 days older.
CREATE VIEW rates_that_stop_the_run AS
SELECT rate_date, currency, list(rate_e10 ORDER BY rate_e10) AS rates_e10
FROM rates_read
WHERE regexp_full_match(currency, '[A-Z]{3}') AND currency <> 'USD'
    AND (rate_date IS NULL OR rate_date BETWEEN batch_date() - 14 AND batch_date())
GROUP BY ALL
HAVING rate_date IS NULL OR count(*) > 1 OR coalesce(min(rate_e10), 0) <= 0
ORDER BY ALL;
