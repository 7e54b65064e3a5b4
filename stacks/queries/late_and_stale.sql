-- Late rows and stale runs: days with rows that came late, or whose run is older than that of an earlier day and should be scored again, oldest first.
WITH runs_in_force AS (
    SELECT
        batch_date,
        run_id,
        committed_at,
        rows_late,
        max(committed_at) OVER (
            ORDER BY batch_date ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
        ) AS earlier_days_committed_at
    FROM committed_runs
)
SELECT
    batch_date,
    run_id,
    rows_late,
    coalesce(earlier_days_committed_at > committed_at, false) AS is_stale,
    committed_at,
    earlier_days_committed_at
FROM runs_in_force
WHERE rows_late > 0 OR earlier_days_committed_at > committed_at
ORDER BY batch_date
