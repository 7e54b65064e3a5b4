-- What lasts from batch to batch, and the exact arithmetic every section uses.

CREATE TABLE runs (batch_date DATE);
CREATE TABLE history (
    batch_date DATE, customer_id VARCHAR, transaction_id VARCHAR, ts_micros BIGINT,
    amount_cents HUGEINT, risk_score INTEGER, velocity_count BIGINT, risk_category VARCHAR
);

-- Text [+-]digits[.digits] as a whole number of 10^-places, rounded half up;
-- null for any other text and for what does not fit `whole` digits before the point.
CREATE MACRO whole_digits(t) AS ltrim(regexp_extract(t, '^[+-]?([0-9]+)', 1), '0');
CREATE MACRO fraction_digits(t) AS regexp_extract(t, '\.([0-9]+)$', 1);
CREATE MACRO rounded_digits(t, places) AS
    TRY_CAST(whole_digits(t) || rpad(left(fraction_digits(t), places), places, '0') AS HUGEINT)
    + CASE WHEN substr(fraction_digits(t), places + 1, 1) >= '5' THEN 1 ELSE 0 END;
CREATE MACRO scaled(t, whole, places) AS CASE
    WHEN regexp_full_match(t, '[+-]?[0-9]+(\.[0-9]+)?')
        AND length(whole_digits(t)) <= whole
        AND rounded_digits(t, places) < CAST(rpad('1', whole + places + 1, '0') AS HUGEINT)
    THEN rounded_digits(t, places) * CASE WHEN t LIKE '-%' THEN -1 ELSE 1 END
END;

-- 10^-4 of the currency times 10^-10 USD a unit, to cents: half away from zero, one rounding.
CREATE MACRO cents_half_up(amount_e4, rate_e10) AS
    sign(amount_e4)::HUGEINT
    * ((abs(amount_e4 * rate_e10) + 500000000000::HUGEINT) // 1000000000000::HUGEINT);

CREATE MACRO usd(cents) AS CAST(cents AS DECIMAL(36, 0)) * CAST(0.01 AS DECIMAL(2, 2));
CREATE MACRO dollars(cents) AS CAST(usd(cents) AS DECIMAL(18, 2));

CREATE MACRO batch_date() AS getvariable('batch_date')::DATE;
