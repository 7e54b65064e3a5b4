-- Riskiest customers of a day: who to look at first. Parameter: the day, as '2025-01-31'.
SELECT
    customer_id,
    max_risk_score,
    risk_category,
    high_risk_count,
    medium_risk_count,
    transaction_count,
    total_amount_usd,
    max_amount_usd,
    max_velocity_count,
    first_transaction_ts,
    last_transaction_ts
FROM current_customer_risk
WHERE batch_date = ?
ORDER BY max_risk_score DESC, high_risk_count DESC, total_amount_usd DESC, customer_id
LIMIT 100
