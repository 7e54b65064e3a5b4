-- Sections 2 and 3: trimmed text, and the typed values that can be read from it.

CREATE OR REPLACE TEMP TABLE trimmed AS
SELECT
    row_number() OVER () AS row_id,
    raw_line IS NOT NULL AS is_malformed,
    trim_text(transaction_id) AS transaction_id,
    trim_text(customer_id) AS customer_id,
    trim_text(transaction_ts) AS ts_text,
    trim_text(amount) AS amount_text,
    upper_text(trim_text(currency)) AS currency,
    trim_text(merchant_id) AS merchant_id,
    trim_text(channel) AS channel,
    trim_text(country) AS country,
    {'transaction_id': transaction_id, 'customer_id': customer_id,
     'transaction_ts': transaction_ts, 'amount': amount, 'currency': currency,
     'merchant_id': merchant_id, 'channel': channel, 'country': country,
     'raw_line': raw_line} AS raw
FROM raw_transactions;

CREATE OR REPLACE TEMP TABLE parsed AS
SELECT
    *,
    make_timestamp(ts_micros) AS transaction_ts,
    CAST(make_timestamp(ts_micros) AS DATE) AS ts_date,
    scaled(amount_text, 12, 4) AS amount_e4,
    coalesce(regexp_full_match(currency, '[A-Z]{3}'), false) AS is_currency
FROM (SELECT *, moment_micros(ts_text) AS ts_micros FROM trimmed);
