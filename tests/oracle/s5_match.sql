-- Section 5, matching: every customer that a row names against every active entry.

CREATE OR REPLACE TEMP TABLE named AS
SELECT n.customer_id, n.lookup_id, c.email, c.phone, c.date_of_birth, c.name_key,
    c.customer_id IS NOT NULL AS customer_known
FROM (
    SELECT customer_id, clean_text(customer_id) AS lookup_id
    FROM (SELECT DISTINCT customer_id FROM parsed WHERE customer_id IS NOT NULL)
) n
LEFT JOIN customers c ON c.customer_id = n.lookup_id;

-- Pairs whose length alone does not rule out a similarity of 0.90, and the birth dates that allow it.
CREATE OR REPLACE TEMP TABLE name_pairs AS
SELECT
    a.name_key AS left_key, a.date_of_birth AS left_birth,
    b.name_key AS right_key, b.date_of_birth AS right_birth,
    greatest(length(a.name_key), length(b.name_key)) AS longest
FROM (SELECT DISTINCT name_key, date_of_birth FROM named WHERE name_key IS NOT NULL) a
JOIN (SELECT DISTINCT name_key, date_of_birth FROM blacklist WHERE name_key IS NOT NULL) b
    ON abs(length(a.name_key) - length(b.name_key)) * 10
        <= greatest(length(a.name_key), length(b.name_key))
    AND coalesce(a.date_of_birth = b.date_of_birth, true);

CREATE OR REPLACE TEMP TABLE name_distances AS
SELECT *, edit_distance_within(left_key, right_key, longest // 10) AS distance FROM name_pairs;

-- Whole numbers, so that exactly 0.90 and 0.95 pass: 1 - d/n >= p/100 is 100 (n - d) >= p n.
CREATE OR REPLACE TEMP TABLE similar_names AS
SELECT *, 1.0::DOUBLE - distance::DOUBLE / longest::DOUBLE AS similarity
FROM name_distances
WHERE (left_birth = right_birth AND 100 * (longest - distance) >= 90 * longest)
    OR (
        (left_birth IS NULL OR right_birth IS NULL)
        AND contains(left_key, ' ') AND contains(right_key, ' ')
        AND 100 * (longest - distance) >= 95 * longest
    );

CREATE OR REPLACE TEMP TABLE matches AS
WITH every_match AS (
    SELECT n.customer_id, b.blacklist_id, b.reason, 1 AS place, 'customer_id' AS match_type,
        1.0::DOUBLE AS similarity
    FROM named n JOIN blacklist b ON b.customer_id = n.lookup_id
    UNION ALL
    SELECT n.customer_id, b.blacklist_id, b.reason, 2, 'email', 1.0
    FROM named n JOIN blacklist b ON b.email = n.email
    UNION ALL
    SELECT n.customer_id, b.blacklist_id, b.reason, 3, 'phone', 1.0
    FROM named n JOIN blacklist b ON b.phone = n.phone
    UNION ALL
    SELECT n.customer_id, b.blacklist_id, b.reason, 4, 'name', s.similarity
    FROM similar_names s
    JOIN named n ON n.name_key = s.left_key AND n.date_of_birth IS NOT DISTINCT FROM s.left_birth
    JOIN blacklist b
        ON b.name_key = s.right_key AND b.date_of_birth IS NOT DISTINCT FROM s.right_birth
)
SELECT customer_id, blacklist_id, match_type, similarity, reason
FROM every_match
QUALIFY row_number() OVER (
    PARTITION BY customer_id
    ORDER BY place, similarity DESC, blacklist_id NULLS LAST, reason
) = 1;
