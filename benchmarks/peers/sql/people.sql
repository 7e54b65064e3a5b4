-- Every way in which a customer can match an entry, whenever the entry is in force.
CREATE TABLE people AS
SELECT customer_id, lower(present(email)) AS email, clean_phone(present(phone)) AS phone,
    date_of_birth AS born, name_key(present(full_name)) AS name_key
FROM read_parquet(getvariable('customer_files'))
QUALIFY row_number() OVER (
    PARTITION BY customer_id ORDER BY coalesce(updated_at, created_at) DESC NULLS LAST) = 1;

CREATE TABLE entries AS
SELECT blacklist_id, present(customer_id) AS customer_id, lower(present(email)) AS email,
    clean_phone(present(phone)) AS phone, date_of_birth AS born,
    name_key(present(full_name)) AS name_key, coalesce(present(reason), 'unspecified') AS reason,
    coalesce(listed_at, DATE '0001-01-01') AS listed_at,
    coalesce(expires_at, DATE '9999-12-31') AS expires_at
FROM read_parquet(getvariable('blacklist_files'));

-- Without a birth date names may differ in 5 %: an entry meets only the names of the few lengths
-- that can be near enough. Up to 39 letters that is one edit at most (none up to 19), which leaves
-- the first ten or the last ten as they are: most pairs never need an edit distance.
CREATE MACRO may_be_near(a, b) AS
    left(a, 10) = left(b, 10) OR right(a, 10) = right(b, 10) OR greatest(length(a), length(b)) > 39;
CREATE TABLE name_pairs AS
WITH reach AS (
    SELECT blacklist_id, name_key, born, unnest(range(
        ceil(0.95 * length(name_key))::BIGINT, floor(length(name_key) / 0.95)::BIGINT + 1)) AS reached
    FROM entries
    WHERE contains(name_key, ' ')
), unborn AS (
    SELECT p.customer_id, e.blacklist_id, p.name_key AS a, e.name_key AS b
    FROM reach e JOIN people p ON length(p.name_key) = e.reached
    WHERE p.born IS NULL AND contains(p.name_key, ' ') AND may_be_near(p.name_key, e.name_key)
    UNION ALL
    SELECT p.customer_id, e.blacklist_id, p.name_key, e.name_key
    FROM reach e JOIN people p ON length(p.name_key) = e.reached
    WHERE e.born IS NULL AND p.born IS NOT NULL AND contains(p.name_key, ' ')
        AND may_be_near(p.name_key, e.name_key)
), born AS (
    SELECT p.customer_id, e.blacklist_id, p.name_key AS a, e.name_key AS b
    FROM entries e JOIN people p ON p.born = e.born
)
SELECT customer_id, blacklist_id, levenshtein(a, b) AS edits,
    greatest(length(a), length(b)) AS longest, 5 AS percent
FROM unborn WHERE edits * 100 <= percent * longest
UNION ALL
SELECT customer_id, blacklist_id, levenshtein(a, b) AS edits,
    greatest(length(a), length(b)) AS longest, 10 AS percent
FROM born WHERE edits * 100 <= percent * longest;

CREATE TABLE candidates AS
WITH pairs AS (
    SELECT customer_id, blacklist_id, 1 AS place, 'customer_id' AS match_type, 1.0::DOUBLE AS similarity
    FROM entries WHERE customer_id IS NOT NULL
    UNION ALL
    SELECT p.customer_id, e.blacklist_id, 2, 'email', 1.0
    FROM entries e JOIN people p ON p.email = e.email
    UNION ALL
    SELECT p.customer_id, e.blacklist_id, 3, 'phone', 1.0
    FROM entries e JOIN people p ON p.phone = e.phone
    UNION ALL
    SELECT customer_id, blacklist_id, 4, 'name', 1 - edits::DOUBLE / longest FROM name_pairs
)
SELECT pairs.*, e.reason, e.listed_at, e.expires_at
FROM pairs JOIN entries e USING (blacklist_id);
