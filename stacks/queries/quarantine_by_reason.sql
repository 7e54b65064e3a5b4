-- Quarantine by reason: rejected rows of the last 30 days; a row counts once for every reason that it has.
SELECT
    q.batch_date,
    rejected.reason,
    count(*) AS row_count
FROM current_quarantine AS q
CROSS JOIN UNNEST(q.reject_reasons) AS rejected (reason)
WHERE q.batch_date >= cast(cast(current_date - INTERVAL '30' DAY AS date) AS varchar)
GROUP BY q.batch_date, rejected.reason
ORDER BY q.batch_date DESC, row_count DESC, rejected.reason
