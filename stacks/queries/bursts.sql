-- Bursts: customers of a day with many transactions in a short time, the densest first. Parameter: the day, as '2025-01-31'.
SELECT
    customer_id,
    max(velocity_count) AS max_velocity_count,
    count(*) AS times_fired,
    sum(amount_usd) AS amount_usd,
    min(transaction_ts) AS first_transaction_ts,
    max(transaction_ts) AS last_transaction_ts
FROM current_scored_transactions
WHERE batch_date = ? AND contains(risk_reasons, 'VELOCITY_BURST')
GROUP BY customer_id
ORDER BY max_velocity_count DESC, amount_usd DESC, customer_id
