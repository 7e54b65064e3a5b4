-- Blacklist hits: customers of the last 30 days who match an entry, how, and what they moved.
SELECT
    batch_date,
    customer_id,
    blacklist_id,
    match_type,
    similarity,
    reason,
    transaction_count,
    total_amount_usd
FROM current_flagged_customers
WHERE batch_date >= cast(cast(current_date - INTERVAL '30' DAY AS date) AS varchar)
ORDER BY batch_date DESC, similarity DESC, total_amount_usd DESC, customer_id
