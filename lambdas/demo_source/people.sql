-- A blacklist of made-up people for the database for demonstrations, written as such lists are: many
-- forms of dates, phones and names, a date that cannot be read, an entry that names nobody.
-- Those with a customer, e-mail, phone or long name are customers of `fraudlake sample-data`.
-- Only an empty table is filled: what somebody has put in, or taken out, stays so.

INSERT INTO src_blacklist (
    blacklist_id, customer_id, full_name, email, phone, date_of_birth,
    reason, source, listed_at, expires_at, is_confirmed
)
SELECT * FROM (
    SELECT
        'DEMO-01' AS blacklist_id, 'C00004829' AS customer_id, NULL AS full_name, NULL AS email,
        NULL AS phone, NULL AS date_of_birth, 'chargeback fraud' AS reason, 'internal' AS source,
        '2024-03-01' AS listed_at, NULL AS expires_at, 'yes' AS is_confirmed
    UNION ALL SELECT
        'DEMO-02', ' C00001638', NULL, 'Linda.1638@example.com',
        'unknown', 'N/A', 'account takeover', 'internal',
        '14/05/2024', '2099-12-31', 'Y'
    UNION ALL SELECT
        'DEMO-03', NULL, NULL, ' JAMES.396@EXAMPLE.COM',
        '-', '', '', 'partner bank',
        '2024-06-30T22:15:00+02:00', NULL, '1'
    UNION ALL SELECT
        'DEMO-04', '', NULL, 'martin.1034@example.com ',
        NULL, NULL, 'mule account', 'card scheme',
        '7.8.2024', '31.12.2099', 'no'
    UNION ALL SELECT
        'DEMO-05', NULL, NULL, NULL,
        '+34 555 000.41/01', NULL, 'mule account', 'police',
        '20240812', NULL, NULL
    UNION ALL SELECT
        'DEMO-06', NULL, NULL, 'NULL',
        '+34-(555)-000 12 39', NULL, 'N/A', 'police',
        '2 Sep 2024', NULL, 'true'
    UNION ALL SELECT
        'DEMO-07', NULL, 'EVARISTE  MAXIMILIAN BARBARBARBAR', NULL,
        NULL, '01/01/1940', 'sanctions hit', 'card scheme',
        '2024-09-09', NULL, 'yes'
    UNION ALL SELECT
        'DEMO-08', NULL, 'oluwaseun theodora culbarbarcul', NULL,
        NULL, '19400211', 'sanctions hit', 'card scheme',
        '', NULL, 'yes'
    UNION ALL SELECT
        'DEMO-09', NULL, 'Ignatius Cornelius Culculbardos', NULL,
        NULL, NULL, 'chargeback fraud', 'partner bank',
        'last spring', NULL, 'no'
    UNION ALL SELECT
        'DEMO-10', 'C00000524', NULL, NULL,
        NULL, NULL, 'account takeover', 'internal',
        '2019-01-01', '2020-12-31', 'yes'
    UNION ALL SELECT
        'DEMO-11', NULL, 'Nemo Nowhere', 'nemo@example.net',
        '+99 555 0000000', '29.02.1960', 'mule account', 'internal',
        '2024-11-30 08:00:00', NULL, 'yes'
    UNION ALL SELECT
        'DEMO-12', 'N/A', '-', 'unknown',
        '', NULL, 'chargeback fraud', 'internal',
        '2024-12-01', NULL, 'no'
) AS people
WHERE NOT EXISTS (SELECT 1 FROM src_blacklist);
