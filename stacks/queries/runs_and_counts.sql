-- Runs and their counts: the run in force of each of the last 30 days; rows_registered below rows_scored means that the catalog has yet to learn of the run.
WITH registered AS (
    SELECT batch_date, run_id, count(*) AS row_count
    FROM current_scored_transactions
    WHERE batch_date >= cast(cast(current_date - INTERVAL '30' DAY AS date) AS varchar)
    GROUP BY batch_date, run_id
)
SELECT
    r.batch_date,
    r.run_id,
    r.committed_at,
    r.commits,
    r.rows_read,
    r.rows_scored,
    coalesce(registered.row_count, 0) AS rows_registered,
    r.rows_quarantined,
    r.rows_high,
    r.rows_medium,
    r.rows_low,
    r.total_amount_usd,
    r.blacklist_snapshot_date,
    r.customers_snapshot_date,
    r.customers_duplicates,
    r.rules_version,
    r.code_version,
    r.rows_per_second
FROM committed_runs AS r
LEFT JOIN registered ON registered.batch_date = r.batch_date AND registered.run_id = r.run_id
WHERE r.batch_date >= cast(cast(current_date - INTERVAL '30' DAY AS date) AS varchar)
ORDER BY r.batch_date DESC
