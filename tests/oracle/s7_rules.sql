-- Section 7: the default rules, the score, the category and the rank.

CREATE OR REPLACE TEMP TABLE featured AS
SELECT a.*, b.* EXCLUDE (row_id), v.velocity_count, n.customer_known,
    m.match_type AS blacklist_match_type
FROM accepted a
JOIN baselines b USING (row_id)
JOIN velocity v USING (row_id)
JOIN named n USING (customer_id)
LEFT JOIN matches m USING (customer_id);

CREATE OR REPLACE TEMP TABLE ruled AS
SELECT *, list_filter([
    CASE WHEN amount_cents > 500000 THEN {'rule': 'AMOUNT_OVER_LIMIT', 'points': 70} END,
    CASE WHEN amount_zscore > 3 AND amount_cents > 10000
        THEN {'rule': 'AMOUNT_OUTLIER', 'points': 30} END,
    CASE WHEN velocity_count >= 4 THEN {'rule': 'VELOCITY_BURST', 'points': 40} END,
    CASE WHEN blacklist_match_type IN ('customer_id', 'email', 'phone')
        THEN {'rule': 'BLACKLISTED_CUSTOMER', 'points': 100} END,
    CASE WHEN blacklist_match_type = 'name'
        THEN {'rule': 'BLACKLIST_NAME_MATCH', 'points': 40} END,
    CASE WHEN NOT customer_known THEN {'rule': 'UNKNOWN_CUSTOMER', 'points': 30} END
], lambda rule: rule IS NOT NULL) AS fired
FROM featured;

CREATE OR REPLACE TEMP TABLE scored AS
SELECT
    *,
    list_transform(fired, lambda rule: rule.rule) AS risk_reasons,
    list_transform(fired, lambda rule: rule.points) AS points,
    CAST(least(100, coalesce(list_sum(points), 0)) AS INTEGER) AS risk_score,
    CASE WHEN risk_score >= 70 THEN 'High' WHEN risk_score >= 30 THEN 'Medium' ELSE 'Low' END
        AS risk_category,
    risk_score::DOUBLE + 0.5::DOUBLE
        + 0.99::DOUBLE * atan(coalesce(amount_zscore, 0.0::DOUBLE)) / pi() AS risk_rank
FROM ruled;
