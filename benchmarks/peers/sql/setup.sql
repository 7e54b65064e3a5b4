SET threads = 2;
SET preserve_insertion_order = false;
SET TimeZone = 'UTC';

-- Whole cents, half up, of an amount with 4 decimals and a rate in 10^-10 USD. The product is taken
-- in two parts of the rate: 64 bits hold it, and what they do not hold is an error in DuckDB.
CREATE MACRO ten_thousandths(amount) AS CAST(amount * 10000 AS BIGINT);
CREATE MACRO cents(amount, rate_e10) AS (
    ten_thousandths(amount) * (rate_e10 // 100000)
    + (ten_thousandths(amount) * (rate_e10 % 100000) + 500000000000) // 100000
) // 10000000;
CREATE MACRO usd(cents) AS CAST(cents * 0.01::DECIMAL(3, 2) AS DECIMAL(18, 2));
CREATE MACRO usd_total(cents) AS CAST(CAST(cents AS DECIMAL(28, 0)) * 0.01::DECIMAL(3, 2) AS DECIMAL(28, 2));
CREATE MACRO money(cents) AS format('{:,.2f} USD', cents / 100);
-- n times the standard deviation in cents, floored at 5 % of the mean and at 1 USD.
CREATE MACRO spread(n, s, ss) AS sqrt(greatest((n * ss - s * s)::DOUBLE, 0.0));
CREATE MACRO divisor(n, s, ss) AS greatest(spread(n, s, ss), s::DOUBLE * 0.05, n::DOUBLE * 100.0);

CREATE MACRO present(t) AS CASE
    WHEN upper(trim(t)) NOT IN ('', 'N/A', 'NA', 'NULL', 'NONE', 'UNKNOWN', '-') THEN trim(t) END;
CREATE MACRO phone_digits(t) AS regexp_replace(t, '[^0-9]', '', 'g');
CREATE MACRO clean_phone(t) AS CASE
    WHEN length(phone_digits(t)) >= 7
        AND length(replace(phone_digits(t), phone_digits(t)[1], '')) > 0
    THEN CASE WHEN starts_with(trim(t), '+') THEN '+' ELSE '' END || phone_digits(t) END;
CREATE MACRO name_words(t) AS regexp_extract_all(
    translate(lower(strip_accents(t)), 'øłđ', 'old'), '[\p{L}\p{N}]+');
CREATE MACRO name_key(t) AS nullif(array_to_string(list_sort(name_words(t)), ' '), '');

-- The rate in force on every day; week-ends take Friday's, a week old at most.
CREATE TABLE rate_days AS
WITH rates AS (
    SELECT *, CAST(usd_per_unit::DECIMAL(28, 10) * 10000000000 AS BIGINT) AS rate_e10
    FROM read_parquet(getvariable('fx_files'))
),
days AS (
    SELECT unnest(generate_series(
        (SELECT min(rate_date) FROM rates), getvariable('last')::DATE, INTERVAL 1 DAY))::DATE AS day
)
SELECT r.currency, d.day, r.rate_date, r.usd_per_unit, r.rate_e10
FROM (SELECT day, currency FROM days, (SELECT DISTINCT currency FROM rates)) d
ASOF JOIN rates r ON r.currency = d.currency AND r.rate_date <= d.day
WHERE r.rate_date >= d.day - 7
UNION ALL
SELECT 'USD', day, day, 1::DECIMAL(18, 10), 10000000000 FROM days;

-- What lasts from batch to batch: moments by customer and day, and the ids and times of late.
CREATE TABLE past (
    batch_date DATE, customer_id VARCHAR, n BIGINT, s HUGEINT, ss HUGEINT,
    first_us BIGINT, last_us BIGINT
);
CREATE TABLE remembered (
    batch_date DATE, customer_id VARCHAR, transaction_id VARCHAR, transaction_ts TIMESTAMPTZ
);
