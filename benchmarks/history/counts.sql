-- What a manifest tells of the batch that was scored last.
SELECT
    count(*) AS scored,
    sum(cents)::HUGEINT AS sum_cents,
    sum(cents * cents)::HUGEINT AS sum_of_squares_cents,
    max(epoch_us(transaction_ts)) AS latest_micros,
    min(fx_rate_date) FILTER (currency <> 'USD')::VARCHAR AS fx_from,
    max(fx_rate_date) FILTER (currency <> 'USD')::VARCHAR AS fx_to,
    count(*) FILTER (risk_category = 'High') AS rows_High,
    count(*) FILTER (risk_category = 'Medium') AS rows_Medium,
    count(*) FILTER (risk_category = 'Low') AS rows_Low,
    sum(amount_usd) FILTER (risk_category = 'High') AS usd_High,
    sum(amount_usd) FILTER (risk_category = 'Medium') AS usd_Medium,
    sum(amount_usd) FILTER (risk_category = 'Low') AS usd_Low,
    count(*) FILTER (list_contains(risk_reasons, 'AMOUNT_OVER_LIMIT')) AS rule_AMOUNT_OVER_LIMIT,
    count(*) FILTER (list_contains(risk_reasons, 'AMOUNT_OUTLIER')) AS rule_AMOUNT_OUTLIER,
    count(*) FILTER (list_contains(risk_reasons, 'VELOCITY_BURST')) AS rule_VELOCITY_BURST,
    count(*) FILTER (list_contains(risk_reasons, 'BLACKLISTED_CUSTOMER'))
        AS rule_BLACKLISTED_CUSTOMER,
    count(*) FILTER (list_contains(risk_reasons, 'BLACKLIST_NAME_MATCH'))
        AS rule_BLACKLIST_NAME_MATCH,
    count(*) FILTER (list_contains(risk_reasons, 'UNKNOWN_CUSTOMER')) AS rule_UNKNOWN_CUSTOMER
FROM scored
