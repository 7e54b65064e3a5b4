-- Why a transaction got its score: one row a rule that fired, its points and the numbers in a sentence; one row without a rule when none did. Parameter: the transaction, as 'T1001'.
SELECT
    s.batch_date,
    s.transaction_id,
    s.customer_id,
    s.transaction_ts,
    s.amount_usd,
    s.risk_score,
    s.risk_category,
    fired.rule,
    s.evidence[fired.place].points AS points,
    s.evidence[fired.place].text AS evidence,
    s.rules_version
FROM current_scored_transactions AS s
LEFT JOIN UNNEST(s.risk_reasons) WITH ORDINALITY AS fired (rule, place) ON true
WHERE s.transaction_id = ?
ORDER BY s.batch_date, s.customer_id, s.transaction_ts, fired.place
