-- History of a customer: every accepted transaction with its score, newest first. Parameter: the customer, as 'C1001'.
SELECT
    batch_date,
    transaction_id,
    transaction_ts,
    amount,
    currency,
    amount_usd,
    merchant_id,
    channel,
    country,
    baseline_source,
    baseline_mean_usd,
    amount_zscore,
    velocity_count,
    blacklist_match_type,
    risk_score,
    risk_category,
    risk_reasons
FROM current_scored_transactions
WHERE customer_id = ?
ORDER BY transaction_ts DESC, transaction_id
